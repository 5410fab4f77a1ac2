"""SQL of everything that bears on decisions about one person, whatever they are asked for: a handful of
statements for all purposes and channels.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import consent as c
from consentd.db.tables import people as p
from consentd.db.tables.keys import subject_keys

Row = Any


def members(connection: sa.Connection, groups: Collection[UUID]) -> list[Row]:
    """id, group_id, territory, restricted_at of all who were not erased, in the order of their ids."""
    column = p.subjects.c
    statement = sa.select(column.id, column.group_id, column.territory, column.restricted_at).where(
        column.group_id.in_(list(groups)), column.erased_at.is_(None)
    )
    return sorted(connection.execute(statement), key=lambda row: str(row.id))


def held(connection: sa.Connection, subjects: Collection[UUID]) -> list[Row]:
    """subject_id, identifier_id, scheme of what these hold, the first known first."""
    link = p.identifier_links.c
    statement = (
        sa.select(link.subject_id, link.identifier_id, p.identifiers.c.scheme)
        .join(p.identifiers, p.identifiers.c.id == link.identifier_id)
        .where(link.subject_id.in_(list(subjects)))
        .order_by(link.created_at, link.id)
    )
    return list(connection.execute(statement))


def holders(connection: sa.Connection, identifiers: Collection[UUID]) -> list[Row]:
    """identifier_id, group_id, capacity, unreachable_since: everyone who holds one of these."""
    link = p.identifier_links.c
    statement = (
        sa.select(link.identifier_id, p.subjects.c.group_id, link.capacity, link.unreachable_since)
        .join(p.subjects, p.subjects.c.id == link.subject_id)
        .where(link.identifier_id.in_(list(identifiers)))
    )
    return list(connection.execute(statement))


def states(connection: sa.Connection, groups: Collection[UUID]) -> list[Row]:
    return list(
        connection.execute(sa.select(c.consent_states).where(c.consent_states.c.group_id.in_(list(groups))))
    )


def objections(connection: sa.Connection, groups: Collection[UUID]) -> list[Row]:
    return list(
        connection.execute(
            sa.select(c.objection_states).where(c.objection_states.c.group_id.in_(list(groups)))
        )
    )


def listed(connection: sa.Connection, identifiers: Collection[UUID]) -> list[Row]:
    """identifier_id, scheme, since, purpose, channel of the do-not-contact list."""
    column = p.suppressions.c
    statement = sa.select(
        column.identifier_id, column.scheme, column.since, column.purpose, column.channel
    ).where(column.identifier_id.in_(list(identifiers)))
    return list(connection.execute(statement))


def facts(connection: sa.Connection, subjects: Collection[UUID]) -> list[Row]:
    """subject_id, sealed, and the key that opens it: id, wrapper_id, wrapped."""
    statement = (
        sa.select(
            p.fact_states.c.subject_id,
            p.fact_states.c.sealed,
            subject_keys.c.id,
            subject_keys.c.wrapper_id,
            subject_keys.c.wrapped,
        )
        .join(subject_keys, subject_keys.c.subject_id == p.fact_states.c.subject_id)
        .where(p.fact_states.c.subject_id.in_(list(subjects)), subject_keys.c.kind == "content")
    )
    return list(connection.execute(statement))
