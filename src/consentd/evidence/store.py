"""Rows of the log. Decides nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Write
from consentd.db.tables.log import leases, log_checkpoints, log_entries, log_leaves, log_nodes, log_pending
from consentd.evidence.merkle import Position
from consentd.kernel.canonical import Scalar
from consentd.kernel.ids import EntryId
from consentd.kernel.instants import Instant

Connection: TypeAlias = sa.Connection
Table: TypeAlias = sa.Table

# `inline`: what the database numbers by itself is not asked back.
_INSERT_ENTRY = Write(log_entries.insert().inline(), [column.name for column in log_entries.columns])
_INSERT_PENDING = Write(log_pending.insert().inline(), ["entry_id", "leaf", "vouched"])


class Pending(NamedTuple):
    seq: int
    entry_id: EntryId
    leaf: bytes
    vouched: bytes


class CheckpointRow(NamedTuple):
    size: int
    root: bytes
    note: str
    at: Instant


class Lease(NamedTuple):
    holder: UUID
    fence: int
    until: Instant


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Scalar]]) -> None:
    _insertion(table).run(connection, rows)


@cache
def _insertion(table: Table) -> Write:
    return Write(table.insert().inline(), [column.name for column in table.columns])


Where: TypeAlias = Mapping[str, Collection[Scalar]]


def update(
    connection: Connection, table: Table, where: Where, values: Mapping[str, Scalar]
) -> list[dict[str, Scalar]]:
    """The changed rows, as they are now."""
    statement = _changing(table, tuple(where), tuple(values))
    new = {f"new_{name}": value for name, value in values.items()}
    return _plainly(connection.execute(statement, _bound(where) | new))


def delete(connection: Connection, table: Table, where: Where) -> list[dict[str, Scalar]]:
    """The removed rows, as they were."""
    statement = _removing(table, tuple(where))
    return _plainly(connection.execute(statement, _bound(where)))


@cache
def _changing(table: Table, where: tuple[str, ...], changed: tuple[str, ...]) -> Any:
    # Any: what returns rows is typed by their columns, which differ.
    new = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in changed}
    return table.update().where(*_fitting(table, where)).values(new).returning(*table.c)


@cache
def _removing(table: Table, where: tuple[str, ...]) -> Any:  # Any: as above
    return table.delete().where(*_fitting(table, where)).returning(*table.c)


def _fitting(table: Table, where: Iterable[str]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name].in_(sa.bindparam(f"only_{name}", expanding=True)) for name in where]


def _plainly(result: sa.CursorResult[Any]) -> list[dict[str, Scalar]]:  # Any: the columns differ
    # SQLAlchemy's own kind of text has no canonical form.
    return [{str(name): value for name, value in row.items()} for row in result.mappings()]


def _bound(where: Where) -> dict[str, Any]:  # Any: the values of one statement
    return {f"only_{name}": list(values) for name, values in where.items()}


def insert_entries(
    connection: Connection, entries: Sequence[tuple[Mapping[str, Scalar], bytes, bytes]]
) -> None:
    """The rows of entries, with their leaves for the queue and what vouches for each."""
    _INSERT_ENTRY.run(connection, [row for row, _, _ in entries])
    _INSERT_PENDING.run(
        connection,
        [{"entry_id": row["id"], "leaf": leaf, "vouched": vouched} for row, leaf, vouched in entries],
    )


def size(connection: Connection) -> int:
    """How many leaves the log has: they are numbered from 0 without a gap."""
    last = connection.execute(sa.select(sa.func.max(log_leaves.c.idx))).scalar()
    return 0 if last is None else int(last) + 1


def pending(connection: Connection, limit: int) -> list[Pending]:
    statement = sa.select(
        log_pending.c.seq, log_pending.c.entry_id, log_pending.c.leaf, log_pending.c.vouched
    )
    return [Pending(*row) for row in connection.execute(statement.order_by(log_pending.c.seq).limit(limit))]


def queue(connection: Connection) -> tuple[int, EntryId | None]:
    """How many entries wait, and the first of them."""
    count = connection.execute(sa.select(sa.func.count()).select_from(log_pending)).scalar_one()
    first = connection.execute(
        sa.select(log_pending.c.entry_id).order_by(log_pending.c.seq).limit(1)
    ).scalar()
    return int(count), first


def entry_time(connection: Connection, entry_id: EntryId) -> Instant | None:
    return connection.execute(sa.select(log_entries.c.at).where(log_entries.c.id == entry_id)).scalar()


def newest_entry_at(connection: Connection) -> Instant | None:
    """By its id, which is ordered by time."""
    return connection.execute(sa.select(log_entries.c.at).order_by(log_entries.c.id.desc()).limit(1)).scalar()


def known_entries(connection: Connection, entries: Collection[EntryId]) -> set[EntryId]:
    known: set[EntryId] = set()
    ids = list(entries)
    for start in range(0, len(ids), 1000):
        among = log_entries.c.id.in_(ids[start : start + 1000])
        known.update(connection.execute(sa.select(log_entries.c.id).where(among)).scalars())
    return known


def entry(connection: Connection, entry_id: EntryId) -> dict[str, Scalar]:
    """The row of an entry that there is."""
    found = connection.execute(sa.select(log_entries).where(log_entries.c.id == entry_id)).mappings().one()
    return {str(name): value for name, value in found.items()}


class EntryAbout(NamedTuple):
    """An entry about somebody, without what it holds sealed."""

    id: EntryId
    at: Instant
    action: str
    actor_kind: str
    actor_id: UUID | None
    reading: bool
    """Nothing was written under it: somebody looked."""


def entries_about(
    connection: Connection, subjects: Collection[UUID], after: tuple[Instant, EntryId] | None, limit: int
) -> list[EntryAbout]:
    """Entries about these people in the order in which they were made, behind (at, id)."""
    columns = log_entries.c
    statement = sa.select(
        columns.id,
        columns.at,
        columns.action,
        columns.actor_kind,
        columns.actor_id,
        (columns.rows == "[]").label("reading"),
    ).where(columns.subject_id.in_(list(subjects)))
    if after is not None:
        at, id_ = after
        statement = statement.where(
            sa.or_(columns.at > at, sa.and_(columns.at == at, columns.id > id_)),
        )
    rows = connection.execute(statement.order_by(columns.at, columns.id).limit(limit))
    return [EntryAbout(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]


class Sealed(NamedTuple):
    entry_id: EntryId
    at: Instant
    key_id: UUID
    sealed: bytes | None


def sealed_of(
    connection: Connection, action: str, since: int | None, after: EntryId | None, limit: int
) -> list[Sealed]:
    """The sealed details of entries of this action, in the order of their ids. `since`: no older ones."""
    columns = log_entries.c
    statement = sa.select(columns.id, columns.at, columns.key_id, columns.sealed)
    statement = statement.where(columns.action == action)
    if since is not None:
        statement = statement.where(columns.at >= since)
    if after is not None:
        statement = statement.where(columns.id > after)
    return [Sealed(*row) for row in connection.execute(statement.order_by(columns.id).limit(limit))]


def insert_leaves(connection: Connection, first: int, rows: Iterable[Pending]) -> None:
    leaves = [
        {"idx": first + offset, "entry_id": row.entry_id, "leaf": row.leaf} for offset, row in enumerate(rows)
    ]
    connection.execute(log_leaves.insert(), leaves)


def insert_nodes(connection: Connection, new: Iterable[tuple[Position, bytes]]) -> None:
    rows = [{"level": at.level, "idx": at.idx, "hash": node} for at, node in new]
    if rows:
        connection.execute(log_nodes.insert(), rows)


def delete_pending(connection: Connection, rows: Sequence[Pending]) -> int:
    """Exactly these rows: one that commits late has a smaller number, and must not be skipped."""
    statement = log_pending.delete().where(log_pending.c.seq.in_([row.seq for row in rows]))
    return connection.execute(statement).rowcount


def nodes(connection: Connection, positions: Iterable[Position]) -> dict[Position, bytes]:
    """The hashes at these positions, as far as there are any."""
    wanted = set(positions)
    found: dict[Position, bytes] = {}
    leaves = [position.idx for position in wanted if position.level == 0]
    inner = [position for position in wanted if position.level > 0]
    if leaves:
        statement = sa.select(log_leaves.c.idx, log_leaves.c.leaf).where(log_leaves.c.idx.in_(leaves))
        found.update((Position(0, idx), leaf) for idx, leaf in connection.execute(statement))
    if inner:
        at = sa.tuple_(log_nodes.c.level, log_nodes.c.idx).in_(inner)
        statement = sa.select(log_nodes.c.level, log_nodes.c.idx, log_nodes.c.hash).where(at)
        found.update((Position(row.level, row.idx), row.hash) for row in connection.execute(statement))
    return found


def leaf_index(connection: Connection, entry_id: EntryId) -> int | None:
    return connection.execute(sa.select(log_leaves.c.idx).where(log_leaves.c.entry_id == entry_id)).scalar()


def insert_checkpoint(connection: Connection, row: CheckpointRow) -> None:
    connection.execute(log_checkpoints.insert(), row._asdict())


def latest_checkpoint(connection: Connection) -> CheckpointRow | None:
    statement = sa.select(*_CHECKPOINT).order_by(log_checkpoints.c.size.desc()).limit(1)
    row = connection.execute(statement).first()
    return None if row is None else CheckpointRow(*row)


_CHECKPOINT = (log_checkpoints.c.size, log_checkpoints.c.root, log_checkpoints.c.note, log_checkpoints.c.at)


def checkpoints(connection: Connection, above: int, up_to: int | None) -> Iterator[CheckpointRow]:
    """Those of a size greater than `above` and not above `up_to`, in order."""
    statement = sa.select(*_CHECKPOINT).where(log_checkpoints.c.size > above)
    if up_to is not None:
        statement = statement.where(log_checkpoints.c.size <= up_to)
    for row in connection.execute(statement.order_by(log_checkpoints.c.size)):
        yield CheckpointRow(*row)


def lease(connection: Connection, name: str) -> Lease | None:
    statement = sa.select(leases.c.holder, leases.c.fence, leases.c.until).where(leases.c.name == name)
    row = connection.execute(statement).first()
    return None if row is None else Lease(*row)


def insert_lease(connection: Connection, name: str, lease: Lease) -> None:
    connection.execute(leases.insert(), {"name": name, **lease._asdict()})


def take_lease(connection: Connection, name: str, standing: Lease, taken: Lease) -> bool:
    """Replaces a lease if it is still the one that was read."""
    statement = leases.update().where(
        leases.c.name == name, leases.c.fence == standing.fence, leases.c.until == standing.until
    )
    return connection.execute(statement.values(**taken._asdict())).rowcount == 1


def renew_lease(connection: Connection, name: str, held: Lease) -> bool:
    """Extends a lease if holder and fence are still these. The row stays locked until the unit ends."""
    statement = leases.update().where(
        leases.c.name == name, leases.c.holder == held.holder, leases.c.fence == held.fence
    )
    return connection.execute(statement.values(until=held.until)).rowcount == 1
