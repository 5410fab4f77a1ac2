"""SQL of merging: pairs that may be one person, the merges that stand, and the groups they make."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import people as t
from consentd.db.unit import Unit
from consentd.db.upsert import insert as upsert
from consentd.kernel.ids import GroupId, SubjectId

EDGES = t.subject_edges


def add_candidates(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    """Keeps each pair once, whoever found it first. A call that finds nothing new writes nothing."""
    table = t.merge_candidates
    for row in rows:
        pair = (table.c.subject_a == row["subject_a"], table.c.subject_b == row["subject_b"])
        if unit.connection.execute(sa.select(table.c.id).where(*pair)).first() is None:
            insert = upsert(unit.dialect, table)
            unit.connection.execute(
                insert.on_conflict_do_nothing(index_elements=["subject_a", "subject_b"]), row
            )


def close_candidate(unit: Unit, a: SubjectId, b: SubjectId, status: str) -> None:
    table = t.merge_candidates
    unit.connection.execute(
        table.update()
        .where(table.c.subject_a == min(a, b), table.c.subject_b == max(a, b))
        .values(status=status)
    )


def candidates(connection: sa.Connection, after: UUID, limit: int) -> list[sa.Row[Any]]:
    """Open candidates in the order of their ids, behind `after`."""
    table = t.merge_candidates
    return list(
        connection.execute(
            sa.select(table)
            .where(table.c.status == "open", table.c.id > after)
            .order_by(table.c.id)
            .limit(limit)
        )
    )


def edges_among(connection: sa.Connection, subjects: Collection[SubjectId]) -> list[sa.Row[Any]]:
    """Merges and unmerges that touch these subjects, oldest first."""
    table = t.subject_edges
    ids = list(subjects)
    return list(
        connection.execute(
            sa.select(table.c.kind, table.c.subject_a, table.c.subject_b)
            .where(sa.or_(table.c.subject_a.in_(ids), table.c.subject_b.in_(ids)))
            .order_by(table.c.id)
        )
    )


def set_group(unit: Unit, subjects: Collection[SubjectId], group: GroupId) -> None:
    """Makes exactly these the members of the group."""
    unit.connection.execute(
        t.subjects.update()
        .where(t.subjects.c.id.in_(list(subjects)))
        .values(group_id=group, merged=len(subjects) > 1)
    )
