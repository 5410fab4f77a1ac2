"""SQL of the proof of a contact: what was tried at a contact detail, and which rules were in force."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.consent import attempts, permits
from consentd.kernel.instants import Instant


def attempts_on(
    connection: sa.Connection, subjects: Collection[UUID], point: UUID, until: Instant
) -> list[dict[str, Any]]:
    """Every attempt at these people or at this contact detail before `until`, in the order in which they were
    made. One report is one attempt, however many people it was written about: those are its `meant`.
    """
    statement = (
        sa.select(attempts)
        .where(
            sa.or_(attempts.c.subject_id.in_(list(subjects)), attempts.c.contact_point_id == point),
            attempts.c.happened < until,
        )
        .order_by(attempts.c.happened, attempts.c.id)
    )
    return _together(connection.execute(statement).mappings())


def reservations_on(
    connection: sa.Connection, subjects: Collection[UUID], point: UUID
) -> list[dict[str, Any]]:
    """Every permit for these people or for this contact detail, in the same way: while it is open, it counts
    as an attempt.
    """
    columns = ("batch_id", "subject_id", "contact_point_id", "channel", "marketing", "issued", "expires")
    statement = sa.select(*(permits.c[name] for name in columns))
    named = sa.or_(permits.c.subject_id.in_(list(subjects)), permits.c.contact_point_id == point)
    return _together(connection.execute(statement.where(named).order_by(permits.c.id)).mappings())


def _together(rows: Iterable[sa.RowMapping]) -> list[dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row["batch_id"], {**row, "meant": set()})
        one["meant"].add(row["subject_id"])
    return list(found.values())
