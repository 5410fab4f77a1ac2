"""SQL of the proof of a contact: what was tried at a contact detail, and which rules were in force."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.consent import attempts
from consentd.kernel.instants import Instant


def attempts_on(
    connection: sa.Connection, subjects: Collection[UUID], point: UUID, until: Instant
) -> list[sa.RowMapping]:
    """Every attempt at these people or at this contact detail before `until`, in the order in which they were
    made.
    """
    statement = (
        sa.select(attempts)
        .where(
            sa.or_(attempts.c.subject_id.in_(list(subjects)), attempts.c.contact_point_id == point),
            attempts.c.happened < until,
        )
        .order_by(attempts.c.happened, attempts.c.id)
    )
    return list(connection.execute(statement).mappings())
