"""Spelling the cells of a list: what a single check does, with a fast path for plain e-mail addresses."""

from collections.abc import Sequence

import msgspec

from consentd.kernel.normalise import MAX_LENGTH, PLAIN, PLAIN_EMAIL
from consentd.kernel.policy import Scheme
from consentd.subjects.spelling import named

EMPTY, UNREADABLE = "empty_cell", "unreadable_cell"


class Spelled(msgspec.Struct):
    """The cells of some rows, in order. `values`: as looked up, or as written where `wrong` says why not."""

    values: list[str]
    wrong: dict[int, str]
    """EMPTY or UNREADABLE, by the place in `values`."""


class Speller:
    """For one scheme. A cell that cannot be read is told as such; it is never an error."""

    def __init__(self, name: str, scheme: Scheme, territory: str) -> None:
        self._name = name
        self._scheme = scheme
        self._territory = territory
        self._plain = PLAIN_EMAIL.fullmatch if scheme.kind == "email" else None

    def spell(self, cells: Sequence[str | None]) -> Spelled:
        """None: bytes that are no text in the list's encoding, or no cell at all."""
        values: list[str] = []
        wrong: dict[int, str] = {}
        plain, short = self._plain, PLAIN
        add = values.append
        for cell in cells:
            if plain is not None and cell is not None:
                lowered = cell.strip().lower()
                if len(lowered) <= short and plain(lowered):
                    add(lowered)
                    continue
            text = "" if cell is None else cell.strip()
            if not text:
                wrong[len(values)] = EMPTY if cell is not None else UNREADABLE
                add("")
                continue
            try:
                add(named(self._name, self._scheme, text, self._territory).value)
            except ValueError:
                wrong[len(values)] = UNREADABLE
                add(text[:MAX_LENGTH])
        return Spelled(values, wrong)
