"""The two languages of the pages, and choosing between them. Words live beside the pages that say them.

A text is a pair, so that neither language can be forgotten: a missing one is a type error.
"""

import re
from typing import Literal, NamedTuple, get_args

Language = Literal["fr", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "en"

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9*-]{1,30})?\s*"
    r"(?:;\s*[qQ]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


class Text(NamedTuple):
    fr: str
    en: str

    def __call__(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


def article(cited: str, language: Language) -> str:
    """An article as reasons and law packs name it, by the name that it has in the language."""
    return cited.replace("GDPR", "RGPD") if language == "fr" else cited


def choose(asked: str | None, accept_language: str | None) -> Language:
    """`?lang=` first, then Accept-Language by its weights (RFC 9110 §12.5.4), then English.

    `fr-CA` asks for French; `*` stands for what is not named; a weight of 0 refuses a language, and of
    equal weights the one named first is taken.
    """
    for language in LANGUAGES:
        if asked == language:
            return language
    named: dict[str, float] = {}
    for part in (accept_language or "")[:500].split(","):
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        name = found[1].lower()
        weight = float(found[2]) if found[2] else 1.0
        named[name] = max(weight, named.get(name, 0.0))
    # What was named stands first, and of what was not, the default: the first of equal weight is taken.
    rest = named.get("*", 0.0)
    order = [name for name in named if name in LANGUAGES]
    order += [name for name in (DEFAULT, *LANGUAGES) if name not in order]
    best = max(order, key=lambda name: named.get(name, rest))
    if named.get(best, rest) == 0.0:
        return DEFAULT
    return "fr" if best == "fr" else "en"
