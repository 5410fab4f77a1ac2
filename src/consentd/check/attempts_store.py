"""SQL of reported attempts, and of the permits that reserve them."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.consent import attempts, permits
from consentd.db.tables.lists import list_uses, lists

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


def attempts_of(connection: sa.Connection, subjects: Collection[UUID]) -> list[sa.RowMapping]:
    """Every reported attempt at these people, in the order in which they were made."""
    statement = sa.select(attempts).where(attempts.c.subject_id.in_(list(subjects)))
    return list(connection.execute(statement.order_by(attempts.c.happened, attempts.c.id)).mappings())


def permits_of(connection: sa.Connection, subjects: Collection[UUID]) -> list[sa.RowMapping]:
    statement = sa.select(permits).where(permits.c.subject_id.in_(list(subjects)))
    return list(connection.execute(statement.order_by(permits.c.issued, permits.c.id)).mappings())


def list_uses_of(connection: sa.Connection, subjects: Collection[UUID]) -> list[sa.RowMapping]:
    """channel, used, purpose, system_id of the last list for each channel that relied on their consent."""
    statement = (
        sa.select(list_uses.c.channel, list_uses.c.used, lists.c.purpose, lists.c.system_id)
        .outerjoin(lists, lists.c.id == list_uses.c.list_id)
        .where(list_uses.c.subject_id.in_(list(subjects)))
        .order_by(list_uses.c.used, list_uses.c.channel)
    )
    return list(connection.execute(statement).mappings())
