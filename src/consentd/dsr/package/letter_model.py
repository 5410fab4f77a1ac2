"""A letter as values: sections, paragraphs, tables. How it looks is `letter.typ`'s affair."""

import msgspec

from consentd.base.i18n import Language


class Table(msgspec.Struct, frozen=True):
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Part(msgspec.Struct, frozen=True):
    """A heading below a section's, and what is said under it: (what, text) line by line."""

    heading: str
    text: str
    lines: tuple[tuple[str, str], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    before: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    points: tuple[str, ...] = ()
    table: Table | None = None
    after: tuple[str, ...] = ()


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    language: Language
    title: str
    sender: tuple[str, ...]
    reference: str
    day: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    page: str
    """With {number} and {total} in it."""
    accent: str | None
