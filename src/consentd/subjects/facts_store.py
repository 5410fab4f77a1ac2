"""SQL of facts: appended rows, and their sealed fold per subject."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Read, ReadIn
from consentd.db.tables import people as t
from consentd.db.tables.types import Id
from consentd.evidence.recorder import Entry
from consentd.kernel.ids import SubjectId

FACTS = t.facts


class _FactState(NamedTuple):
    subject_id: SubjectId
    sealed: bytes


class FoldedRow(NamedTuple):
    sealed: bytes
    kinds: int | None
    """See `facts.KINDS`; None where not known."""


_FACT_STATES = sa.select(t.fact_states.c.subject_id, t.fact_states.c.sealed)
_FACT_STATES_OF_ONE = Read(
    _FACT_STATES.where(t.fact_states.c.subject_id == sa.bindparam("subject")), _FactState._make
)
_FACT_STATES_OF_MANY = ReadIn(
    lambda among: _FACT_STATES.where(t.fact_states.c.subject_id.in_(among)), _FactState._make, Id
)


def fact_states(connection: sa.Connection, subjects: Collection[SubjectId]) -> dict[SubjectId, bytes]:
    if len(subjects) == 1:
        return dict(_FACT_STATES_OF_ONE.all(connection, {"subject": next(iter(subjects))}))
    return dict(_FACT_STATES_OF_MANY.all(connection, list(subjects)))


def put_fact_state(entry: Entry, subject: SubjectId, sealed: bytes, kinds: int, *, known: bool) -> None:
    """`known`: whether this subject, which must be locked, has one already."""
    if known:
        entry.update(t.fact_states, {"subject_id": [subject]}, {"sealed": sealed, "kinds": kinds})
    else:
        entry.insert(t.fact_states, {"subject_id": subject, "sealed": sealed, "kinds": kinds})


def facts_by_id(connection: sa.Connection, ids: Collection[UUID]) -> list[sa.RowMapping]:
    return list(
        connection.execute(
            sa.select(t.facts).where(t.facts.c.id.in_(list(ids))).order_by(t.facts.c.id)
        ).mappings()
    )


def facts_of_batch(connection: sa.Connection, batch: UUID) -> list[sa.RowMapping]:
    return list(
        connection.execute(
            sa.select(t.facts).where(t.facts.c.batch_id == batch).order_by(t.facts.c.id)
        ).mappings()
    )


def fact_states_page(connection: sa.Connection, after: UUID, limit: int) -> dict[SubjectId, FoldedRow]:
    """Folds in the order of their subjects' ids, behind `after`."""
    statement = (
        _FACT_STATES.add_columns(t.fact_states.c.kinds)
        .where(t.fact_states.c.subject_id > after)
        .order_by(t.fact_states.c.subject_id)
        .limit(limit)
    )
    return {SubjectId(row[0]): FoldedRow(row[1], row[2]) for row in connection.execute(statement)}


def facts_of(
    connection: sa.Connection, subjects: Collection[SubjectId]
) -> dict[SubjectId, list[sa.RowMapping]]:
    """Every fact that was recorded about these subjects."""
    found: dict[SubjectId, list[sa.RowMapping]] = {subject: [] for subject in subjects}
    columns = ("id", "subject_id", "arrived", "system_id", "entry_id", "sealed")
    statement = sa.select(*(t.facts.c[name] for name in columns))
    rows = connection.execute(statement.where(t.facts.c.subject_id.in_(list(subjects))))
    for row in rows.mappings():
        found[row["subject_id"]].append(row)
    return found
