"""Every problem that consentd can tell of: what happened, why, and what to do, in both languages.

One table, in the files beside this one; a test holds it against the codes that the source raises, both ways.
Read once, when the first problem is told or the first page shown. A language, a status or a text that is
missing is an error then, and in every test that looks at all of them.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated

import msgspec

from consentd.base.i18n import Language

GROUPS = ("calls", "access", "recording", "requests", "tasks", "portal", "operating")
"""One file each, in the order of the catalogue's page."""

_Words = Annotated[str, msgspec.Meta(min_length=3)]


class Told(msgspec.Struct, frozen=True):
    """One code in one language."""

    title: str
    why: str
    remedy: str


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`status` is None for what no caller meets under its own code: it is told where the service is run.
    In the files each language is a list: title, why, what to do.
    """

    fr: tuple[_Words, _Words, _Words]
    en: tuple[_Words, _Words, _Words]
    status: int | None = None

    def told(self, language: Language) -> Told:
        return Told(*(self.fr if language == "fr" else self.en))


@cache
def groups() -> Mapping[str, Mapping[str, Entry]]:
    """By group, then by code, as the files have them."""
    folder = resources.files("consentd.web.catalogue")
    return {
        name: msgspec.toml.decode((folder / f"{name}.toml").read_bytes(), type=dict[str, Entry])
        for name in GROUPS
    }


@cache
def problems() -> Mapping[str, Entry]:
    """Every code. Each stands in one group."""
    return {code: entry for group in groups().values() for code, entry in group.items()}


def title(code: str, language: Language) -> str | None:
    """None for a code that the catalogue lacks."""
    entry = problems().get(code)
    return entry.told(language).title if entry else None
