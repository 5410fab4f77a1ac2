"""The recorder: the only way to write what the log answers for.

Upholds promises 3 (rows, their entry and its place in the queue of the log are of one transaction), 8 and
9: an entry lists the hash of every append-only row written under it, each as it reads back from either
database, and is itself hashed into the tree; so an edit, a removal or an insertion is found. Rows of kept
tables may change and go: the last entry that lists one says what it is, or that it is gone, and the row
names that entry. An entry is about at most one person; its detail is sealed under that person's proof key,
or the audit key.

Costs about a tenth of a millisecond per entry on SQLite; `bench/evidence.py` watches it.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal
from consentd.crypto.secrets import Key
from consentd.db.tables.types import Sealed
from consentd.db.unit import Unit
from consentd.evidence import store
from consentd.evidence.merkle import leaf_hash
from consentd.evidence.model import Actor
from consentd.evidence.store import Table
from consentd.kernel.canonical import Scalar, canonical, ordered_row_bytes, row_bytes
from consentd.kernel.ids import EntryId, SubjectId

Row = Mapping[str, Scalar]
Where = Mapping[str, Collection[Scalar]]
"""Columns, and the values that each may have; all of them must fit."""


class Entry:
    """An entry under way; `close` it in the unit that began it, or nothing it inserted will verify."""

    def __init__(
        self,
        unit: Unit,
        keyring: Keyring,
        action: str,
        actor: Actor,
        subject_id: SubjectId | None,
        key: Key,
        policy: str | None,
    ) -> None:
        self.id = EntryId(new_id())
        self._unit = unit
        self._keyring = keyring
        self._action = action
        self._actor = actor
        self._subject_id = subject_id
        self._key = key
        self._policy = policy
        self._rows: dict[tuple[str, Scalar], str | None] = {}
        self._closed = False

    def insert(self, table: Table, row: Row) -> None:
        """Inserts one row of an append-only or kept table under this entry. Columns not given are null."""
        self.insert_many(table, (row,))

    def insert_many(self, table: Table, rows: Sequence[Row]) -> None:
        """The same for many rows, in one statement."""
        self._refuse_closed()
        if not rows:
            return
        shape = _shape(table)
        complete = [shape.complete(row, self.id) for row in rows]
        store.insert(self._unit.connection, table, complete)
        for row in complete:
            self._list(shape, row)

    def update(self, table: Table, where: Where, values: Row) -> None:
        """Changes rows of a kept table; each is listed as it is from now on."""
        self._refuse_closed()
        shape = _kept(table)
        for row in store.update(self._unit.connection, table, where, {**values, "entry_id": self.id}):
            self._list(shape, row)

    def delete(self, table: Table, where: Where) -> list[dict[str, Scalar]]:
        """Removes rows of a kept table; each is listed as gone. Returns what they were."""
        self._refuse_closed()
        shape = _kept(table)
        gone = store.delete(self._unit.connection, table, where)
        for row in gone:
            self._rows[shape.name, row[shape.key]] = None
        return gone

    def close(self, detail: object = None) -> None:
        """Inserts the entry and queues it for the log. `detail`: plain values, sealed; None for none."""
        close_all(self._unit, [(self, detail)])

    def _list(self, shape: "_Shape", row: Row) -> None:
        # One that is written twice under this entry is listed once, as it was left.
        self._rows[shape.name, row[shape.key]] = shape.hashed(row)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RuntimeError(f"the entry {self._action} is closed")

    def _ended(self, detail: object) -> tuple[Row, bytes, bytes]:
        """Its row, leaf, and what vouches for it. Nothing can be written under it any more."""
        self._refuse_closed()
        self._closed = True
        sealed = None
        if detail is not None:
            sealed = seal(self._key, canonical(detail), Place("log_entries", "sealed", self.id))
        row: Row = {
            "id": self.id,
            "action": self._action,
            "at": self._unit.now,
            "actor_kind": self._actor.kind.value,
            "actor_id": self._actor.id,
            "subject_id": self._subject_id,
            "policy": self._policy,
            "rows": canonical([[*named, digest] for named, digest in self._rows.items()]).decode(),
            "key_id": self._key.id,
            "sealed": sealed,
        }
        leaf = entry_leaf(row)
        return row, leaf, self._keyring.vouch(leaf)


def begin(
    unit: Unit,
    keyring: Keyring,
    *,
    action: str,
    actor: Actor,
    key: Key,
    subject_id: SubjectId | None = None,
    policy: str | None = None,
) -> Entry:
    """Begins an entry. `key`: the subject's proof key, or the audit key where it is about nobody.
    `keyring` vouches for it to the sequencer.
    """
    return Entry(unit, keyring, action, actor, subject_id, key, policy)


def close_all(unit: Unit, entries: Iterable[tuple[Entry, object]]) -> None:
    """Closes many entries, each with its detail, in two statements."""
    ended = [entry._ended(detail) for entry, detail in entries]
    if ended:
        store.insert_entries(unit.connection, ended)
        unit.entries += len(ended)


def entry_leaf(row: Row) -> bytes:
    """The leaf of an entry: the hash of its whole row, clear columns and ciphertext."""
    return leaf_hash(row_bytes("log_entries", row))


def hashed(table: str, row: Row, derived: Collection[str] = ()) -> bytes:
    """The hash that an entry lists: of the whole row, but for what is derived from others."""
    return hashlib.sha256(listed_bytes(table, row, derived)).digest()


def listed_bytes(table: str, row: Row, derived: Collection[str] = ()) -> bytes:
    """What is hashed of it."""
    if derived:
        row = {name: value for name, value in row.items() if name not in derived}
    return row_bytes(table, row)


class _Shape(NamedTuple):
    """What a table's rows must look like to read back as they were hashed."""

    name: str
    columns: tuple[str, ...]
    known: frozenset[str]
    booleans: tuple[str, ...]
    integers: tuple[str, ...]
    key: str
    listed: tuple[str, ...]
    """The columns that are hashed, in the order of their canonical form."""
    binary: tuple[str, ...]

    def hashed(self, row: Row) -> str:
        """What an entry lists of a complete row, in hexadecimal: `hashed`, in half its time."""
        return hashlib.sha256(ordered_row_bytes(self.name, row, self.listed, self.binary)).hexdigest()

    def complete(self, row: Row, entry_id: EntryId) -> dict[str, Scalar]:
        """The row with every column. TypeError where it would read back as something else."""
        full: dict[str, Scalar] = dict.fromkeys(self.columns)
        full.update(row)
        full["entry_id"] = entry_id
        if len(full) != len(self.columns):
            raise ValueError(f"{self.name} has no column {', '.join(row.keys() - self.known)}")
        for name in self.booleans:
            if not isinstance(full[name], bool | None):
                raise TypeError(f"{self.name}.{name} takes true, false or null")
        for name in self.integers:
            if isinstance(full[name], bool):
                raise TypeError(f"{self.name}.{name} takes a number")
        return full


@cache
def _shape(table: Table) -> _Shape:
    if not (table.info.get("append_only") or table.info.get("kept")):
        raise ValueError(f"{table.name} is neither append-only nor kept: the recorder is not for it")
    (key,) = table.primary_key.columns
    for column in table.columns:
        if column.default is not None or column.server_default is not None:
            raise ValueError(f"{table.name}.{column.name} has a default, which would escape the hash")
    # SQLAlchemy's own kind of text has no canonical form.
    columns = tuple(str(column.name) for column in table.columns)
    listed = tuple(sorted(set(columns) - table.info.get("derived", frozenset())))
    return _Shape(
        str(table.name),
        columns,
        frozenset(columns),
        tuple(column.name for column in table.columns if column.type.python_type is bool),
        tuple(column.name for column in table.columns if column.type.python_type is int),
        str(key.name),
        listed,
        tuple(name for name in listed if isinstance(table.c[name].type, Sealed)),
    )


def _kept(table: Table) -> _Shape:
    if not table.info.get("kept"):
        raise ValueError(f"rows of {table.name} never change")
    return _shape(table)
