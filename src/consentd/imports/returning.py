"""Rows about people who were erased: they do not come back because a file still names them (decision 0042).

A row is held back where an erased person was known by one of its identifiers and nobody is by any of them
now. It is taken all the same where it states an act of the person's own of a later day: a purchase, or a
consent that turns out to be proven.
"""

from collections.abc import Collection, Iterable, Sequence
from zoneinfo import ZoneInfo

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.imports.stated import Stated
from consentd.imports.taken import Event
from consentd.kernel.instants import DAY, parse_moment
from consentd.kernel.states import GRANTS
from consentd.subjects import erased
from consentd.subjects.erased import Hits
from consentd.subjects.facts import SaleFact
from consentd.subjects.model import Hit
from consentd.subjects.service import holders_of

ERASED_BEFORE = "erased_before"


class Returning(msgspec.Struct, frozen=True):
    """What the erasure ledger says of a batch of rows."""

    hits: Hits
    back: dict[int, int]
    """Lines that name somebody erased and nobody else → the end of the day of the erasure."""
    held_back: frozenset[int]
    """Those of them that state no act of the person's own since."""
    zone: ZoneInfo

    @classmethod
    def of(cls, unit: Unit, keyring: Keyring, rows: Sequence[Stated], zone: ZoneInfo) -> "Returning":
        names = [name for row in rows for name in row.names]
        hits = erased.look(unit.connection, keyring, names)
        back: dict[int, int] = {}
        for row in rows if hits else ():
            days = [hits[name].erased_on for name in row.names if name in hits]
            if days and not any(holders_of(unit.connection, keyring, row.names).values()):
                back[row.line] = max(days) + DAY - 1
        found = cls(hits, back, frozenset(), zone)
        held = frozenset(
            row.line for row in rows if row.line in back and not (found._bought(row) or found._says_yes(row))
        )
        return msgspec.structs.replace(found, held_back=held)

    def hits_of(self, rows: Iterable[Stated], lines: Collection[int] | None = None) -> list[Hit]:
        """Of the rows that would bring somebody back, and of these lines alone if they are given."""
        return [
            self.hits[name]
            for row in rows
            if row.line in self.back and (lines is None or row.line in lines)
            for name in row.names
            if name in self.hits
        ]

    def by_own_act(self, row: Stated, events: Iterable[Event]) -> bool:
        """Whether what was recorded of a row lets the person come back. True for all other rows."""
        if row.line not in self.back or self._bought(row):
            return True
        said = set(self._says_yes(row))
        return any((one.purpose, one.channel) in said and one.state in GRANTS for one in events)

    def _bought(self, row: Stated) -> bool:
        return any(isinstance(fact, SaleFact) and self._since(row, fact.occurred_at) for fact, _ in row.facts)

    def _says_yes(self, row: Stated) -> list[tuple[str, str]]:
        said = [choice.event for choice in row.choices]
        return [
            (one.purpose, one.channel)
            for one in said
            if one.state in GRANTS and self._since(row, one.occurred_at)
        ]

    def _since(self, row: Stated, time: str | None) -> bool:
        return time is not None and parse_moment(time, self.zone).first > self.back[row.line]
