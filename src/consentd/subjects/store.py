"""SQL of people: identifiers, links, groups, candidates, and forgetting them."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Read, ReadIn, Write
from consentd.db.tables import people as t
from consentd.db.tables.types import Digest, Id
from consentd.db.unit import Dialect, Unit
from consentd.db.upsert import insert as upsert
from consentd.evidence.recorder import Entry, Where
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId
from consentd.kernel.instants import Instant


class Holding(NamedTuple):
    """A row of `holdings`: subject and group are None where nobody holds the identifier."""

    id: IdentifierId
    scheme: str
    digest: bytes
    subject: SubjectId | None
    group: GroupId | None


_LINKED = (
    sa.select(
        t.identifiers.c.id,
        t.identifiers.c.scheme,
        t.identifiers.c.blind_index,
        t.identifier_links.c.subject_id,
        t.subjects.c.group_id,
    )
    .select_from(
        t.identifiers.outerjoin(
            t.identifier_links, t.identifier_links.c.identifier_id == t.identifiers.c.id
        ).outerjoin(t.subjects, t.subjects.c.id == t.identifier_links.c.subject_id)
    )
    .order_by(t.identifiers.c.id)
)
# Statements of the hot path are built once: building one costs more than running it. Most calls name one
# identifier.
_HOLDINGS = ReadIn(lambda among: _LINKED.where(t.identifiers.c.blind_index.in_(among)), Holding._make, Digest)
_HOLDINGS_OF_ONE = Read(
    _LINKED.where(
        t.identifiers.c.blind_index == sa.bindparam("digest"),
        t.identifiers.c.scheme == sa.bindparam("scheme"),
    ),
    Holding._make,
)


_LOCKED = (
    sa.select(t.identifiers.c.blind_index)
    .where(
        t.identifiers.c.blind_index.in_(sa.bindparam("digests", expanding=True)),
        t.identifiers.c.scheme.in_(sa.bindparam("schemes", expanding=True)),
    )
    # In one order everywhere, so that two units never wait for each other.
    .order_by(t.identifiers.c.id)
    .with_for_update()
)


def lock_identifiers(unit: Unit, digests: Mapping[bytes, str]) -> list[bytes] | None:
    """Locks the identifiers with these blind indexes; which there are. Two first posts about one person make
    one person: the second waits here, and reads the links only afterwards. None on SQLite, where there is one
    writer and nothing to lock.
    """
    if unit.dialect == "sqlite":
        return None
    asked = {"digests": list(digests), "schemes": list(set(digests.values()))}
    return list(unit.connection.execute(_LOCKED, asked).scalars())


def drop_identifiers(unit: Unit, ids: Collection[IdentifierId]) -> None:
    if ids:
        table = t.identifiers
        unit.connection.execute(
            t.suppressions.update().where(t.suppressions.c.identifier_id.in_(ids)).values(identifier_id=None)
        )
        unit.connection.execute(table.delete().where(table.c.id.in_(ids)))


def holdings(connection: sa.Connection, digests: Mapping[bytes, str]) -> list[Holding]:
    """Who holds the identifiers with these blind indexes (digest → scheme). Unknown ones are left out."""
    if len(digests) == 1:
        ((digest, scheme),) = digests.items()
        return _HOLDINGS_OF_ONE.all(connection, {"digest": digest, "scheme": scheme})
    found = _HOLDINGS.all(connection, list(digests))
    return [row for row in found if digests.get(row.digest) == row.scheme]


def add_identifiers(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    """Adds those that are new; one that another unit added meanwhile is left as it is."""
    # In one order everywhere, so that two units never wait for each other.
    _add_identifiers(unit.dialect).run(unit.connection, sorted(rows, key=lambda r: r["blind_index"]))


@cache
def _add_identifiers(dialect: Dialect) -> Write:
    insert = upsert(dialect, t.identifiers).on_conflict_do_nothing(index_elements=["blind_index", "scheme"])
    return Write(insert, [column.name for column in t.identifiers.columns])


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
    if len(groups) == 1:
        one = _MEMBERS_OF_ONE_LOCKED if lock else _MEMBERS_OF_ONE
        return one.all(connection, {"group": next(iter(groups))})
    if not groups:
        return []
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


def group_of(connection: sa.Connection, subject: SubjectId) -> GroupId | None:
    """None for an unknown or erased subject."""
    found = connection.execute(
        sa.select(t.subjects.c.group_id).where(t.subjects.c.id == subject, t.subjects.c.erased_at.is_(None))
    ).scalar()
    return cast(GroupId | None, found)


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


def set_territory(entry: Entry, subject: SubjectId, territory: str) -> None:
    entry.update(t.subjects, {"id": [subject]}, {"territory": territory})


def set_name(entry: Entry, subject: SubjectId, sealed: bytes) -> None:
    entry.update(t.subjects, {"id": [subject]}, {"sealed_name": sealed})


_SET_GROUP = Write(
    t.subjects.update()
    .where(t.subjects.c.id == sa.bindparam("member"))
    .values(group_id=sa.bindparam("group"), merged=sa.bindparam("several"))
)


def set_group(unit: Unit, subjects: Collection[SubjectId], group: GroupId) -> None:
    """Makes exactly these the members of the group."""
    rows = [{"member": one, "group": group, "several": len(subjects) > 1} for one in subjects]
    _SET_GROUP.run(unit.connection, rows)


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


def set_capacity(entry: Entry, identifier: IdentifierId, subject: SubjectId, capacity: str) -> None:
    entry.update(t.identifier_links, _link(identifier, subject), {"capacity": capacity})


def set_unreachable(entry: Entry, identifier: IdentifierId, subject: SubjectId, since: int | None) -> None:
    entry.update(t.identifier_links, _link(identifier, subject), {"unreachable_since": since})


def _link(identifier: IdentifierId, subject: SubjectId) -> Where:
    return {"identifier_id": [identifier], "subject_id": [subject]}


# --- candidates


def add_candidates(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    """Keeps each pair once, whoever found it first. A call that finds nothing new writes nothing."""
    table = t.merge_candidates
    for row in rows:
        pair = (table.c.subject_a == row["subject_a"], table.c.subject_b == row["subject_b"])
        if unit.connection.execute(sa.select(table.c.id).where(*pair)).first() is None:
            insert = upsert(unit.dialect, table)
            unit.connection.execute(
                insert.on_conflict_do_nothing(index_elements=["subject_a", "subject_b"]), row
            )


def close_candidate(unit: Unit, a: SubjectId, b: SubjectId, status: str) -> None:
    table = t.merge_candidates
    unit.connection.execute(
        table.update()
        .where(table.c.subject_a == min(a, b), table.c.subject_b == max(a, b))
        .values(status=status)
    )


def candidates(connection: sa.Connection, after: UUID, limit: int) -> list[sa.Row[Any]]:
    """Open candidates in the order of their ids, behind `after`."""
    table = t.merge_candidates
    return list(
        connection.execute(
            sa.select(table)
            .where(table.c.status == "open", table.c.id > after)
            .order_by(table.c.id)
            .limit(limit)
        )
    )


# --- edges


EDGES = t.subject_edges


class EdgeRow(NamedTuple):
    id: UUID
    kind: str
    subject_a: SubjectId
    subject_b: SubjectId
    reason: str


_EDGES_AMONG = ReadIn(
    lambda among: sa.select(*(t.subject_edges.c[name] for name in EdgeRow._fields)).where(
        sa.or_(t.subject_edges.c.subject_a.in_(among), t.subject_edges.c.subject_b.in_(among))
    ),
    EdgeRow._make,
    Id,
)


def edges_among(connection: sa.Connection, subjects: Collection[SubjectId]) -> list[EdgeRow]:
    """Merges and unmerges that touch these subjects, oldest first."""
    return sorted(set(_EDGES_AMONG.all(connection, list(subjects))))


# --- forgetting


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
    unit.connection.execute(
        t.suppressions.update().where(t.suppressions.c.identifier_id.in_(gone)).values(identifier_id=None)
    )
    unit.connection.execute(t.identifiers.delete().where(t.identifiers.c.id.in_(gone)))
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
