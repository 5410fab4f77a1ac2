"""SQL of merging: pairs that may be one person, the merges that stand, and the groups they make."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import ReadIn, Write
from consentd.db.tables import people as t
from consentd.db.tables.types import Id
from consentd.db.unit import Unit
from consentd.db.upsert import insert as upsert
from consentd.kernel.ids import GroupId, SubjectId

EDGES = t.subject_edges


def candidate_between(
    connection: sa.Connection, ones: Collection[SubjectId], others: Collection[SubjectId]
) -> sa.Row[Any] | None:
    """The candidate of two people, whichever of their records it names. The oldest, where both were joined of
    several since.
    """
    c = t.merge_candidates.c
    between = sa.or_(
        sa.and_(c.subject_a.in_(list(ones)), c.subject_b.in_(list(others))),
        sa.and_(c.subject_a.in_(list(others)), c.subject_b.in_(list(ones))),
    )
    return connection.execute(sa.select(t.merge_candidates).where(between).order_by(c.id).limit(1)).first()


def add_candidate(unit: Unit, row: dict[str, Any]) -> None:
    """Keeps each pair once, whoever found it first."""
    insert = upsert(unit.dialect, t.merge_candidates)
    unit.connection.execute(insert.on_conflict_do_nothing(index_elements=["subject_a", "subject_b"]), row)


def tell_candidate(unit: Unit, id_: UUID, reason: str, identifier_ids: str, status: str) -> None:
    """What more is known of a pair."""
    table = t.merge_candidates
    unit.connection.execute(
        table.update()
        .where(table.c.id == id_)
        .values(reason=reason, identifier_ids=identifier_ids, status=status)
    )


def close_candidate(unit: Unit, a: SubjectId, b: SubjectId, status: str) -> None:
    table = t.merge_candidates
    unit.connection.execute(
        table.update()
        .where(table.c.subject_a == min(a, b), table.c.subject_b == max(a, b))
        .values(status=status)
    )


def candidate_by_id(connection: sa.Connection, id_: UUID, *, lock: bool = False) -> sa.Row[Any] | None:
    statement = sa.select(t.merge_candidates).where(t.merge_candidates.c.id == id_)
    return connection.execute(statement.with_for_update() if lock else statement).first()


def candidates(connection: sa.Connection, status: str, after: UUID, limit: int) -> list[sa.Row[Any]]:
    """Candidates of a status in the order of their ids, behind `after`. Open ones only while they are two."""
    c = t.merge_candidates.c
    statement = sa.select(t.merge_candidates).where(c.status == status, c.id > after)
    if status == "open":
        one, other = t.subjects.alias("one"), t.subjects.alias("other")
        statement = (
            statement.join(one, one.c.id == c.subject_a)
            .join(other, other.c.id == c.subject_b)
            .where(one.c.group_id != other.c.group_id)
        )
    return list(connection.execute(statement.order_by(c.id).limit(limit)))


class EdgeRow(NamedTuple):
    id: UUID
    kind: str
    subject_a: SubjectId
    subject_b: SubjectId
    reason: str


_EDGES_AMONG = ReadIn(
    lambda among: sa.select(*(EDGES.c[name] for name in EdgeRow._fields)).where(
        sa.or_(EDGES.c.subject_a.in_(among), EDGES.c.subject_b.in_(among))
    ),
    EdgeRow._make,
    Id,
)


def edges_among(connection: sa.Connection, subjects: Collection[SubjectId]) -> list[EdgeRow]:
    """Merges and unmerges that touch these subjects, oldest first."""
    return sorted(set(_EDGES_AMONG.all(connection, list(subjects))))


def count_unmerges(connection: sa.Connection) -> int:
    statement = sa.select(sa.func.count()).select_from(EDGES).where(EDGES.c.kind == "unmerge")
    return int(connection.execute(statement).scalar_one())


_SET_GROUP = Write(
    t.subjects.update()
    .where(t.subjects.c.id == sa.bindparam("member"))
    .values(group_id=sa.bindparam("group"), merged=sa.bindparam("several"))
)


def set_group(unit: Unit, subjects: Collection[SubjectId], group: GroupId) -> None:
    """Makes exactly these the members of the group."""
    rows = [{"member": one, "group": group, "several": len(subjects) > 1} for one in subjects]
    _SET_GROUP.run(unit.connection, rows)
