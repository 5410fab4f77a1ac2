"""SQL of facts: appended rows, and their sealed fold per subject."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Read
from consentd.db.tables import people as t
from consentd.db.unit import Unit
from consentd.db.upsert import insert as upsert
from consentd.kernel.ids import SubjectId

FACTS = t.facts


class _FactState(NamedTuple):
    subject_id: SubjectId
    sealed: bytes


_FACT_STATES = sa.select(t.fact_states.c.subject_id, t.fact_states.c.sealed)
_FACT_STATES_OF_ONE = Read(
    _FACT_STATES.where(t.fact_states.c.subject_id == sa.bindparam("subject")), _FactState._make
)
_FACT_STATES_OF_MANY = _FACT_STATES.where(
    t.fact_states.c.subject_id.in_(sa.bindparam("subjects", expanding=True))
)


def fact_states(connection: sa.Connection, subjects: Collection[SubjectId]) -> dict[SubjectId, bytes]:
    if len(subjects) == 1:
        return dict(_FACT_STATES_OF_ONE.all(connection, {"subject": next(iter(subjects))}))
    rows = connection.execute(_FACT_STATES_OF_MANY, {"subjects": list(subjects)})
    return {SubjectId(row[0]): row[1] for row in rows}


def put_fact_state(unit: Unit, subject: SubjectId, sealed: bytes) -> None:
    insert = upsert(unit.dialect, t.fact_states)
    unit.connection.execute(
        insert.on_conflict_do_update(index_elements=["subject_id"], set_={"sealed": insert.excluded.sealed}),
        {"subject_id": subject, "sealed": sealed},
    )


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
