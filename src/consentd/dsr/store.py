"""SQL of requests, their steps, and what silos were asked and answered. Decides nothing."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db import leases
from consentd.db.tables import requests as t
from consentd.db.unit import Unit
from consentd.dsr.rights import SAID_WHEN_ASKED

REQUESTS = t.requests
STEPS = t.request_steps
TASKS = t.silo_tasks
ANSWERS = t.silo_answers
CERTIFICATES = t.certificates
OVER = "request_over"
"""Why a task ended unasked."""


def request(connection: sa.Connection, id_: UUID, *, lock: bool = False) -> sa.RowMapping | None:
    statement = sa.select(t.requests).where(t.requests.c.id == id_)
    if lock:
        statement = statement.with_for_update()
    return connection.execute(statement).mappings().first()


def listed(
    connection: sa.Connection,
    states: Collection[str],
    after: tuple[str, UUID] | None,
    limit: int,
    *,
    unwritten: bool = False,
) -> list[sa.RowMapping]:
    """Those in one of these states, in any if none is named; whose time ends first comes first. `unwritten`:
    also those of which staff have to write.
    """
    c = t.requests.c
    statement = sa.select(t.requests).order_by(c.legal_due, c.id).limit(limit)
    if states:
        wanted = c.state.in_(list(states))
        waiting = c.id.in_(sa.select(t.request_steps.c.request_id).where(to_write()))
        statement = statement.where(sa.or_(wanted, waiting) if unwritten else wanted)
    if after is not None:
        due, id_ = after
        statement = statement.where(sa.or_(c.legal_due > due, sa.and_(c.legal_due == due, c.id > id_)))
    return list(connection.execute(statement).mappings())


def open_of(connection: sa.Connection, subject: UUID, states: Collection[str]) -> list[UUID]:
    c = t.requests.c
    statement = sa.select(c.id).where(c.subject_id == subject, c.state.in_(list(states))).order_by(c.id)
    return list(connection.execute(statement).scalars())


def of_rights(
    connection: sa.Connection, members: Collection[UUID], rights: Collection[str]
) -> list[sa.RowMapping]:
    """Requests about one person, oldest first."""
    c = t.requests.c
    about = (c.subject_id.in_(list(members)), c.right.in_(list(rights)))
    statement = sa.select(t.requests).where(*about).order_by(c.created_at, c.id)
    return list(connection.execute(statement).mappings())


def begun_since(connection: sa.Connection, right: str, since: int) -> int:
    c = t.requests.c
    counted = sa.select(sa.func.count()).select_from(t.requests).where(c.right == right, c.created_at > since)
    return int(connection.execute(counted).scalar_one())


def states_of_right(connection: sa.Connection, right: str, since: int) -> list[str]:
    """Of each request of this right that came in since."""
    c = t.requests.c
    return list(
        connection.execute(sa.select(c.state).where(c.right == right, c.created_at >= since)).scalars()
    )


def answers_of_right(connection: sa.Connection, right: str, since: int) -> list[sa.RowMapping]:
    """What silos answered about those, in the order in which they did."""
    c, a = t.requests.c, t.silo_answers.c
    told = sa.select(a.task_id, a.system, a.verb, a.verdict, a.parts)
    told = told.join(t.requests, c.id == a.request_id).where(c.right == right, c.created_at >= since)
    return list(connection.execute(told.order_by(a.at, a.id)).mappings())


def last_proven(connection: sa.Connection, subjects: Collection[UUID]) -> int | None:
    """When the latest request of these came in about which it was shown who asks."""
    c = t.requests.c
    theirs = (c.subject_id.in_(list(subjects)), c.proof > 0, c.right != "retention")
    statement = sa.select(sa.func.max(c.created_at)).where(*theirs)
    return connection.execute(statement).scalar()


def steps(connection: sa.Connection, request_id: UUID) -> list[sa.RowMapping]:
    """In the order in which they were taken."""
    c = t.request_steps.c
    statement = sa.select(t.request_steps).where(c.request_id == request_id).order_by(c.at, c.id)
    return list(connection.execute(statement).mappings())


def steps_of(connection: sa.Connection, requests: Collection[UUID]) -> dict[UUID, list[sa.RowMapping]]:
    """Of each of these requests its steps, in the order in which they were taken."""
    c = t.request_steps.c
    statement = sa.select(t.request_steps).where(c.request_id.in_(list(requests))).order_by(c.at, c.id)
    found: dict[UUID, list[sa.RowMapping]] = {id_: [] for id_ in requests}
    for row in connection.execute(statement).mappings():
        found[row["request_id"]].append(row)
    return found


def to_write() -> sa.ColumnElement[bool]:
    """Of a step: it has staff tell the person something by hand, and none that came after says that they did.
    What was said when it was asked is told to nobody again.
    """
    c, later, r = t.request_steps.c, t.request_steps.alias("later"), t.requests.alias("about")
    same = (later.c.request_id == c.request_id, later.c.moment == c.moment)
    written = sa.exists().where(*same, later.c.on_day.is_not(None))
    rights = [right.value for right in SAID_WHEN_ASKED]
    said = sa.exists().where(r.c.id == c.request_id, r.c.right.in_(rights), c.moment.like("answer%"))
    return sa.and_(c.moment.is_not(None), c.on_day.is_(None), ~written, ~said)


def tasks(connection: sa.Connection, request_id: UUID) -> list[sa.RowMapping]:
    c = t.silo_tasks.c
    statement = sa.select(t.silo_tasks).where(c.request_id == request_id).order_by(c.created_at, c.id)
    return list(connection.execute(statement).mappings())


# Asked at each answer of each silo: made once, and without what is sealed (`bench/dsr.py` watches them).
_TASKS_TOLD = sa.select(
    t.silo_tasks.c.id,
    t.silo_tasks.c.system,
    t.silo_tasks.c.verb,
    t.silo_tasks.c.state,
    t.silo_tasks.c.verdict,
).where(t.silo_tasks.c.request_id == sa.bindparam("request"))
_PARTS_TOLD = (
    sa.select(t.silo_answers.c.task_id, t.silo_answers.c.parts)
    .where(t.silo_answers.c.request_id == sa.bindparam("request"))
    .order_by(t.silo_answers.c.at, t.silo_answers.c.id)
)
_LOCATED = (
    sa.select(t.silo_answers.c.id, t.silo_answers.c.system, t.silo_answers.c.sealed)
    .where(
        t.silo_answers.c.request_id == sa.bindparam("request"),
        t.silo_answers.c.verb == "locate",
        t.silo_answers.c.sealed.is_not(None),
    )
    .order_by(t.silo_answers.c.at, t.silo_answers.c.id)
)


def tasks_told(connection: sa.Connection, request_id: UUID) -> Sequence[Any]:  # Any: rows, to be unpacked
    """id, system, verb, state and verdict of each task."""
    return connection.execute(_TASKS_TOLD, {"request": request_id}).all()


def parts_told(connection: sa.Connection, request_id: UUID) -> Sequence[Any]:  # Any: rows, to be unpacked
    """task_id and parts of each answer, in the order in which they came."""
    return connection.execute(_PARTS_TOLD, {"request": request_id}).all()


def located(connection: sa.Connection, request_id: UUID) -> Sequence[Any]:  # Any: rows, to be unpacked
    """id, system and sealed of each answer to a look-up, in the order in which they came."""
    return connection.execute(_LOCATED, {"request": request_id}).all()


def task(connection: sa.Connection, id_: UUID, *, lock: bool = False) -> sa.RowMapping | None:
    statement = sa.select(t.silo_tasks).where(t.silo_tasks.c.id == id_)
    if lock:
        statement = statement.with_for_update()
    return connection.execute(statement).mappings().first()


_OPEN = ("waiting", "running")


def claim(unit: Unit, holder: UUID, busy: Mapping[str, int], most: int) -> list[sa.RowMapping]:
    """What waits, at most so many of each silo, those that are under way counted; oldest first."""
    table, found = t.silo_tasks, []
    for system in leases.waiting(unit.connection, table, "system", states=_OPEN, now=unit.now):
        room = most - busy.get(system, 0)
        if room > 0:
            only = table.c.system == system
            found += leases.claim(unit, table, holder, states=_OPEN, order="next_at", limit=room, only=only)
    return found


def waiting_at(
    connection: sa.Connection, system: str, states: Collection[str], now: int, limit: int
) -> list[sa.RowMapping]:
    """Tasks that a silo which polls may take: it is to answer, nobody holds them, and their request is in one
    of these states. Those that wait longest come first.
    """
    c = t.silo_tasks.c
    statement = (
        sa.select(t.silo_tasks)
        .join(t.requests, t.requests.c.id == c.request_id)
        .where(c.system == system, _takeable(now), t.requests.c.state.in_(list(states)))
        .order_by(c.next_at, c.id)
        .limit(limit)
    )
    return list(connection.execute(statement).mappings())


def take_task(unit: Unit, id_: UUID, lease: UUID, until: int) -> bool:
    """Leases a task out, if it can still be taken; whether it was."""
    c = t.silo_tasks.c
    values = {"lease_holder": lease, "lease_until": until, "attempts": c.attempts + 1}
    statement = t.silo_tasks.update().where(c.id == id_, _takeable(unit.now)).values(values)
    return unit.connection.execute(statement).rowcount == 1


def _takeable(now: int) -> sa.ColumnElement[bool]:
    c = t.silo_tasks.c
    free = sa.or_(c.lease_until.is_(None), c.lease_until <= now)
    return sa.and_(c.state.in_(("asked", "silent")), c.next_at <= now, free)


def add_tasks(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        unit.connection.execute(t.silo_tasks.insert(), list(rows))


def change_task(unit: Unit, id_: UUID, values: dict[str, Any]) -> None:
    unit.connection.execute(t.silo_tasks.update().where(t.silo_tasks.c.id == id_).values(values))


def drop_waiting(unit: Unit, request_id: UUID) -> None:
    """Ends what no silo was asked yet: its request is over."""
    c = t.silo_tasks.c
    waiting = (c.request_id == request_id, c.state.in_(("waiting", "approving")))
    ended = {"state": "ended", "code": OVER, "ended_at": unit.now}
    unit.connection.execute(t.silo_tasks.update().where(*waiting).values(ended))


def answers(connection: sa.Connection, request_id: UUID) -> list[sa.RowMapping]:
    """In the order in which they came; the last one of a task counts."""
    c = t.silo_answers.c
    statement = sa.select(t.silo_answers).where(c.request_id == request_id).order_by(c.at, c.id)
    return list(connection.execute(statement).mappings())


def overdue_tasks(connection: sa.Connection, now: int, limit: int) -> list[sa.RowMapping]:
    """Those whose silo was asked, and whose time to answer is over."""
    c = t.silo_tasks.c
    statement = sa.select(t.silo_tasks).where(c.state == "asked", c.due_at <= now)
    return list(connection.execute(statement.order_by(c.due_at, c.id).limit(limit)).mappings())


def past_due(connection: sa.Connection, today: str, limit: int) -> list[UUID]:
    """Requests that wait for a proof and whose time is over, and those that run on the last safe day."""
    c = t.requests.c
    late = sa.or_(
        sa.and_(c.state.in_(("received", "identifying")), c.legal_due < today),
        sa.and_(c.state == "running", c.safe_due <= today),
    )
    return list(connection.execute(sa.select(c.id).where(late).order_by(c.id).limit(limit)).scalars())


def add_code(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(t.identity_codes.insert(), row)


def codes(connection: sa.Connection, request_id: UUID, *, lock: bool = False) -> list[sa.RowMapping]:
    """Newest first."""
    c = t.identity_codes.c
    statement = sa.select(t.identity_codes).where(c.request_id == request_id)
    statement = statement.order_by(c.created_at.desc(), c.id.desc())
    return list(connection.execute(statement.with_for_update() if lock else statement).mappings())


def change_code(unit: Unit, id_: UUID, values: dict[str, Any]) -> None:
    unit.connection.execute(t.identity_codes.update().where(t.identity_codes.c.id == id_).values(values))


def use_code(unit: Unit, id_: UUID) -> bool:
    """Whether it was still unused."""
    c = t.identity_codes.c
    unused = t.identity_codes.update().where(c.id == id_, c.used_at.is_(None))
    return unit.connection.execute(unused.values(used_at=unit.now)).rowcount == 1


def certificates(connection: sa.Connection, request_id: UUID) -> list[sa.RowMapping]:
    c = t.certificates.c
    statement = sa.select(t.certificates).where(c.request_id == request_id).order_by(c.at, c.id)
    return list(connection.execute(statement).mappings())


def forgettable(
    connection: sa.Connection, open_: Collection[str], before: int, limit: int
) -> list[sa.RowMapping]:
    """id and subject_id of those that were closed by then, and whose content key is still there."""
    c = t.requests.c
    has_key = sa.exists().where(t.request_keys.c.request_id == c.id, t.request_keys.c.kind == "content")
    over = (c.state.not_in(list(open_)), c.closed_at <= before, has_key)
    statement = sa.select(c.id, c.subject_id).where(*over).order_by(c.closed_at, c.id).limit(limit)
    return list(connection.execute(statement).mappings())
