"""The two languages of the pages, and choosing between them. Words live beside the pages that say them.

A text is a pair, so that neither language can be forgotten: a missing one is a type error.
"""

import re
from typing import Literal, NamedTuple, get_args

Language = Literal["fr", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "en"

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,30})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{1,3})?)\s*)?"
)


class Text(NamedTuple):
    fr: str
    en: str

    def __call__(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


def choose(asked: str | None, accept_language: str | None) -> Language:
    """`?lang=` first, then Accept-Language by its weights (RFC 9110 §12.5.4), then English."""
    for language in LANGUAGES:
        if asked == language:
            return language
    best: tuple[float, Language] = (0.0, DEFAULT)
    for part in (accept_language or "")[:500].split(","):
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        weight = float(found[2]) if found[2] else 1.0
        for language in LANGUAGES:
            if found[1].lower() == language and weight > best[0]:
                best = (weight, language)
    return best[1]
