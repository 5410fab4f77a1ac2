"""SQL of the rows of `expiries`: one for each silo and run. Decides nothing."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db import leases
from consentd.db.tables import requests as t
from consentd.db.unit import Unit
from consentd.db.upsert import insert

EXPIRIES = t.expiries


def add(unit: Unit, row: dict[str, Any]) -> bool:
    """False where the silo has one that has not ended."""
    made = insert(unit.dialect, EXPIRIES).values(row).on_conflict_do_nothing()
    return unit.connection.execute(made).rowcount == 1


def claim(unit: Unit, holder: UUID, limit: int) -> list[sa.RowMapping]:
    """What waits longest, each in a silo of its own."""
    return leases.claim(unit, EXPIRIES, holder, states=("waiting", "running"), order="next_at", limit=limit)


def touched_since(connection: sa.Connection, system: str, since: int) -> int:
    """How many rows runs that ended since then deleted or changed in one silo."""
    c = EXPIRIES.c
    statement = sa.select(sa.func.coalesce(sa.func.sum(c.touched), 0))
    return int(connection.execute(statement.where(c.system == system, c.ended_at > since)).scalar_one())


def begun_since(connection: sa.Connection, since: int) -> list[sa.RowMapping]:
    """Oldest first."""
    c = EXPIRIES.c
    statement = sa.select(EXPIRIES).where(c.created_at >= since).order_by(c.created_at, c.id)
    return list(connection.execute(statement).mappings())
