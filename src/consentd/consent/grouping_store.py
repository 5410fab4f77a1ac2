"""SQL of groups: who is one person with whom, was ever, or stands as if."""

from collections.abc import Collection
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


def ever_merged_with(connection: sa.Connection, subjects: Collection[UUID]) -> set[UUID]:
    """These subjects and all that were ever one person with one of them, still or no longer."""
    reached = set(subjects)
    fresh = set(subjects)
    while fresh:
        rows = connection.execute(
            sa.select(subject_edges.c.subject_a, subject_edges.c.subject_b).where(
                sa.or_(subject_edges.c.subject_a.in_(list(fresh)), subject_edges.c.subject_b.in_(list(fresh)))
            )
        )
        fresh = {id_ for row in rows for id_ in row} - reached
        reached |= fresh
    return reached


def any_edges(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(subject_edges.c.id).limit(1)).first() is not None


def groups_page(connection: sa.Connection, after: UUID, limit: int) -> list[tuple[UUID, tuple[UUID, ...]]]:
    """Groups of people who were not erased, with their members, in the order of their ids."""
    groups = (
        sa.select(subjects.c.group_id)
        .where(subjects.c.group_id > after, subjects.c.erased_at.is_(None))
        .distinct()
        .order_by(subjects.c.group_id)
        .limit(limit)
    )
    rows = connection.execute(
        sa.select(subjects.c.group_id, subjects.c.id)
        .where(subjects.c.group_id.in_(groups), subjects.c.erased_at.is_(None))
        .order_by(subjects.c.group_id, subjects.c.id)
    )
    found: dict[UUID, list[UUID]] = {}
    for group, member in rows:
        found.setdefault(group, []).append(member)
    return [(group, tuple(members)) for group, members in found.items()]
