"""Rows that may change: the last entry that lists one says what it is, or that it is gone.

Each such row names the entry that wrote it last. So whatever an older entry said of it is settled by whether
the entry that the row names comes later, and no memory of what was listed before is needed.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from consentd.evidence.recorder import hashed
from consentd.evidence.store import Connection, Table
from consentd.evidence.verifier import store
from consentd.evidence.verifier.finding import Finding, Findings
from consentd.evidence.verifier.listing import listed_in
from consentd.evidence.verifier.store import LeafRow, Place, Row
from consentd.kernel.canonical import Scalar

_SLICE = 1000


class Listed(NamedTuple):
    """What one entry says of one row; `digest` None: that it is gone."""

    key: Scalar
    digest: str | None
    leaf: LeafRow


class KeptCheck:
    """Counts the rows that the entry they name lists, so that an insertion shows."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.confirmed: Counter[str] = Counter()

    def rows(self, connection: Connection, table: Table, listed: Sequence[Listed], *, waits: bool) -> None:
        for start in range(0, len(listed), _SLICE):
            self._slice(connection, table, listed[start : start + _SLICE], waits)

    def _slice(self, connection: Connection, table: Table, listed: Sequence[Listed], waits: bool) -> None:
        found = store.by_key(connection, table, {one.key for one in listed})
        others = {
            row["entry_id"]
            for one in listed
            if (row := found.get(one.key)) is not None and row["entry_id"] != one.leaf.entry_id
        }
        places = store.places(connection, others) if others else {}
        missing: list[Listed] = []
        for one in listed:
            row = found.get(one.key)
            if row is None:
                if one.digest is not None:
                    missing.append(one)
            elif row["entry_id"] == one.leaf.entry_id:
                self._compare(table, one, row, waits)
            elif (place := places.get(row["entry_id"])) is None:
                self._found(table, one, "names an entry that is not in the log", waits)
            elif place < Place(waits, one.leaf.number):
                said = "changed it" if one.digest else "removed it"
                self._found(table, one, f"is as it was before entry {one.leaf.entry_id!s} {said}", waits)
        if missing:
            self._missing(connection, table, missing, waits)

    def _compare(self, table: Table, one: Listed, row: Row, waits: bool) -> None:
        if one.digest is None:
            self._found(table, one, f"is there, but entry {one.leaf.entry_id!s} removed it", waits)
            return
        self.confirmed[str(table.name)] += 1
        if hashed(str(table.name), row, table.info["derived"]).hex() != one.digest:
            self._found(table, one, f"is not what entry {one.leaf.entry_id!s} recorded", waits)

    def _missing(self, connection: Connection, table: Table, missing: Sequence[Listed], waits: bool) -> None:
        """What is gone must have been removed by an entry about the same person."""
        people = {one.leaf.entry["subject_id"] for one in missing if one.leaf.entry is not None}
        removed = {
            key
            for rows in store.lists_with_removals(connection, people)
            for name, key, digest in listed_in(rows)
            if name == table.name and digest is None
        }
        for one in missing:
            if one.key not in removed:
                self._found(table, one, f"is missing, but entry {one.leaf.entry_id!s} lists it", waits)

    def _found(self, table: Table, one: Listed, what: str, waits: bool) -> None:
        index = None if waits else one.leaf.number
        self._findings.add(Finding(str(table.name), str(one.key), what, index))
