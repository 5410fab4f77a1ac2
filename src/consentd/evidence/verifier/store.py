"""What the verifier reads, as the driver gives it: a type that forgives would hide an edit."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import APPEND_ONLY, KEPT
from consentd.db.tables.log import log_checkpoints, log_entries, log_leaves, log_nodes, log_pending
from consentd.db.tables.types import Id, uuid_of
from consentd.evidence.merkle import Position
from consentd.evidence.store import Connection, Table
from consentd.kernel.canonical import Scalar
from consentd.kernel.errors import Tampered

RECORDED: Mapping[str, Table] = {
    str(table.name): table for table in APPEND_ONLY if "entry_id" in table.c and table is not log_leaves
}
"""The tables whose rows one entry lists, and which never change."""

KEPT_TABLES: Mapping[str, Table] = {str(table.name): table for table in KEPT}
"""The tables whose rows the last entry that lists them tells."""

_RAW = sa.types.NullType()
Row = dict[str, Scalar]


class LeafRow(NamedTuple):
    """A leaf, or a waiting entry, with its entry; None where there is none. `number`: idx, or seq."""

    number: int
    entry_id: Scalar
    leaf: Scalar
    entry: Row | None


def leaves(connection: Connection, start: int, limit: int) -> list[LeafRow]:
    return _with_entries(connection, log_leaves, log_leaves.c.idx, start, limit)


def pending(connection: Connection, start: int, limit: int) -> list[LeafRow]:
    return _with_entries(connection, log_pending, log_pending.c.seq, start, limit)


def unvouched(
    connection: Connection, slice_: Sequence[LeafRow], vouch: Callable[[bytes], bytes]
) -> list[Scalar]:
    """The entries among these that wait without what consentd puts beside its own."""
    numbers = sa.between(log_pending.c.seq, slice_[0].number, slice_[-1].number)
    statement = sa.select(_raw(log_pending.c.seq), _raw(log_pending.c.vouched)).where(numbers)
    vouched: dict[Any, Any] = dict(map(tuple, _execute(connection, log_pending, statement)))
    return [
        row.entry_id
        for row in slice_
        if not (isinstance(row.leaf, bytes) and vouched.get(row.number) == vouch(row.leaf))
    ]


def by_key(connection: Connection, table: Table, keys: Collection[Scalar]) -> dict[Scalar, Row]:
    """The rows with these primary keys, as far as there are any."""
    (key,) = table.primary_key.columns
    if isinstance(key.type, Id):
        # What is no id is no row's, and no driver takes it.
        keys = [one for one in keys if isinstance(one, UUID)]
    statement = _select(table).where(key.in_(keys))
    rows = (_row(table, values) for values in _execute(connection, table, statement))
    return {row[key.name]: row for row in rows}


def in_order(connection: Connection, table: Table, size: int) -> Iterator[list[Row]]:
    """All rows of a table by primary key, in slices."""
    (key,) = table.primary_key.columns
    after: Scalar = None
    while True:
        statement = _select(table).order_by(key).limit(size)
        if after is not None:
            statement = statement.where(key > after)
        rows = [_row(table, values) for values in _execute(connection, table, statement)]
        if not rows:
            return
        yield rows
        after = rows[-1][key.name]


class Place(NamedTuple):
    """Where an entry stands in the order of the log: what waits comes after what is in it."""

    waits: bool
    number: int


def places(connection: Connection, entry_ids: Collection[Scalar]) -> dict[Scalar, Place]:
    """Where these entries stand; those that stand nowhere are left out."""
    ids = [one for one in entry_ids if isinstance(one, UUID)]
    found: dict[Scalar, Place] = {}
    for table, number in ((log_pending, log_pending.c.seq), (log_leaves, log_leaves.c.idx)):
        statement = sa.select(table.c.entry_id, number).where(table.c.entry_id.in_(ids))
        for entry_id, at in connection.execute(statement):
            found[entry_id] = Place(table is log_pending, at)
    return found


def lists_with_removals(connection: Connection, subject_ids: Collection[Scalar]) -> Iterator[str]:
    """What entries about these people list, of those that list a row as gone."""
    ids = [one for one in subject_ids if isinstance(one, UUID)]
    statement = sa.select(log_entries.c.rows).where(
        log_entries.c.subject_id.in_(ids), log_entries.c.rows.contains(",null]")
    )
    for (rows,) in connection.execute(statement):
        yield str(rows)


def key_of(table: Table, listed: object) -> Scalar:
    """A primary key as an entry spells it, as the table's own type. ValueError where it is not one."""
    (key,) = table.primary_key.columns
    if isinstance(key.type, Id):
        return UUID(str(listed))
    if not isinstance(listed, int | str):
        raise ValueError("neither a number nor a text")  # noqa: TRY004 - one kind of failure for the caller
    return listed


def count(connection: Connection, table: Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def stray_entries(connection: Connection, limit: int) -> list[UUID]:
    """Entries that are neither in the tree nor waiting."""
    statement = (
        sa.select(log_entries.c.id)
        .outerjoin(log_leaves, log_leaves.c.entry_id == log_entries.c.id)
        .outerjoin(log_pending, log_pending.c.entry_id == log_entries.c.id)
        .where(log_leaves.c.idx.is_(None), log_pending.c.seq.is_(None))
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def doubled_entries(connection: Connection, limit: int) -> list[UUID]:
    """Entries that wait although they are in the tree, or wait twice."""
    in_tree = sa.exists().where(log_leaves.c.entry_id == log_pending.c.entry_id)
    statement = (
        sa.select(log_pending.c.entry_id)
        .group_by(log_pending.c.entry_id)
        .having(sa.or_(sa.func.count() > 1, in_tree))
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def node_spans(connection: Connection, spans: Sequence[tuple[int, int, int]]) -> dict[Position, Scalar]:
    """The stored nodes of (level, first, last) spans."""
    where = sa.or_(
        *(
            sa.and_(log_nodes.c.level == level, log_nodes.c.idx >= first, log_nodes.c.idx <= last)
            for level, first, last in spans
        )
    )
    statement = sa.select(log_nodes.c.level, log_nodes.c.idx, log_nodes.c.hash).where(where)
    return {Position(row.level, row.idx): row.hash for row in _execute(connection, log_nodes, statement)}


def nodes_beyond(connection: Connection, size: int, limit: int) -> list[Position]:
    """Nodes that cover more leaves than there are, or none that a tree has."""
    levels = [sa.and_(log_nodes.c.level == level, log_nodes.c.idx >= size >> level) for level in range(1, 63)]
    beyond = sa.or_(log_nodes.c.level < 1, log_nodes.c.level > 62, log_nodes.c.idx < 0, *levels)
    statement = sa.select(log_nodes.c.level, log_nodes.c.idx).where(beyond).limit(limit)
    return [Position(row.level, row.idx) for row in connection.execute(statement)]


def leaves_before(connection: Connection) -> int:
    """How many leaves have a negative index."""
    statement = sa.select(sa.func.count()).select_from(log_leaves).where(log_leaves.c.idx < 0)
    return int(connection.execute(statement).scalar_one())


class CheckpointRow(NamedTuple):
    size: int
    root: Scalar
    note: Scalar


def checkpoints(connection: Connection, above: int, up_to: int | None, limit: int) -> list[CheckpointRow]:
    """In order of size; `up_to` None: all that are greater than `above`."""
    columns = log_checkpoints.c
    statement = sa.select(columns.size, columns.root, columns.note).where(columns.size > above)
    if up_to is not None:
        statement = statement.where(columns.size <= up_to)
    rows = _execute(connection, log_checkpoints, statement.order_by(columns.size).limit(limit))
    return [CheckpointRow(row.size, row.root, row.note) for row in rows]


def _with_entries(
    connection: Connection, table: Table, number: sa.Column[int], start: int, limit: int
) -> list[LeafRow]:
    own = [number, _raw(table.c.entry_id), _raw(table.c.leaf)]
    entry = [_raw(column) for column in log_entries.columns]
    statement = (
        sa.select(*own, *entry)
        .outerjoin(log_entries, log_entries.c.id == table.c.entry_id)
        .where(number >= start)
        .order_by(number)
        .limit(limit)
    )
    rows = []
    for values in _execute(connection, table, statement):
        at, entry_id, leaf, *rest = tuple(values)
        found = _row(log_entries, rest)
        named = _id(entry_id)
        rows.append(LeafRow(at, named, leaf, None if found["id"] is None else found))
    return rows


def _select(table: Table) -> sa.Select[Any]:
    return sa.select(*(_raw(column) for column in table.columns))


def _raw(column: sa.Column[Any]) -> sa.Label[Any]:
    # Any: whatever the driver brings is looked at below.
    return sa.type_coerce(column, _RAW).label(f"{column.table.name}_{column.name}")


def _row(table: Table, values: Sequence[Any]) -> Row:
    # Costs most of what verifying and exporting do: which column takes what is looked up once a table.
    return {
        name: value if read is None else read(value)
        for (name, read), value in zip(_reading(table), values, strict=True)
    }


@cache
def _reading(table: Table) -> tuple[tuple[str, Callable[[Any], Scalar] | None], ...]:
    return tuple((str(column.name), _reader(column)) for column in table.columns)


def _reader(column: sa.Column[Any]) -> Callable[[Any], Scalar] | None:
    """Brings a value as it was hashed. One of another shape stays as it is: it hashes to something else."""
    if isinstance(column.type, Id):
        return _id
    return _boolean if isinstance(column.type, sa.Boolean) else None


def _id(value: Any) -> Scalar:
    if type(value) is bytes and len(value) == 16:
        return uuid_of(value)
    # Of a driver's own kind.
    return UUID(int=value.int) if isinstance(value, UUID) else _kept(value)


def _boolean(value: Any) -> Scalar:
    return bool(value) if type(value) is int and value in (0, 1) else _kept(value)


def _kept(value: Any) -> Scalar:
    kept: Scalar = value
    return kept


def _execute(connection: Connection, table: Table, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    try:
        return connection.execute(statement).all()
    except (sa.exc.DBAPIError, ValueError) as reason:
        raise Tampered(
            "unreadable", f"{table.name} holds what cannot be read: {type(reason).__name__}."
        ) from None
