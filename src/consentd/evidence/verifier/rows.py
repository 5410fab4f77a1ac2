"""Entries and their rows: each entry hashes to its leaf, each row to what its entry says, none is more."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from consentd.db.tables.log import log_entries
from consentd.evidence.merkle import leaf_hash
from consentd.evidence.store import Connection, Table
from consentd.evidence.verifier import store
from consentd.evidence.verifier.finding import Finding, Findings
from consentd.evidence.verifier.kept import KeptCheck, Listed
from consentd.evidence.verifier.listing import listed_in
from consentd.evidence.verifier.store import KEPT_TABLES, RECORDED, LeafRow, Row
from consentd.kernel.canonical import Scalar, row_bytes, row_digest

_SLICE = 1000


class RowCheck:
    """Follows entries in the order of the log; counts what they list, so that an insertion shows."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._listed: Counter[str] = Counter()
        self._kept = KeptCheck(findings)

    def entries(self, connection: Connection, slice_: Sequence[LeafRow], source: str) -> None:
        """`source`: log_leaves, where a number is a place in the log, or log_pending."""
        wanted: dict[str, dict[Scalar, tuple[str, LeafRow]]] = defaultdict(dict)
        kept: dict[str, list[Listed]] = defaultdict(list)
        for leaf in slice_:
            index = leaf.number if source == "log_leaves" else None
            if leaf.entry is None:
                self._found("log_entries", leaf.entry_id, "is missing", index)
                continue
            if leaf_hash(row_bytes("log_entries", leaf.entry)) != leaf.leaf:
                self._found("log_entries", leaf.entry_id, f"does not hash to its leaf in {source}", index)
            for table, key, digest in self._list(leaf, index):
                if table in KEPT_TABLES or digest is None:
                    kept[table].append(Listed(key, digest, leaf))
                    continue
                if key in wanted[table]:
                    self._found("log_entries", leaf.entry_id, f"lists {table} {key!s} a second time", index)
                wanted[table][key] = digest, leaf
                self._listed[table] += 1
        for table, rows in wanted.items():
            self._rows(connection, RECORDED[table], rows, source)
        for table, listed in kept.items():
            self._kept.rows(connection, KEPT_TABLES[table], listed, waits=source == "log_pending")

    def finish(self, connection: Connection) -> None:
        """After the last entry: as many rows as were listed, each once, are all that there may be; of kept
        tables, as many as are listed by the entry that they name.
        """
        counted = self._listed + self._kept.confirmed
        for name, table in {**RECORDED, **KEPT_TABLES}.items():
            if store.count(connection, table) != counted[name]:
                self._insertions(connection, table)

    def _list(self, leaf: LeafRow, index: int | None) -> list[tuple[str, Scalar, str | None]]:
        assert leaf.entry is not None
        try:
            return listed_in(str(leaf.entry["rows"]))
        except ValueError:
            self._found("log_entries", leaf.entry_id, "does not say which rows it covers", index)
            return []

    def _rows(
        self, connection: Connection, table: Table, wanted: dict[Scalar, tuple[str, LeafRow]], source: str
    ) -> None:
        found: dict[Scalar, Row] = {}
        keys = list(wanted)
        for start in range(0, len(keys), _SLICE):
            found |= store.by_key(connection, table, keys[start : start + _SLICE])
        for key, (digest, leaf) in wanted.items():
            index = leaf.number if source == "log_leaves" else None
            row = found.get(key)
            if row is None:
                self._found(table.name, key, f"is missing, but entry {leaf.entry_id!s} lists it", index)
            elif row["entry_id"] != leaf.entry_id:
                self._found(table.name, key, f"is listed by entry {leaf.entry_id!s} and names another", index)
            elif row_digest(str(table.name), row).hex() != digest:
                self._found(table.name, key, f"is not what entry {leaf.entry_id!s} recorded", index)

    def _insertions(self, connection: Connection, table: Table) -> None:
        """Which rows no entry lists: looked for only when there are some."""
        (key,) = table.primary_key.columns
        for rows in store.in_order(connection, table, _SLICE):
            entries = store.by_key(connection, log_entries, {row["entry_id"] for row in rows})
            for row in rows:
                entry = entries.get(row["entry_id"])
                named = f'["{table.name}",{msgspec.json.encode(_spelled(row[key.name])).decode()},"'
                if entry is None or named not in str(entry["rows"]):
                    self._found(
                        table.name, row[key.name], "is listed by no entry of the log: it was inserted", None
                    )

    def _found(self, table: str, row: Scalar, what: str, index: int | None) -> None:
        # The table's own name is text of SQLAlchemy's kind, which no encoder takes.
        self._findings.add(Finding(str(table), str(row), what, index))


def _spelled(key: Scalar) -> str | int:
    return key if isinstance(key, int | str) else str(key)
