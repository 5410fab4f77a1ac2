"""SQL of files on their way in: claimed under a lease, by one process at a time."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db import leases
from consentd.db.tables.imports import imports
from consentd.db.unit import Unit
from consentd.kernel.ids import SystemId

_OPEN = ("waiting", "running")


def by_digest(connection: sa.Connection, system: SystemId, digest: bytes) -> sa.RowMapping | None:
    statement = sa.select(imports).where(imports.c.system_id == system, imports.c.digest == digest)
    return connection.execute(statement).mappings().first()


def by_id(connection: sa.Connection, id_: UUID) -> sa.RowMapping | None:
    return connection.execute(sa.select(imports).where(imports.c.id == id_)).mappings().first()


def add(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(imports.insert(), row)


def claim(unit: Unit, holder: UUID) -> sa.RowMapping | None:
    """The oldest that waits, or whose holder's lease ran out; None where there is nothing to do."""
    rows = leases.claim(unit, imports, holder, states=_OPEN, order="created_at")
    return rows[0] if rows else None


def held(unit: Unit, id_: UUID, holder: UUID, values: dict[str, Any]) -> bool:
    """Writes, if this process still holds the lease; whether it does."""
    return leases.keep(unit, imports, id_, holder, values)


def change(unit: Unit, id_: UUID, values: dict[str, Any]) -> None:
    unit.connection.execute(imports.update().where(imports.c.id == id_).values(values))


def begin_again(unit: Unit, id_: UUID, values: dict[str, Any]) -> None:
    """A file that was refused or failed was sent once more, or is to be tried once more."""
    emptied = {"state": "waiting", "reason": None, "report": None, "finished_at": None, "lease_holder": None}
    change(unit, id_, emptied | {"lease_until": None, "attempts": 0, "next_at": unit.now} | values)


def unfinished(connection: sa.Connection) -> set[UUID]:
    return set(connection.execute(sa.select(imports.c.id).where(imports.c.state.in_(_OPEN))).scalars())
