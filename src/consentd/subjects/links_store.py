"""SQL of links: which identifier belongs to which person, and as what."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import people as t
from consentd.evidence.recorder import Entry, Where
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId


def add_links(entry: Entry, rows: Sequence[dict[str, Any]]) -> None:
    entry.insert_many(t.identifier_links, rows)


def links_of(connection: sa.Connection, subjects: Collection[SubjectId]) -> list[sa.Row[Any]]:
    """Every link of these subjects, with the identifier's scheme."""
    return list(
        connection.execute(
            sa.select(t.identifier_links, t.identifiers.c.scheme)
            .join(t.identifiers, t.identifiers.c.id == t.identifier_links.c.identifier_id)
            .where(t.identifier_links.c.subject_id.in_(list(subjects)))
            .order_by(t.identifier_links.c.created_at, t.identifier_links.c.id)
        )
    )


def held_as(connection: sa.Connection, identifiers: Collection[IdentifierId]) -> list[sa.Row[Any]]:
    """capacity and unreachable_since of each link of these identifiers."""
    links = t.identifier_links.c
    return list(
        connection.execute(
            sa.select(links.capacity, links.unreachable_since).where(
                links.identifier_id.in_(list(identifiers))
            )
        )
    )


def accounts_of(
    connection: sa.Connection, groups: Collection[GroupId], schemes: Collection[str]
) -> list[sa.Row[Any]]:
    """group_id, scheme, identifier_id of the groups' identifiers in these schemes."""
    return list(
        connection.execute(
            sa.select(t.subjects.c.group_id, t.identifiers.c.scheme, t.identifiers.c.id)
            .select_from(t.subjects)
            .join(t.identifier_links, t.identifier_links.c.subject_id == t.subjects.c.id)
            .join(t.identifiers, t.identifiers.c.id == t.identifier_links.c.identifier_id)
            .where(
                t.subjects.c.group_id.in_(list(groups)),
                t.identifiers.c.scheme.in_(list(schemes)),
            )
        )
    )


def change_link(
    entry: Entry, identifier: IdentifierId, subject: SubjectId, values: Mapping[str, Any]
) -> None:
    entry.update(t.identifier_links, _link(identifier, subject), values)


def verified_before(connection: sa.Connection, identifier: IdentifierId, subject: SubjectId) -> int | None:
    """Since when the subject's control of it is proven; None where it is not."""
    link = t.identifier_links.c
    statement = sa.select(sa.func.min(link.verified_at)).where(
        link.identifier_id == identifier, link.subject_id == subject
    )
    found: int | None = connection.execute(statement).scalar()
    return found


def set_verified(entry: Entry, identifier: IdentifierId, subject: SubjectId, at: int) -> None:
    change_link(entry, identifier, subject, {"strength": "verified", "verified_at": at})


def _link(identifier: IdentifierId, subject: SubjectId) -> Where:
    return {"identifier_id": [identifier], "subject_id": [subject]}


def links_to(connection: sa.Connection, identifiers: Collection[UUID]) -> list[sa.Row[Any]]:
    """Who holds these identifiers, oldest link first: id, identifier_id, subject_id, sealed."""
    link = t.identifier_links.c
    statement = (
        sa.select(link.id, link.identifier_id, link.subject_id, link.sealed)
        .where(link.identifier_id.in_(list(identifiers)))
        .order_by(link.created_at, link.id)
    )
    return list(connection.execute(statement))


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


def holders_of(connection: sa.Connection, identifier: UUID) -> list[sa.Row[Any]]:
    """group_id, subject_id, strength, verified_at of everyone on record who holds it."""
    link = t.identifier_links.c
    statement = (
        sa.select(t.subjects.c.group_id, link.subject_id, link.strength, link.verified_at)
        .select_from(t.identifier_links.join(t.subjects, t.subjects.c.id == link.subject_id))
        .where(link.identifier_id == identifier, t.subjects.c.erased_at.is_(None))
        .order_by(link.created_at, link.id)
    )
    return list(connection.execute(statement))
