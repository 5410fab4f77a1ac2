"""SQL of what stands: the states and objections folded from the events, one row for each key of a person."""

import json
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.consent.events import slots_of
from consentd.db.prepared import Read, Write
from consentd.db.tables import consent as t
from consentd.db.tables.people import subjects
from consentd.db.unit import Dialect, Unit
from consentd.db.upsert import insert as upsert
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import EventId, GroupId
from consentd.kernel.instants import Instant
from consentd.kernel.states import ConsentState, Ground, Proof

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


class _ObjectionRow(NamedTuple):
    """The columns of `objection_states`, in their order."""

    group_id: GroupId
    purpose: str
    channel: str
    contact_point_id: UUID
    ground: str
    since: Instant
    event_id: EventId


_COLUMNS = [t.consent_states.c[name] for name in _StateRow._fields]
_STATES = sa.select(*_COLUMNS).where(t.consent_states.c.group_id == sa.bindparam("wanted"))
_STATES_OF_ALL = Read(_STATES, _StateRow._make)
_STATES_OF_PURPOSE = Read(_STATES.where(t.consent_states.c.purpose == sa.bindparam("about")), _StateRow._make)
_OBJECTION_STATES = Read(
    sa.select(t.objection_states).where(t.objection_states.c.group_id == sa.bindparam("wanted")),
    _ObjectionRow._make,
)


def states(
    connection: sa.Connection, group: GroupId, purposes: Collection[str] | None = None
) -> dict[StateKey, State]:
    """What stands for a person; of these purposes only, if told."""
    if purposes is not None and len(purposes) == 1:
        rows = _STATES_OF_PURPOSE.all(connection, {"wanted": group, "about": next(iter(purposes))})
    else:
        rows = _STATES_OF_ALL.all(connection, {"wanted": group})
        if purposes is not None:
            rows = [row for row in rows if row.purpose in purposes]
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
    return [_objection(row) for row in _OBJECTION_STATES.all(connection, {"wanted": group})]


def _objection(row: _ObjectionRow) -> Objection:
    return Objection(
        purpose=None if row.purpose == "*" else row.purpose,
        channel=None if row.channel == "*" else row.channel,
        contact_point=row.contact_point_id,
        ground=Ground(row.ground),
        since=row.since,
        event=row.event_id,
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


def count_people(connection: sa.Connection, purpose: str, channel: str) -> int:
    table = t.consent_states
    return int(
        connection.execute(
            sa.select(sa.func.count(table.c.group_id.distinct())).where(
                table.c.purpose == purpose, table.c.channel == channel
            )
        ).scalar_one()
    )


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
    for row in map(_ObjectionRow._make, rows):
        objection = _objection(row)
        found.setdefault(row.group_id, {})[objection.scope] = objection
    return found
