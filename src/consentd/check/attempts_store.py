"""SQL of reported attempts, and of the permits that reserve them."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.consent import attempts, permits

ATTEMPTS = attempts
PERMITS = permits


def attempts_by_id(connection: sa.Connection, ids: Collection[UUID]) -> list[sa.RowMapping]:
    statement = sa.select(attempts).where(attempts.c.id.in_(list(ids))).order_by(attempts.c.id)
    return list(connection.execute(statement).mappings())


def attempts_of_batch(connection: sa.Connection, batch: UUID) -> list[sa.RowMapping]:
    statement = sa.select(attempts).where(attempts.c.batch_id == batch).order_by(attempts.c.id)
    return list(connection.execute(statement).mappings())


def permit(connection: sa.Connection, number: UUID) -> list[sa.RowMapping]:
    """A permit's rows, one for each person meant; none where there is no such permit."""
    statement = sa.select(permits).where(permits.c.batch_id == number).order_by(permits.c.id)
    return list(connection.execute(statement).mappings())
