"""SQL of groups: who was ever merged, or stands as if."""

from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.people import subject_edges, subjects
from consentd.kernel.ids import SubjectId


def merged_page(connection: sa.Connection, after: UUID, limit: int) -> list[tuple[SubjectId, UUID]]:
    """Subjects whose group is another's or who have an edge, with their group, in the order of their ids."""
    edge = sa.exists().where(subject_edges.c.subject_a == subjects.c.id)
    other_edge = sa.exists().where(subject_edges.c.subject_b == subjects.c.id)
    statement = (
        sa.select(subjects.c.id, subjects.c.group_id)
        .where(subjects.c.id > after, sa.or_(subjects.c.group_id != subjects.c.id, edge, other_edge))
        .order_by(subjects.c.id)
        .limit(limit)
    )
    return [(SubjectId(id_), group) for id_, group in connection.execute(statement)]
