"""SQL of mail that waits to be sent about requests. Decides nothing."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import requests as t
from consentd.db.unit import Unit
from consentd.dsr.store import to_write

MAILS = t.outgoing_mails


def has(connection: sa.Connection, request: UUID, moment: str) -> bool:
    c = t.outgoing_mails.c
    statement = sa.select(c.id).where(c.request_id == request, c.moment == moment)
    return connection.execute(statement).first() is not None


def add(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(t.outgoing_mails.insert(), row)


def add_letter(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(t.outgoing_letters.insert(), row)


def mails(connection: sa.Connection, request: UUID) -> list[sa.RowMapping]:
    """In the order in which they were to be sent."""
    c = t.outgoing_mails.c
    statement = sa.select(t.outgoing_mails).where(c.request_id == request).order_by(c.created_at, c.id)
    return list(connection.execute(statement).mappings())


def letter(connection: sa.Connection, id_: UUID) -> bytes | None:
    statement = sa.select(t.outgoing_letters.c.sealed).where(t.outgoing_letters.c.id == id_)
    return connection.execute(statement).scalar()


def remove_letter(unit: Unit, id_: UUID) -> None:
    unit.connection.execute(t.outgoing_letters.delete().where(t.outgoing_letters.c.id == id_))


def drop(unit: Unit, request: UUID, moments: Collection[str]) -> None:
    """What of these was not sent says nothing any more: whoever comes to send it finds it over."""
    c = t.outgoing_mails.c
    unsent = (c.request_id == request, c.moment.in_(list(moments)), c.state.in_(("waiting", "running")))
    letters = t.outgoing_letters.c.id.in_(sa.select(c.id).where(*unsent))
    unit.connection.execute(t.outgoing_letters.delete().where(letters))


def letters_left(connection: sa.Connection, request: UUID) -> int:
    c = t.outgoing_letters.c
    counted = sa.select(sa.func.count()).select_from(t.outgoing_letters).where(c.request_id == request)
    return int(connection.execute(counted).scalar_one())


def anything_due(connection: sa.Connection, now: int) -> bool:
    c = t.outgoing_mails.c
    free = sa.or_(c.lease_until.is_(None), c.lease_until <= now)
    statement = sa.select(c.id).where(c.state.in_(("waiting", "running")), c.next_at <= now, free).limit(1)
    return connection.execute(statement).first() is not None


def in_its_turn() -> sa.ColumnElement[bool]:
    """What nothing else has to reach the person before: first that it takes longer, then the answer."""
    c, before = t.outgoing_mails.c, t.outgoing_mails.alias("before")
    unsent = (before.c.request_id == c.request_id, before.c.whom == "person", before.c.id < c.id)
    earlier = sa.exists().where(*unsent, before.c.state.in_(("waiting", "running")))
    return sa.or_(c.whom != "person", ~earlier)


def to_remind(connection: sa.Connection, now: int, limit: int) -> list[sa.RowMapping]:
    """id and request_id of the tasks whose owner is to be reminded by now."""
    c = t.silo_tasks.c
    statement = sa.select(c.id, c.request_id).where(c.remind_at <= now)
    return list(connection.execute(statement.order_by(c.remind_at, c.id).limit(limit)).mappings())


def unwritten(
    connection: sa.Connection, day: str, received: str, before: int, limit: int
) -> list[tuple[UUID, str]]:
    """request and moment of what staff were to tell by hand before that instant, did not, and were not
    reminded of: where the safe day is this one or before, or of an extension where the request came by then.
    """
    w, r, mails_ = t.request_steps.c, t.requests.c, t.outgoing_mails.c
    near = sa.case((w.moment == "extension", r.received_on <= received), else_=r.safe_due <= day)
    told = sa.exists().where(mails_.request_id == r.id, mails_.moment == sa.literal("unwritten:") + w.moment)
    statement = sa.select(r.id, w.moment).join(t.request_steps, w.request_id == r.id)
    statement = statement.where(to_write(), w.moment != "receipt", w.at <= before, near, ~told)
    rows = connection.execute(statement.order_by(r.safe_due, r.id, w.id).limit(limit))
    return [(request, moment) for request, moment in rows]


def nearing(connection: sa.Connection, day: str, states: tuple[str, ...], limit: int) -> list[UUID]:
    """Requests in these states whose safe day is this one or before, and that nobody was told of."""
    c, mails_ = t.requests.c, t.outgoing_mails.c
    told = sa.exists().where(mails_.request_id == c.id, mails_.moment == sa.literal("near:") + c.safe_due)
    statement = sa.select(c.id).where(c.state.in_(states), c.safe_due <= day, ~told)
    return list(connection.execute(statement.order_by(c.safe_due, c.id).limit(limit)).scalars())
