"""SQL of groups: who was ever merged, or stands as if."""

from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.people import subject_edges, subjects
from consentd.kernel.ids import SubjectId


class Standing(NamedTuple):
    id: SubjectId
    group: UUID
    merged: bool


def merged_page(connection: sa.Connection, after: UUID, limit: int) -> list[Standing]:
    """Subjects who stand as merged or who have an edge, in the order of their ids."""
    edge = sa.exists().where(subject_edges.c.subject_a == subjects.c.id)
    other_edge = sa.exists().where(subject_edges.c.subject_b == subjects.c.id)
    statement = (
        sa.select(subjects.c.id, subjects.c.group_id, subjects.c.merged)
        .where(
            subjects.c.id > after,
            sa.or_(subjects.c.group_id != subjects.c.id, subjects.c.merged, edge, other_edge),
        )
        .order_by(subjects.c.id)
        .limit(limit)
    )
    return [Standing._make(row) for row in connection.execute(statement)]
