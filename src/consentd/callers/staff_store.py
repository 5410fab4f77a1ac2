"""SQL of the staff. Decides nothing."""

from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.callers import staff
from consentd.db.unit import Unit

Row: TypeAlias = sa.RowMapping


def add(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(staff.insert(), row)


def leave(unit: Unit, id_: UUID) -> bool:
    """Whether they were there."""
    there = staff.update().where(staff.c.id == id_, staff.c.left_at.is_(None))
    return unit.connection.execute(there.values(left_at=unit.now)).rowcount == 1


def everyone(connection: sa.Connection) -> list[Row]:
    return list(connection.execute(sa.select(staff).order_by(staff.c.id)).mappings())


def one(connection: sa.Connection, id_: UUID) -> Row | None:
    return connection.execute(sa.select(staff).where(staff.c.id == id_)).mappings().first()


def present(connection: sa.Connection) -> int:
    here = sa.select(sa.func.count()).select_from(staff).where(staff.c.left_at.is_(None))
    return int(connection.execute(here).scalar_one())
