"""SQL of replicas: who belongs to a system, everything about a page of people, who changed since.

Statements go by indexed ids of a page of people; none looks through a whole table but that of a
do-not-contact list's newest entries.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.consent.erasure import ERASED
from consentd.db.tables import consent as c
from consentd.db.tables import log as g
from consentd.db.tables import people as p
from consentd.kernel.instants import DAY, MINUTE

_BY_SYSTEM = (
    p.identifier_links,
    c.consent_events,
    c.objections,
    p.facts,
    c.attempts,
    c.permits,
)
"""A row of these says that a system named somebody."""


_ABOUT = (g.log_entries.c.subject_id, g.log_entries.c.at, g.log_entries.c.action)


class Changed(NamedTuple):
    """What the log says of a stretch of it: `size` is where it ends. `erased_on`: the first instants of the
    days on which somebody was erased. `first_at`, `last_at`: between which instants it was recorded.
    """

    subjects: set[UUID]
    size: int
    erased_on: set[int]
    first_at: int
    last_at: int


def groups_after(connection: sa.Connection, after: UUID, limit: int) -> list[UUID]:
    """The next people, in the order of their ids; empty at the end."""
    column = p.subjects.c.group_id
    statement = sa.select(column).where(column > after, p.subjects.c.erased_at.is_(None)).distinct()
    return list(connection.execute(statement.order_by(column).limit(limit)).scalars())


def log_size(connection: sa.Connection) -> int:
    last = connection.execute(sa.select(sa.func.max(g.log_leaves.c.idx))).scalar()
    return 0 if last is None else int(last) + 1


def leaf_before(connection: sa.Connection, index: int) -> str:
    """The hash of the leaf before this index, as hexadecimal; "" where there is none."""
    leaf = connection.execute(sa.select(g.log_leaves.c.leaf).where(g.log_leaves.c.idx == index - 1)).scalar()
    return "" if leaf is None else leaf.hex()


def newest_entry(connection: sa.Connection, size: int) -> UUID | None:
    """The entry that was recorded last: of those that wait for the log, or else in it."""
    pending, leaves = g.log_pending.c, g.log_leaves.c
    found = connection.execute(sa.select(pending.entry_id).order_by(pending.seq.desc()).limit(1)).scalar()
    if found is None:
        found = connection.execute(sa.select(leaves.entry_id).where(leaves.idx == size - 1)).scalar()
    return found


def has_entry(connection: sa.Connection, entry: UUID) -> bool:
    return (
        connection.execute(sa.select(g.log_entries.c.id).where(g.log_entries.c.id == entry)).first()
        is not None
    )


def changed(connection: sa.Connection, since: int, limit: int) -> Changed:
    """Whom the entries from index `since` on are about, up to `limit` entries."""
    statement = (
        sa.select(g.log_leaves.c.idx, *_ABOUT)
        .join(g.log_entries, g.log_entries.c.id == g.log_leaves.c.entry_id)
        .where(g.log_leaves.c.idx >= since, g.log_leaves.c.idx < since + limit)
        .order_by(g.log_leaves.c.idx)
    )
    return _changed(connection.execute(statement).all(), since)


def waiting(connection: sa.Connection) -> Changed:
    """The same of entries that are recorded and not in the log yet; `size` says nothing."""
    statement = sa.select(sa.literal(0), *_ABOUT).join(
        g.log_pending, g.log_pending.c.entry_id == g.log_entries.c.id
    )
    return _changed(connection.execute(statement).all(), 0)


def _changed(rows: Sequence[Any], since: int) -> Changed:  # Any: rows
    subjects = {row[1] for row in rows if row[1] is not None}
    erased_on = {row[2] // DAY * DAY for row in rows if row[3] == ERASED}
    times = [row[2] for row in rows]
    size = rows[-1][0] + 1 if rows else since
    return Changed(subjects, size, erased_on, min(times, default=0), max(times, default=-1))


def regrouped(connection: sa.Connection, first_at: int, last_at: int) -> set[UUID]:
    """Who was merged or unmerged then: the entry is about one of them, or about a third whose record showed
    that they are two.
    """
    edge = p.subject_edges.c
    # Its ids are in the order of time, and the key of the table: a minute for clocks is enough.
    since = UUID(int=max(0, (first_at - MINUTE) // 1000) << 80)
    statement = sa.select(edge.subject_a, edge.subject_b).where(
        edge.id >= since, edge.at >= first_at, edge.at <= last_at
    )
    return {id_ for row in connection.execute(statement) for id_ in row}


def listed_on(connection: sa.Connection, days: Collection[int]) -> set[UUID]:
    """Identifiers that came onto the do-not-contact list on these days, and that somebody holds: its entries
    say the day and no more, so that nothing leads from them to who was erased.
    """
    column = p.suppressions.c
    statement = sa.select(column.identifier_id).where(
        column.created_at.in_(list(days)), column.identifier_id.is_not(None)
    )
    return set(connection.execute(statement).scalars())


def ever_one(connection: sa.Connection, subjects: Collection[UUID]) -> set[UUID]:
    """These and all that were ever one person with one of them, still or no longer."""
    reached, fresh = set(subjects), set(subjects)
    a, b = p.subject_edges.c.subject_a, p.subject_edges.c.subject_b
    while fresh:
        touching = sa.or_(a.in_(list(fresh)), b.in_(list(fresh)))
        rows = connection.execute(sa.select(a, b).where(touching))
        fresh = {id_ for row in rows for id_ in row} - reached
        reached |= fresh
    return reached


def groups_of(connection: sa.Connection, subjects: Collection[UUID]) -> dict[UUID, UUID]:
    """Subject → group, of those who were not erased."""
    column = p.subjects.c
    wanted = column.id.in_(list(subjects)), column.erased_at.is_(None)
    return {
        row[0]: row[1] for row in connection.execute(sa.select(column.id, column.group_id).where(*wanted))
    }


def members(connection: sa.Connection, groups: Collection[UUID]) -> list[Any]:
    """id, group_id, territory, restricted_at of all who were not erased, in the order of their ids."""
    column = p.subjects.c
    statement = sa.select(column.id, column.group_id, column.territory, column.restricted_at).where(
        column.group_id.in_(list(groups)), column.erased_at.is_(None)
    )
    return sorted(connection.execute(statement), key=lambda row: str(row.id))


def links(connection: sa.Connection, subjects: Collection[UUID]) -> list[Any]:
    """id, identifier_id, subject_id, scheme, capacity, unreachable_since, sealed."""
    link = p.identifier_links.c
    statement = (
        sa.select(
            link.id,
            link.identifier_id,
            link.subject_id,
            p.identifiers.c.scheme,
            link.capacity,
            link.unreachable_since,
            link.sealed,
        )
        .join(p.identifiers, p.identifiers.c.id == link.identifier_id)
        .where(link.subject_id.in_(list(subjects)))
    )
    return list(connection.execute(statement))


def holders(connection: sa.Connection, identifiers: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Identifier → groups."""
    link = p.identifier_links.c
    statement = (
        sa.select(link.identifier_id, p.subjects.c.group_id)
        .join(p.subjects, p.subjects.c.id == link.subject_id)
        .where(link.identifier_id.in_(list(identifiers)))
    )
    found: dict[UUID, set[UUID]] = {}
    for identifier, group in connection.execute(statement):
        found.setdefault(identifier, set()).add(group)
    return found


def named_by(connection: sa.Connection, system: UUID, subjects: Collection[UUID]) -> set[UUID]:
    """Those of these whom the system ever named when it recorded something, or had a permit for."""
    found: set[UUID] = set()
    for table in _BY_SYSTEM:
        left = [subject for subject in subjects if subject not in found]
        statement = sa.select(table.c.subject_id).where(
            table.c.subject_id.in_(left), table.c.system_id == system
        )
        found |= set(connection.execute(statement.distinct()).scalars())
    return found


def states(connection: sa.Connection, groups: Collection[UUID]) -> list[Any]:
    table = c.consent_states
    return list(connection.execute(sa.select(table).where(table.c.group_id.in_(list(groups)))))


def objections(connection: sa.Connection, groups: Collection[UUID]) -> list[Any]:
    table = c.objection_states
    return list(connection.execute(sa.select(table).where(table.c.group_id.in_(list(groups)))))


def fact_states(connection: sa.Connection, subjects: Collection[UUID]) -> dict[UUID, bytes]:
    column = p.fact_states.c
    statement = sa.select(column.subject_id, column.sealed).where(column.subject_id.in_(list(subjects)))
    return {row[0]: row[1] for row in connection.execute(statement)}


def suppressions(connection: sa.Connection, identifiers: Collection[UUID]) -> list[Any]:
    """identifier_id, scheme, since, purpose, channel."""
    column = p.suppressions.c
    statement = sa.select(
        column.identifier_id, column.scheme, column.since, column.purpose, column.channel
    ).where(column.identifier_id.in_(list(identifiers)))
    return list(connection.execute(statement))


def attempts(
    connection: sa.Connection, subjects: Collection[UUID], points: Collection[UUID], since: int, now: int
) -> list[Any]:
    """batch_id, subject_id, contact_point_id, channel, at, refused, until: what counts towards limits, by
    person or by contact point; permits as long as they are open and unused.
    """
    made = c.attempts.c
    about = sa.or_(made.subject_id.in_(list(subjects)), made.contact_point_id.in_(list(points)))
    done = sa.select(
        made.batch_id,
        made.subject_id,
        made.contact_point_id,
        made.channel,
        made.happened,
        (made.outcome == "refused"),
        sa.null(),
    ).where(about, made.marketing, made.happened > since)
    permit = c.permits.c
    reserved = sa.or_(permit.subject_id.in_(list(subjects)), permit.contact_point_id.in_(list(points)))
    used = sa.exists().where(made.batch_id == permit.batch_id)
    opened = sa.select(
        permit.batch_id,
        permit.subject_id,
        permit.contact_point_id,
        permit.channel,
        permit.issued,
        sa.false(),
        permit.expires,
    ).where(reserved, permit.marketing, permit.expires > now, ~used)
    return [*connection.execute(done), *connection.execute(opened)]


def in_slices(ids: Iterable[UUID], size: int = 400) -> Iterable[list[UUID]]:
    """Lists that every build of SQLite takes as parameters."""
    listed = list(ids)
    return [listed[start : start + size] for start in range(0, len(listed), size)]
