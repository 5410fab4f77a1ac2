"""SQL of the proof of a contact: what was tried at a contact detail, and which rules were in force."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.consent import attempts, permits
from consentd.kernel.instants import Instant


def attempts_on(
    connection: sa.Connection, subjects: Collection[UUID], point: UUID, until: Instant
) -> list[sa.RowMapping]:
    """Every attempt at these people or at this contact detail before `until`, in the order in which they were
    made. One report is one attempt, however many people it was written about.
    """
    statement = (
        sa.select(attempts)
        .where(
            sa.or_(attempts.c.subject_id.in_(list(subjects)), attempts.c.contact_point_id == point),
            attempts.c.happened < until,
        )
        .order_by(attempts.c.happened, attempts.c.id)
    )
    reports: dict[UUID, sa.RowMapping] = {}
    for row in connection.execute(statement).mappings():
        reports.setdefault(row["batch_id"], row)
    return list(reports.values())


def reservations_on(
    connection: sa.Connection, subjects: Collection[UUID], point: UUID
) -> list[sa.RowMapping]:
    """Every permit for these people or for this contact detail: while it is open, it counts as an attempt."""
    statement = sa.select(
        permits.c.batch_id, permits.c.channel, permits.c.marketing, permits.c.issued, permits.c.expires
    )
    named = sa.or_(permits.c.subject_id.in_(list(subjects)), permits.c.contact_point_id == point)
    found = {row["batch_id"]: row for row in connection.execute(statement.where(named)).mappings()}
    return list(found.values())
