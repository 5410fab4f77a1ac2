"""Adding up what was found and done, row by row, into the parts of an answer (pure)."""

import datetime as dt

from consentd.systems.connectors.contract import Kept, Part


class Tally:
    """Of one table. Every row found is deleted, changed, kept, or was erased before."""

    def __init__(self, what: str, because: str | None) -> None:
        self._what = what
        self._because = because
        self.found = 0
        self.deleted = 0
        self.changed = 0
        self.kept = 0
        self.left = 0
        """Of a confirmation: rows that an erasure would still have to delete or change."""
        self._until: dt.date | None = None
        self._unknown = False

    def keep(self, until: dt.date | None) -> None:
        self.kept += 1
        if until is None:
            self._unknown = True
        elif self._until is None or until > self._until:
            self._until = until

    def part(self) -> Part:
        kept: tuple[Kept, ...] = ()
        if self.kept and self._because is not None:
            until = None if self._unknown or self._until is None else self._until.isoformat()
            kept = (Kept(self.kept, self._because, until),)
        return Part(what=self._what, found=self.found, deleted=self.deleted, changed=self.changed, kept=kept)
