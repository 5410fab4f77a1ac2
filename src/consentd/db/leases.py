"""Work that must finish: claiming, keeping and handing over rows that carry their own lease (docs/data.md).

A row of a domain's own table is the one place where a piece of work has a state. It names who holds it and
until when; a holder proves so in every unit that it writes, so that one which slept while another took over
changes nothing. A dead holder's lease runs out, and the row is anybody's again. On PostgreSQL many processes
claim side by side (SKIP LOCKED); on SQLite the one writer hands out.

Tables have the columns id, state, next_at, lease_holder, lease_until and attempts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.unit import Unit
from consentd.kernel.errors import ConsentdError, Unavailable
from consentd.kernel.instants import SECOND, Instant

LEASE_SECONDS = 30
_MOST_SECONDS = 3600


class LostLease(Unavailable):
    """Another process took over; what this one was about to write is undone."""


@asynccontextmanager
async def renewing(
    renew: Callable[[], Awaitable[object]], failed: Callable[[ConsentdError], object]
) -> AsyncIterator[None]:
    """Renews a lease while the block works, which may take longer than one lasts. `renew` raises LostLease
    where another process has it: what the block then writes proves the lease itself. `failed`: told what
    kept it from being renewed once.
    """

    async def beat() -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                await renew()
            except LostLease:
                return
            except ConsentdError as error:
                failed(error)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


def claim(
    unit: Unit,
    table: sa.Table,
    holder: UUID,
    *,
    states: Collection[str],
    order: str,
    limit: int = 1,
    only: sa.ColumnElement[bool] | None = None,
) -> list[sa.RowMapping]:
    """Up to `limit` rows that wait and whose time has come, or whose holder's lease ran out; oldest first by
    `order`. They are `running` and the holder's from now on; returned as they were before.

    `only`: which rows.
    """
    c = table.c
    statement = (
        sa.select(table)
        .where(
            c.state.in_(list(states)),
            c.next_at <= unit.now,
            sa.or_(c.lease_until.is_(None), c.lease_until <= unit.now),
        )
        .order_by(c[order], c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if only is not None:
        statement = statement.where(only)
    rows = list(unit.connection.execute(statement).mappings())
    if rows:
        taken = {"state": "running", "lease_holder": holder, "lease_until": until(unit)}
        unit.connection.execute(table.update().where(c.id.in_([row["id"] for row in rows])).values(taken))
    return rows


def waiting(
    connection: sa.Connection, table: sa.Table, column: str, *, states: Collection[str], now: int
) -> list[Any]:
    """The values of a column among the rows that could be claimed now."""
    c = table.c
    statement = (
        sa.select(c[column])
        .where(
            c.state.in_(list(states)),
            c.next_at <= now,
            sa.or_(c.lease_until.is_(None), c.lease_until <= now),
        )
        .distinct()
        .order_by(c[column])
    )
    return list(connection.execute(statement).scalars())


def keep(unit: Unit, table: sa.Table, id_: UUID, holder: UUID, values: Mapping[str, Any]) -> bool:
    """Writes to a row, if this holder still has it; whether it does."""
    statement = table.update().where(table.c.id == id_, table.c.lease_holder == holder)
    return unit.connection.execute(statement.values(dict(values))).rowcount == 1


def until(unit: Unit) -> Instant:
    """How long a lease lasts that is taken or renewed now."""
    return Instant(unit.now + LEASE_SECONDS * SECOND)


RELEASED: dict[str, Any] = {"lease_holder": None, "lease_until": None}
"""What lets go of a row, in the values of `keep`."""


def backoff(attempts: int, least: float = 1.0) -> float:
    """Seconds before the next try after so many: doubled each time, an hour at most."""
    return float(min(least * 2 ** min(attempts, 30), _MOST_SECONDS))
