"""Rows of wrapped keys, and the sealed copies that a rotation goes through. Decides nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Read, Write
from consentd.db.tables.keys import keys, subject_keys
from consentd.db.tables.people import identifier_links, identifiers
from consentd.db.tables.requests import request_keys
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import Instant

Connection: TypeAlias = sa.Connection
T = TypeVar("T")

_MANY = 5_000
"""Bound variables per statement: under the least that any build of either database allows."""


class KeyRow(NamedTuple):
    id: UUID
    use: str
    version: int
    wrapped: bytes | None
    wrapper: str
    public: bytes | None
    created_at: Instant
    retired_at: Instant | None
    destroyed_at: Instant | None


class SubjectKeyRow(NamedTuple):
    id: UUID
    subject_id: SubjectId
    kind: str
    wrapped: bytes
    wrapper_id: UUID
    restricted_at: Instant | None
    purge_at: Instant | None


_KEY = (
    keys.c.id,
    keys.c.use,
    keys.c.version,
    keys.c.wrapped,
    keys.c.wrapper,
    keys.c.public,
    keys.c.created_at,
    keys.c.retired_at,
    keys.c.destroyed_at,
)
_SUBJECT_KEY = (
    subject_keys.c.id,
    subject_keys.c.subject_id,
    subject_keys.c.kind,
    subject_keys.c.wrapped,
    subject_keys.c.wrapper_id,
    subject_keys.c.restricted_at,
    subject_keys.c.purge_at,
)


def in_batches(items: Iterable[T], size: int = _MANY) -> Iterator[list[T]]:
    """Lists of at most `size`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def all_keys(connection: Connection) -> list[KeyRow]:
    """Every key ever made, by use and version, the destroyed ones too."""
    rows = connection.execute(sa.select(*_KEY).order_by(keys.c.use, keys.c.version))
    return [KeyRow(*row) for row in rows]


def insert_key(connection: Connection, row: KeyRow) -> None:
    connection.execute(keys.insert(), row._asdict())


def rewrap_key(connection: Connection, key_id: UUID, wrapped: bytes | None, wrapper: str) -> None:
    connection.execute(keys.update().where(keys.c.id == key_id).values(wrapped=wrapped, wrapper=wrapper))


def retire_keys(connection: Connection, use: str, below: int, at: Instant) -> None:
    """Marks every version under `below` as retired, if it is not yet."""
    connection.execute(
        keys.update()
        .where(keys.c.use == use, keys.c.version < below, keys.c.retired_at.is_(None))
        .values(retired_at=at)
    )


def destroy_key(connection: Connection, key_id: UUID, at: Instant) -> None:
    connection.execute(keys.update().where(keys.c.id == key_id).values(wrapped=None, destroyed_at=at))


def hold_key(connection: Connection, key_id: UUID) -> bool:
    """Whether the key is in use still; it cannot be destroyed until this unit ends."""
    statement = sa.select(keys.c.id).where(
        keys.c.id == key_id, keys.c.wrapped.is_not(None), keys.c.retired_at.is_(None)
    )
    return connection.execute(statement.with_for_update(read=True)).first() is not None


def lock_key(connection: Connection, key_id: UUID) -> None:
    """Waits for the units that hold the key, and keeps others from holding it."""
    connection.execute(sa.select(keys.c.id).where(keys.c.id == key_id).with_for_update())


_INSERT = Write(subject_keys.insert(), [*SubjectKeyRow._fields, "created_at"])


def insert_subject_keys(connection: Connection, rows: Sequence[SubjectKeyRow], at: Instant) -> None:
    _INSERT.run(connection, [{**row._asdict(), "created_at": at} for row in rows])


_OF_ONE = Read(
    sa.select(*_SUBJECT_KEY).where(subject_keys.c.subject_id == sa.bindparam("subject")), SubjectKeyRow._make
)


def subject_keys_of(connection: Connection, subject_ids: Collection[SubjectId]) -> Iterator[SubjectKeyRow]:
    if len(subject_ids) == 1:
        yield from _OF_ONE.all(connection, {"subject": next(iter(subject_ids))})
        return
    for batch in in_batches(subject_ids):
        statement = sa.select(*_SUBJECT_KEY).where(subject_keys.c.subject_id.in_(batch))
        for row in connection.execute(statement):
            yield SubjectKeyRow(*row)


class WrappedRow(NamedTuple):
    id: UUID
    wrapped: bytes
    wrapper_id: UUID


_WRAPPED = (subject_keys, request_keys)
"""Every table of keys that a period key wraps: a rotation goes through all of them."""


def not_under(connection: Connection, wrapper_id: UUID, limit: int) -> list[tuple[sa.Table, WrappedRow]]:
    """Up to `limit` keys that another period key wraps; locked, so that two rotations share the work."""
    found: list[tuple[sa.Table, WrappedRow]] = []
    for table in _WRAPPED:
        statement = (
            sa.select(table.c.id, table.c.wrapped, table.c.wrapper_id)
            .where(table.c.wrapper_id != wrapper_id)
            .order_by(table.c.id)
            .limit(limit - len(found))
            .with_for_update(skip_locked=True)
        )
        found += [(table, WrappedRow(*row)) for row in connection.execute(statement)]
    return found


def rewrap(connection: Connection, table: sa.Table, row_id: UUID, wrapped: bytes, wrapper_id: UUID) -> None:
    values = {"wrapped": wrapped, "wrapper_id": wrapper_id}
    connection.execute(table.update().where(table.c.id == row_id).values(values))


def wraps_any(connection: Connection, wrapper_id: UUID) -> bool:
    return any(
        connection.execute(sa.select(table.c.id).where(table.c.wrapper_id == wrapper_id).limit(1)).first()
        is not None
        for table in _WRAPPED
    )


def insert_request_key(connection: Connection, row: Mapping[str, object]) -> None:
    connection.execute(request_keys.insert(), dict(row))


def request_key(connection: Connection, request_id: UUID, kind: str, of_id: UUID) -> WrappedRow | None:
    c = request_keys.c
    statement = sa.select(c.id, c.wrapped, c.wrapper_id).where(
        c.request_id == request_id, c.kind == kind, c.of_id == of_id
    )
    row = connection.execute(statement).first()
    return None if row is None else WrappedRow(*row)


def delete_request_keys(
    connection: Connection, request_id: UUID, kinds: Collection[str], of_id: UUID | None = None
) -> int:
    """How many there were."""
    c = request_keys.c
    gone = request_keys.delete().where(c.request_id == request_id, c.kind.in_(list(kinds)))
    if of_id is not None:
        gone = gone.where(c.of_id == of_id)
    return connection.execute(gone).rowcount


def delete_subject_keys(connection: Connection, kind: str, subject_ids: Iterable[SubjectId]) -> int:
    """How many there were."""
    count = 0
    for batch in in_batches(subject_ids):
        count += connection.execute(
            subject_keys.delete().where(subject_keys.c.kind == kind, subject_keys.c.subject_id.in_(batch))
        ).rowcount
    return count


def restrict_proof_key(
    connection: Connection, subject_id: SubjectId, at: Instant, purge_at: Instant | None, kept_by: str | None
) -> int:
    since = sa.func.coalesce(subject_keys.c.restricted_at, at)
    return connection.execute(
        subject_keys.update()
        .where(subject_keys.c.subject_id == subject_id, subject_keys.c.kind == "proof")
        .values(restricted_at=since, purge_at=purge_at, kept_by=kept_by)
    ).rowcount


def delete_due_proof_keys(connection: Connection, at: Instant, limit: int) -> dict[SubjectId, str | None]:
    """Whose they were, with why each was kept. Two processes that do so at once share the work."""
    c = subject_keys.c
    due = (
        sa.select(c.id)
        .where(c.kind == "proof", c.purge_at <= at)
        .order_by(c.purge_at, c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(due).scalars())
    gone = subject_keys.delete().where(c.id.in_(ids)).returning(c.subject_id, c.kept_by)
    rows = connection.execute(gone).all() if ids else []
    return {SubjectId(row.subject_id): row.kept_by for row in sorted(rows)}


class KeptProofs(NamedTuple):
    """Of the proof keys that one rule keeps after an erasure."""

    kept_by: str | None
    kept: int
    due: int
    soon: int
    next: Instant | None


def kept_proofs(connection: Connection, at: Instant, soon: Instant) -> list[KeptProofs]:
    """By what keeps them: how many there are, how many are due `at` that instant, how many more by `soon`,
    and when the first of those that are not due will be.
    """
    c = subject_keys.c
    later = sa.case((c.purge_at > at, c.purge_at))
    statement = (
        sa.select(
            c.kept_by,
            sa.func.count(),
            sa.func.count(sa.case((c.purge_at <= at, 1))),
            sa.func.count(sa.case((sa.and_(c.purge_at > at, c.purge_at <= soon), 1))),
            sa.func.min(later),
        )
        .where(c.kind == "proof", c.restricted_at.is_not(None))
        .group_by(c.kept_by)
        .order_by(c.kept_by)
    )
    return [KeptProofs(*row) for row in connection.execute(statement)]


class LinkedCopy(NamedTuple):
    """An identifier still under an old look-up key, with one sealed copy of what it is."""

    identifier_id: UUID
    scheme: str
    link_id: UUID
    subject_id: SubjectId
    sealed: bytes


def identifiers_below(connection: Connection, version: int, after: UUID | None, limit: int) -> list[UUID]:
    """Ids of identifiers under a look-up key older than `version`, in order, after `after`."""
    statement = sa.select(identifiers.c.id).where(identifiers.c.key_version < version)
    if after is not None:
        statement = statement.where(identifiers.c.id > after)
    return list(
        connection.execute(statement.order_by(identifiers.c.id).limit(limit).with_for_update()).scalars()
    )


def linked_copies(connection: Connection, identifier_ids: Sequence[UUID]) -> Iterator[LinkedCopy]:
    for batch in in_batches(identifier_ids):
        statement = (
            sa.select(
                identifiers.c.id,
                identifiers.c.scheme,
                identifier_links.c.id,
                identifier_links.c.subject_id,
                identifier_links.c.sealed,
            )
            .join(identifier_links, identifier_links.c.identifier_id == identifiers.c.id)
            .where(identifiers.c.id.in_(batch))
        )
        for row in connection.execute(statement):
            yield LinkedCopy(*row)


def taken(connection: Connection, scheme: str, blind_index: bytes) -> bool:
    statement = sa.select(identifiers.c.id).where(
        identifiers.c.blind_index == blind_index, identifiers.c.scheme == scheme
    )
    return connection.execute(statement).first() is not None


def rehash(connection: Connection, identifier_id: UUID, blind_index: bytes, version: int) -> None:
    connection.execute(
        identifiers.update()
        .where(identifiers.c.id == identifier_id)
        .values(blind_index=blind_index, key_version=version)
    )


def any_identifier_under(connection: Connection, version: int) -> bool:
    statement = sa.select(identifiers.c.id).where(identifiers.c.key_version == version).limit(1)
    return connection.execute(statement).first() is not None


class KeyCounts(NamedTuple):
    content: int
    proof: int
    restricted: int
    next_purge: Instant | None


def count_subject_keys(connection: Connection) -> KeyCounts:
    counted = {
        (kind, restricted): (count, Instant(due) if due is not None else None)
        for kind, restricted, count, due in connection.execute(
            sa.select(
                subject_keys.c.kind,
                subject_keys.c.restricted_at.is_not(None),
                sa.func.count(),
                sa.func.min(subject_keys.c.purge_at),
            ).group_by(subject_keys.c.kind, subject_keys.c.restricted_at.is_not(None))
        )
    }
    restricted, next_purge = counted.get(("proof", True), (0, None))
    live = counted.get(("proof", False), (0, None))[0]
    return KeyCounts(counted.get(("content", False), (0, None))[0], live + restricted, restricted, next_purge)


def key_dates(
    connection: Connection,
) -> list[tuple[str, int, Instant, Instant | None, Instant | None]]:
    """use, version, created, retired, destroyed of every key, by use."""
    return [
        (row.use, row.version, row.created_at, row.retired_at, row.destroyed_at)
        for row in connection.execute(
            sa.select(
                keys.c.use, keys.c.version, keys.c.created_at, keys.c.retired_at, keys.c.destroyed_at
            ).order_by(keys.c.use, keys.c.version)
        )
    ]
