"""Idempotency keys: which call of whom was answered already, and by what."""

from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.consent import idempotency_keys
from consentd.kernel.ids import BatchId


class Row:
    __slots__ = ("batch_id", "body", "status")

    def __init__(self, batch_id: BatchId, body: bytes, status: int) -> None:
        self.batch_id = batch_id
        self.body = body
        self.status = status


def find(connection: sa.Connection, caller_id: UUID, route: str, key: bytes, since: int) -> Row | None:
    """What was remembered after `since`, or None."""
    table = idempotency_keys
    row = connection.execute(
        sa.select(table.c.batch_id, table.c.body, table.c.status).where(
            table.c.caller_id == caller_id,
            table.c.route == route,
            table.c.key == key,
            table.c.created_at > since,
        )
    ).one_or_none()
    return None if row is None else Row(BatchId(row.batch_id), row.body, row.status)


def save(
    connection: sa.Connection,
    caller_id: UUID,
    route: str,
    key: bytes,
    body: bytes,
    batch_id: BatchId,
    status: int,
    now: int,
) -> None:
    """Replaces a row that is over; of two calls that race, the second fails on the primary key."""
    table = idempotency_keys
    connection.execute(
        sa.delete(table).where(table.c.caller_id == caller_id, table.c.route == route, table.c.key == key)
    )
    connection.execute(
        sa.insert(table).values(
            caller_id=caller_id,
            route=route,
            key=key,
            body=body,
            batch_id=batch_id,
            status=status,
            created_at=now,
        )
    )


def purge(connection: sa.Connection, before: int) -> int:
    """Deletes what was made before; how many."""
    return connection.execute(
        sa.delete(idempotency_keys).where(idempotency_keys.c.created_at <= before)
    ).rowcount


def try_lock(connection: sa.Connection, number: int) -> bool:
    """PostgreSQL: whether this transaction holds the lock of that number until it ends."""
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(number))).scalar_one())
