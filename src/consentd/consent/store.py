"""SQL of consent: events, objections, and the states folded from them."""

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.consent.events import slots_of
from consentd.db.prepared import Read, Write
from consentd.db.tables import consent as t
from consentd.db.tables.lists import list_uses
from consentd.db.tables.people import subject_edges, subjects
from consentd.db.unit import Dialect, Unit
from consentd.db.upsert import insert as upsert
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import EventId, GroupId
from consentd.kernel.instants import Instant
from consentd.kernel.states import ConsentState, Ground, Proof

EVENTS = t.consent_events
OBJECTIONS = t.objections

_STATE_KEY = ("group_id", "purpose", "channel", "contact_point_id")
_OBJECTION_KEY = ("group_id", "purpose", "channel", "contact_point_id", "ground")


class _StateRow(NamedTuple):
    """The columns of `consent_states`, in their order."""

    group_id: GroupId
    purpose: str
    channel: str
    contact_point_id: UUID
    state: str
    effective: Instant
    event_id: EventId
    proof: str
    explicit: bool
    parental: bool
    notice_id: str | None
    notice_version: str | None
    slots: str | None
    own_act: Instant | None


_COLUMNS = [t.consent_states.c[name] for name in _StateRow._fields]
_STATES = sa.select(*_COLUMNS).where(t.consent_states.c.group_id == sa.bindparam("wanted"))
_STATES_OF_PURPOSES = _STATES.where(t.consent_states.c.purpose.in_(sa.bindparam("purposes", expanding=True)))
_STATES_OF_PURPOSE = Read(_STATES.where(t.consent_states.c.purpose == sa.bindparam("about")), _StateRow._make)
_OBJECTION_STATES = sa.select(t.objection_states).where(
    t.objection_states.c.group_id == sa.bindparam("wanted")
)


def states(
    connection: sa.Connection, group: GroupId, purposes: Collection[str] | None = None
) -> dict[StateKey, State]:
    """What stands for a person; of these purposes only, if told."""
    if purposes is None:
        rows = list(map(_StateRow._make, connection.execute(_STATES, {"wanted": group})))
    elif len(purposes) == 1:
        rows = _STATES_OF_PURPOSE.all(connection, {"wanted": group, "about": next(iter(purposes))})
    else:
        asked = {"wanted": group, "purposes": list(purposes)}
        rows = list(map(_StateRow._make, connection.execute(_STATES_OF_PURPOSES, asked)))
    found = [_state(row) for row in rows]
    return {state.key: state for state in found}


def _state(row: _StateRow) -> State:
    return State(
        key=StateKey(row.purpose, row.channel, row.contact_point_id),
        state=ConsentState(row.state),
        effective=row.effective,
        event=row.event_id,
        proof=Proof(row.proof),
        explicit=row.explicit,
        parental=row.parental,
        notice_id=row.notice_id,
        notice_version=row.notice_version,
        slots=slots_of(row.slots),
        own_act=row.own_act,
    )


def put_states(unit: Unit, group: GroupId, found: Iterable[State]) -> None:
    rows = [
        {
            "group_id": group,
            "purpose": state.key.purpose,
            "channel": state.key.channel,
            "contact_point_id": state.key.contact_point,
            "state": state.state.value,
            "effective": state.effective,
            "event_id": state.event,
            "proof": state.proof.value,
            "explicit": state.explicit,
            "parental": state.parental,
            "notice_id": state.notice_id,
            "notice_version": state.notice_version,
            "slots": json.dumps(state.slots) if state.slots else None,
            "own_act": state.own_act,
        }
        for state in found
    ]
    if rows:
        _upsert_states(unit.dialect).run(unit.connection, rows)


@cache
def _upsert_states(dialect: Dialect) -> Write:
    insert = upsert(dialect, t.consent_states)
    changed = {
        column.name: insert.excluded[column.name]
        for column in t.consent_states.c
        if column.name not in _STATE_KEY
    }
    return Write(insert.on_conflict_do_update(index_elements=_STATE_KEY, set_=changed), _StateRow._fields)


def objection_states(connection: sa.Connection, group: GroupId) -> list[Objection]:
    return [_objection(row) for row in connection.execute(_OBJECTION_STATES, {"wanted": group}).mappings()]


def _objection(row: Any) -> Objection:  # Any: a row mapping
    return Objection(
        purpose=None if row["purpose"] == "*" else row["purpose"],
        channel=None if row["channel"] == "*" else row["channel"],
        contact_point=row["contact_point_id"],
        ground=Ground(row["ground"]),
        since=row["since"],
        event=row["event_id"],
    )


def put_objections(unit: Unit, group: GroupId, found: Iterable[Objection]) -> None:
    rows = [
        {
            "group_id": group,
            "purpose": objection.purpose or "*",
            "channel": objection.channel or "*",
            "contact_point_id": objection.contact_point,
            "ground": objection.ground.value,
            "since": objection.since,
            "event_id": objection.event,
        }
        for objection in found
    ]
    if rows:
        insert = upsert(unit.dialect, t.objection_states)
        unit.connection.execute(
            insert.on_conflict_do_update(
                index_elements=_OBJECTION_KEY,
                set_={"since": insert.excluded.since, "event_id": insert.excluded.event_id},
            ),
            rows,
        )


def forget_states(unit: Unit, groups: Collection[UUID]) -> None:
    for table in (t.consent_states, t.objection_states):
        unit.connection.execute(table.delete().where(table.c.group_id.in_(list(groups))))


def events_of(connection: sa.Connection, subjects: Collection[UUID]) -> list[sa.RowMapping]:
    """Every consent event of these subjects, in the order in which they arrived."""
    return _of(connection, EVENTS, subjects)


def objections_of(connection: sa.Connection, subjects: Collection[UUID]) -> list[sa.RowMapping]:
    return _of(connection, OBJECTIONS, subjects)


def _of(connection: sa.Connection, table: sa.Table, subjects: Collection[UUID]) -> list[sa.RowMapping]:
    statement = (
        sa.select(table).where(table.c.subject_id.in_(list(subjects))).order_by(table.c.arrived, table.c.id)
    )
    return list(connection.execute(statement).mappings())


def batch(connection: sa.Connection, batch_id: UUID) -> tuple[list[sa.RowMapping], list[sa.RowMapping]]:
    """The consent events and the objections of one recording act, in the order of the request."""
    found = [
        list(
            connection.execute(
                sa.select(table).where(table.c.batch_id == batch_id).order_by(table.c.position, table.c.id)
            ).mappings()
        )
        for table in (EVENTS, OBJECTIONS)
    ]
    return found[0], found[1]


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


def history_page(
    connection: sa.Connection, subjects: Sequence[UUID], before: tuple[int, UUID] | None, limit: int
) -> list[sa.RowMapping]:
    """Consent events, the latest to arrive first, behind a cursor of (arrived, id)."""
    statement = sa.select(EVENTS).where(EVENTS.c.subject_id.in_(list(subjects)))
    if before is not None:
        arrived, id_ = before
        statement = statement.where(
            sa.or_(EVENTS.c.arrived < arrived, sa.and_(EVENTS.c.arrived == arrived, EVENTS.c.id < id_))
        )
    statement = statement.order_by(EVENTS.c.arrived.desc(), EVENTS.c.id.desc()).limit(limit)
    return list(connection.execute(statement).mappings())


def events_by_id(connection: sa.Connection, ids: Collection[UUID]) -> list[sa.RowMapping]:
    return list(
        connection.execute(
            sa.select(EVENTS).where(EVENTS.c.id.in_(list(ids))).order_by(EVENTS.c.position, EVENTS.c.id)
        ).mappings()
    )


def objections_by_id(connection: sa.Connection, ids: Collection[UUID]) -> list[sa.RowMapping]:
    return list(
        connection.execute(
            sa.select(OBJECTIONS)
            .where(OBJECTIONS.c.id.in_(list(ids)))
            .order_by(OBJECTIONS.c.position, OBJECTIONS.c.id)
        ).mappings()
    )


# --- rebuilding


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


def stray_groups(connection: sa.Connection) -> list[UUID]:
    """Groups that have states although nobody alive is in them."""
    alive = sa.select(subjects.c.group_id).where(subjects.c.erased_at.is_(None))
    return [
        group
        for table in (t.consent_states, t.objection_states)
        for group in connection.execute(
            sa.select(table.c.group_id).where(table.c.group_id.not_in(alive)).distinct()
        ).scalars()
    ]


def states_of_groups(
    connection: sa.Connection, groups: Collection[UUID]
) -> dict[UUID, dict[StateKey, State]]:
    found: dict[UUID, dict[StateKey, State]] = {}
    wanted = sa.select(*_COLUMNS).where(t.consent_states.c.group_id.in_(list(groups)))
    for row in map(_StateRow._make, connection.execute(wanted)):
        state = _state(row)
        found.setdefault(row.group_id, {})[state.key] = state
    return found


def objections_of_groups(
    connection: sa.Connection, groups: Collection[UUID]
) -> dict[UUID, dict[Any, Objection]]:
    found: dict[UUID, dict[Any, Objection]] = {}
    rows = connection.execute(
        sa.select(t.objection_states).where(t.objection_states.c.group_id.in_(list(groups)))
    )
    for row in rows.mappings():
        objection = _objection(row)
        found.setdefault(row["group_id"], {})[objection.scope] = objection
    return found


def last_uses(connection: sa.Connection, people: Collection[UUID]) -> dict[str, Instant]:
    """When each channel was last used to reach these subjects: every reported attempt is a use, and so is
    whatever the consent was relied on for, a permit or a list for sending.
    """
    whens = (t.attempts.c.happened, t.permits.c.issued, list_uses.c.used)
    uses = sa.union_all(
        *(
            sa.select(when.table.c.channel, when.label("used")).where(
                when.table.c.subject_id.in_(list(people))
            )
            for when in whens
        )
    ).subquery()
    rows = connection.execute(sa.select(uses.c.channel, sa.func.max(uses.c.used)).group_by(uses.c.channel))
    return {channel: Instant(last) for channel, last in rows}


def count_people(connection: sa.Connection, purpose: str, channel: str) -> int:
    table = t.consent_states
    return int(
        connection.execute(
            sa.select(sa.func.count(table.c.group_id.distinct())).where(
                table.c.purpose == purpose, table.c.channel == channel
            )
        ).scalar_one()
    )
