"""SQL of people: the subjects of a group, and forgetting them."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, cast

import sqlalchemy as sa

from consentd.db.prepared import Read, ReadIn
from consentd.db.tables import people as t
from consentd.db.tables.types import Id
from consentd.db.unit import Unit
from consentd.evidence.recorder import Entry
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId
from consentd.kernel.instants import Instant
from consentd.subjects.identifiers_store import drop_identifiers


class Member(NamedTuple):
    """One subject of a group."""

    id: SubjectId
    group_id: GroupId
    territory: str | None
    restricted_at: Instant | None
    erased_at: Instant | None


_SUBJECTS = sa.select(
    t.subjects.c.id,
    t.subjects.c.group_id,
    t.subjects.c.territory,
    t.subjects.c.restricted_at,
    t.subjects.c.erased_at,
).order_by(t.subjects.c.id)
_MEMBERS = ReadIn(lambda among: _SUBJECTS.where(t.subjects.c.group_id.in_(among)), Member._make, Id)
_MEMBERS_LOCKED = ReadIn(
    lambda among: _SUBJECTS.where(t.subjects.c.group_id.in_(among)).with_for_update(), Member._make, Id
)
_OF_ONE = _SUBJECTS.where(t.subjects.c.group_id == sa.bindparam("group"))
_MEMBERS_OF_ONE = Read(_OF_ONE, Member._make)
_MEMBERS_OF_ONE_LOCKED = Read(_OF_ONE.with_for_update(), Member._make)


def members(connection: sa.Connection, groups: Collection[GroupId], *, lock: bool = False) -> list[Member]:
    """All subjects of these groups, in the order of their ids."""
    if not groups:
        return []
    found = _members(connection, groups, lock)
    # A statement that waits for a lock on PostgreSQL sees the rows that it waited for as they became, and
    # none that came to fit meanwhile: whom a merge joined to one of these groups would be left out.
    while lock and connection.dialect.name == "postgresql" and _members(connection, groups, False) != found:
        found = _members(connection, groups, True)
    return found


def _members(connection: sa.Connection, groups: Collection[GroupId], lock: bool) -> list[Member]:
    if len(groups) == 1:
        one = _MEMBERS_OF_ONE_LOCKED if lock else _MEMBERS_OF_ONE
        return one.all(connection, {"group": next(iter(groups))})
    # Sorted, so that locks are taken in one order however many statements it needs.
    found = (_MEMBERS_LOCKED if lock else _MEMBERS).all(connection, sorted(groups))
    return sorted(found, key=lambda member: member.id)


class _Place(NamedTuple):
    territory: str | None


_TERRITORY = Read(
    sa.select(t.subjects.c.territory).where(t.subjects.c.id == sa.bindparam("subject")), _Place._make
)


def territory_of(connection: sa.Connection, subject: SubjectId) -> str | None:
    found = _TERRITORY.first(connection, {"subject": subject})
    return None if found is None else found.territory


def live(connection: sa.Connection) -> list[SubjectId]:
    statement = sa.select(t.subjects.c.id).where(t.subjects.c.erased_at.is_(None)).order_by(t.subjects.c.id)
    return [SubjectId(one) for one in connection.execute(statement).scalars()]


def latest_created(connection: sa.Connection, subjects: Collection[SubjectId]) -> Instant:
    statement = sa.select(sa.func.max(t.subjects.c.created_at)).where(t.subjects.c.id.in_(list(subjects)))
    return Instant(connection.execute(statement).scalar_one())


def group_of(connection: sa.Connection, subject: SubjectId) -> GroupId | None:
    """None for an unknown or erased subject."""
    found = connection.execute(
        sa.select(t.subjects.c.group_id).where(t.subjects.c.id == subject, t.subjects.c.erased_at.is_(None))
    ).scalar()
    return cast(GroupId | None, found)


def groups_of(connection: sa.Connection, subjects: Collection[SubjectId]) -> dict[SubjectId, GroupId]:
    """Of those who are on record, erased or not."""
    statement = sa.select(t.subjects.c.id, t.subjects.c.group_id).where(t.subjects.c.id.in_(list(subjects)))
    return {SubjectId(row[0]): GroupId(row[1]) for row in connection.execute(statement)}


def add_subject(
    entry: Entry,
    subject: SubjectId,
    territory: str | None,
    salt: bytes,
    at: Instant,
    sealed_name: bytes | None = None,
) -> None:
    entry.insert(
        t.subjects,
        {
            "id": subject,
            "group_id": subject,
            "merged": False,
            "territory": territory,
            "sealed_name": sealed_name,
            "salt": salt,
            "created_at": at,
        },
    )


def set_restricted(entry: Entry, subject: SubjectId, at: Instant | None) -> None:
    """Since when what is held of them is frozen; None: no longer."""
    entry.update(t.subjects, {"id": [subject]}, {"restricted_at": at})


def set_territory(entry: Entry, subject: SubjectId, territory: str) -> None:
    entry.update(t.subjects, {"id": [subject]}, {"territory": territory})


def sealed_names(connection: sa.Connection, subjects: Collection[SubjectId]) -> dict[SubjectId, bytes]:
    """Of those who have a name."""
    statement = sa.select(t.subjects.c.id, t.subjects.c.sealed_name).where(
        t.subjects.c.id.in_(list(subjects)), t.subjects.c.sealed_name.is_not(None)
    )
    return {SubjectId(row[0]): row[1] for row in connection.execute(statement)}


def count_named(connection: sa.Connection) -> int:
    statement = sa.select(sa.func.count()).where(t.subjects.c.sealed_name.is_not(None))
    return int(connection.execute(statement.select_from(t.subjects)).scalar_one())


def named_page(connection: sa.Connection, after: SubjectId, limit: int) -> dict[SubjectId, bytes]:
    """Those who have a name, in the order of their ids, behind `after`."""
    c = t.subjects.c
    statement = sa.select(c.id, c.sealed_name).where(c.id > after, c.sealed_name.is_not(None))
    rows = connection.execute(statement.order_by(c.id).limit(limit))
    return {SubjectId(row[0]): row[1] for row in rows}


def set_name(entry: Entry, subject: SubjectId, sealed: bytes) -> None:
    entry.update(t.subjects, {"id": [subject]}, {"sealed_name": sealed})


def forget(unit: Unit, entries: Mapping[SubjectId, Entry]) -> list[IdentifierId]:
    """Removes the look-up entries of these subjects, each under the entry about it; an identifier that
    somebody else holds stays for them.

    Returns the identifiers that nobody holds any more, and which are gone.
    """
    ids = list(entries)
    held = list(dict.fromkeys(held for one, entry in entries.items() for held in _forget(unit, entry, one)))
    kept = set(
        unit.connection.execute(
            sa.select(t.identifier_links.c.identifier_id).where(t.identifier_links.c.identifier_id.in_(held))
        ).scalars()
    )
    gone = [identifier for identifier in held if identifier not in kept]
    drop_identifiers(unit, gone)
    unit.connection.execute(
        t.merge_candidates.delete().where(
            sa.or_(t.merge_candidates.c.subject_a.in_(ids), t.merge_candidates.c.subject_b.in_(ids))
        )
    )
    return gone


def _forget(unit: Unit, entry: Entry, subject: SubjectId) -> list[IdentifierId]:
    links = entry.delete(t.identifier_links, {"subject_id": [subject]})
    entry.delete(t.fact_states, {"subject_id": [subject]})
    emptied = {"erased_at": unit.now, "sealed_name": None, "territory": None, "salt": None}
    entry.update(t.subjects, {"id": [subject]}, emptied)
    return [cast(IdentifierId, link["identifier_id"]) for link in links]
