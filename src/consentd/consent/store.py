"""SQL of what was recorded: consent events and objections, and what shows that a consent was relied on."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import consent as t
from consentd.db.tables.lists import list_uses
from consentd.kernel.instants import Instant

EVENTS = t.consent_events
OBJECTIONS = t.objections


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
