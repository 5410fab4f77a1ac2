"""SQL of ways in and sessions. Decides nothing."""

from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.portal import portal_entries, portal_sessions
from consentd.db.unit import Unit

Row = Any
"""A mapping of column names, as the database returns it."""


def add_entry(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(portal_entries.insert(), row)


def entry(connection: sa.Connection, id_: UUID, *, lock: bool = False) -> Row | None:
    statement = sa.select(portal_entries).where(portal_entries.c.id == id_)
    return connection.execute(statement.with_for_update() if lock else statement).mappings().first()


def entry_by_link(connection: sa.Connection, digest: bytes) -> Row | None:
    statement = sa.select(portal_entries).where(portal_entries.c.link == digest)
    return connection.execute(statement).mappings().first()


def count_try(unit: Unit, id_: UUID) -> None:
    statement = portal_entries.update().where(portal_entries.c.id == id_)
    unit.connection.execute(statement.values(tries=portal_entries.c.tries + 1))


def use_entry(unit: Unit, id_: UUID) -> bool:
    """Whether nobody used it before; stands or falls with the unit."""
    c = portal_entries.c
    statement = portal_entries.update().where(c.id == id_, c.used_at.is_(None)).values(used_at=unit.now)
    return unit.connection.execute(statement).rowcount == 1


class Made(NamedTuple):
    for_it: int
    """For what was typed."""
    from_there: int
    """From where it came."""
    for_it_from_there: int


def count_entries(connection: sa.Connection, since: int, *, named: bytes, source: bytes) -> Made:
    """How many were made since. Of two at once, in whatever processes, the second counts the first."""
    if connection.dialect.name == "postgresql":
        # SQLite has one writer. In one order, so that no two wait for each other.
        for number in sorted(int.from_bytes(one[:8], signed=True) for one in {named, source}):
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
    c = portal_entries.c
    counted = (
        sa.func.count().filter(c.named == named),
        sa.func.count().filter(c.source == source),
        sa.func.count().filter(c.named == named, c.source == source),
    )
    statement = sa.select(*counted).where(c.created_at > since, sa.or_(c.named == named, c.source == source))
    row = connection.execute(statement).one()
    return Made(row[0], row[1], row[2])


def add_session(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(portal_sessions.insert(), row)


def session_by_digest(connection: sa.Connection, digest: bytes) -> Row | None:
    statement = sa.select(portal_sessions).where(portal_sessions.c.digest == digest)
    return connection.execute(statement).mappings().first()


def session(connection: sa.Connection, id_: UUID) -> Row | None:
    statement = sa.select(portal_sessions).where(portal_sessions.c.id == id_)
    return connection.execute(statement).mappings().first()


def seen(unit: Unit, id_: UUID) -> None:
    c = portal_sessions.c
    unit.connection.execute(portal_sessions.update().where(c.id == id_).values(seen_at=unit.now))


def end_session(unit: Unit, id_: UUID) -> None:
    c = portal_sessions.c
    statement = portal_sessions.update().where(c.id == id_, c.ended_at.is_(None))
    unit.connection.execute(statement.values(ended_at=unit.now))


def purge(unit: Unit, before: int) -> None:
    unit.connection.execute(portal_entries.delete().where(portal_entries.c.created_at < before))
    unit.connection.execute(portal_sessions.delete().where(portal_sessions.c.expires_at < before))
