"""SQL of files on their way in: claimed under a lease, by one process at a time."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.imports import imports
from consentd.db.unit import Unit
from consentd.kernel.ids import SystemId
from consentd.kernel.instants import Instant

_OPEN = ("waiting", "running")


def by_digest(connection: sa.Connection, system: SystemId, digest: bytes) -> sa.RowMapping | None:
    statement = sa.select(imports).where(imports.c.system_id == system, imports.c.digest == digest)
    return connection.execute(statement).mappings().first()


def by_id(connection: sa.Connection, id_: UUID) -> sa.RowMapping | None:
    return connection.execute(sa.select(imports).where(imports.c.id == id_)).mappings().first()


def add(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(imports.insert(), row)


def claim(unit: Unit, holder: UUID, until: Instant) -> sa.RowMapping | None:
    """The oldest that waits, or whose holder's lease ran out; None where there is nothing to do."""
    statement = (
        sa.select(imports)
        .where(
            imports.c.state.in_(_OPEN),
            imports.c.next_at <= unit.now,
            sa.or_(imports.c.lease_until.is_(None), imports.c.lease_until <= unit.now),
        )
        .order_by(imports.c.created_at, imports.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = unit.connection.execute(statement).mappings().first()
    if row is None:
        return None
    change(unit, row["id"], {"state": "running", "lease_holder": holder, "lease_until": until})
    return row


def held(unit: Unit, id_: UUID, holder: UUID, values: dict[str, Any]) -> bool:
    """Writes, if this process still holds the lease; whether it does."""
    statement = imports.update().where(imports.c.id == id_, imports.c.lease_holder == holder)
    return unit.connection.execute(statement.values(values)).rowcount == 1


def change(unit: Unit, id_: UUID, values: dict[str, Any]) -> None:
    unit.connection.execute(imports.update().where(imports.c.id == id_).values(values))


def begin_again(unit: Unit, id_: UUID, values: dict[str, Any]) -> None:
    """A file that was refused or failed was sent once more, or is to be tried once more."""
    emptied = {"state": "waiting", "reason": None, "report": None, "finished_at": None, "lease_holder": None}
    change(unit, id_, emptied | {"lease_until": None, "attempts": 0, "next_at": unit.now} | values)


def unfinished(connection: sa.Connection) -> set[UUID]:
    return set(connection.execute(sa.select(imports.c.id).where(imports.c.state.in_(_OPEN))).scalars())
