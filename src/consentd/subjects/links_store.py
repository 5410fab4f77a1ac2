"""SQL of links, page by page: for what goes through all of them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import people as t


def links_page(connection: sa.Connection, after: UUID, limit: int) -> list[sa.Row[Any]]:
    """Links in the order of their ids, with their identifiers' look-up entries; nulls where there is none."""
    link, identifier = t.identifier_links.c, t.identifiers.c
    statement = (
        sa.select(
            link.id,
            link.subject_id,
            link.identifier_id,
            link.sealed,
            identifier.scheme,
            identifier.blind_index,
            identifier.key_version,
        )
        .select_from(t.identifier_links.outerjoin(t.identifiers, identifier.id == link.identifier_id))
        .where(link.id > after)
        .order_by(link.id)
        .limit(limit)
    )
    return list(connection.execute(statement))


def identifiers_page(connection: sa.Connection, after: UUID, limit: int) -> list[sa.Row[Any]]:
    """Identifiers of all schemes in the order of their ids: id, scheme, blind_index."""
    identifier = t.identifiers.c
    statement = (
        sa.select(identifier.id, identifier.scheme, identifier.blind_index)
        .where(identifier.id > after)
        .order_by(identifier.id)
        .limit(limit)
    )
    return list(connection.execute(statement))


def links_to(connection: sa.Connection, identifiers: Collection[UUID]) -> list[sa.Row[Any]]:
    """Who holds these identifiers, oldest link first: id, identifier_id, subject_id, sealed."""
    link = t.identifier_links.c
    statement = (
        sa.select(link.id, link.identifier_id, link.subject_id, link.sealed)
        .where(link.identifier_id.in_(list(identifiers)))
        .order_by(link.created_at, link.id)
    )
    return list(connection.execute(statement))


def identifiers_of_nobody(connection: sa.Connection, limit: int) -> list[UUID]:
    held = sa.exists().where(t.identifier_links.c.identifier_id == t.identifiers.c.id)
    statement = sa.select(t.identifiers.c.id).where(~held).order_by(t.identifiers.c.id).limit(limit)
    return list(connection.execute(statement).scalars())
