"""From rows to what a replica is told of people: everything `decide` reads, under the replica's own numbers.

Upholds promise 8 by what it leaves closed: only identifiers of the schemes that the replica holds are opened,
to be hashed anew; nothing that was opened is told.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from consentd.consent.events import slots_of
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys
from consentd.feed import replica_store as store
from consentd.feed.replica_rules import Extent, kept
from consentd.kernel.case import NO_FACTS, Facts
from consentd.kernel.ids import NOBODY, SubjectId
from consentd.kernel.instants import Instant
from consentd.kernel.replica import (
    WHOLE_CHANNEL,
    AttemptTold,
    GoneTold,
    HeldTold,
    ListedTold,
    Number,
    ObjectionTold,
    PersonTold,
    StateTold,
    number_of_id,
    number_of_identifier,
    point_id,
)
from consentd.subjects.folded import open_fact_state

Row = Any
_ANY = "*"


class Reader(NamedTuple):
    """What lines are made with. `system`: whose replica; `key`: the replica's; `since`: from when attempts
    can still count.
    """

    connection: Any  # Any: a database connection
    keyring: Keyring
    key: bytes
    system: UUID
    held: Extent
    since: int
    now: Instant


class _Rows(NamedTuple):
    """Everything about some people, by what it is about."""

    members: dict[UUID, list[Row]]
    links: dict[UUID, list[Row]]
    states: dict[UUID, list[Row]]
    objections: dict[UUID, list[Row]]
    listed: dict[UUID, list[Row]]
    facts: dict[UUID, Facts]
    attempts: dict[UUID, list[Row]]
    at_points: dict[UUID, list[Row]]
    values: dict[UUID, str]


def lines_about(reader: Reader, groups: Collection[UUID], *, gone: bool) -> list[PersonTold | GoneTold]:
    """A line about each of these people who belongs to the system, and about everyone who shares an
    identifier with one. `gone`: about those who do not, that they are gone; else nothing.
    """
    members, links = _people(reader, groups)
    sharing = _sharing(reader, links)
    around = {group for held in sharing.values() for group in held} - set(groups)
    if around:
        more_members, more_links = _people(reader, around)
        members |= more_members
        links |= more_links
        sharing = _sharing(reader, links)
    # One more step: whether a co-holder's other details are shared with people of this system.
    beyond = {group for held in sharing.values() for group in held} - set(members)
    far_members, far_links = _people(reader, beyond) if beyond else ({}, {})
    own = _own(reader, {**members, **far_members}, {**links, **far_links})
    told: dict[UUID, Collection[UUID]] = {}
    for group in members:
        points = {
            link.identifier_id
            for link in links.get(group, ())
            if link.scheme in reader.held.schemes
            and (group in own or own & sharing.get(link.identifier_id, set()))
        }
        if group in own or points:
            told[group] = points
    rows = _rows(reader, members, links, told)
    found: list[PersonTold | GoneTold] = [
        _line(reader, rows, group, points, whole=group in own) for group, points in told.items()
    ]
    if gone:
        found += [GoneTold(_person(reader, group)) for group in groups if group not in told]
    return found


def gone(reader: Reader, ids: Iterable[UUID]) -> list[GoneTold]:
    return [GoneTold(_person(reader, one)) for one in ids]


def _person(reader: Reader, group: UUID) -> Number:
    return number_of_id(reader.key, "person", group)


def _people(reader: Reader, groups: Collection[UUID]) -> tuple[dict[UUID, list[Row]], dict[UUID, list[Row]]]:
    """Members, and what they hold, of each of these people who is still there."""
    members: defaultdict[UUID, list[Row]] = defaultdict(list)
    links: defaultdict[UUID, list[Row]] = defaultdict(list)
    for some in store.in_slices(groups):
        group_of = {}
        for row in store.members(reader.connection, some):
            members[row.group_id].append(row)
            group_of[row.id] = row.group_id
        for part in store.in_slices(group_of):
            for link in store.links(reader.connection, part):
                links[group_of[link.subject_id]].append(link)
    return dict(members), dict(links)


def _sharing(reader: Reader, links: Mapping[UUID, list[Row]]) -> dict[UUID, set[UUID]]:
    """Identifier that is told → everyone who holds it: a card of two too, by which both are meant."""
    told = {
        link.identifier_id for held in links.values() for link in held if link.scheme in reader.held.schemes
    }
    found: dict[UUID, set[UUID]] = {}
    for some in store.in_slices(told):
        found |= store.holders(reader.connection, some)
    return found


def _own(reader: Reader, members: Mapping[UUID, list[Row]], links: Mapping[UUID, list[Row]]) -> set[UUID]:
    """Who of these people belongs to the system."""
    group_of = {row.id: group for group, rows in members.items() for row in rows}
    found = {group for group, held in links.items() if any(link.scheme in reader.held.own for link in held)}
    left = [subject for subject, group in group_of.items() if group not in found]
    for some in store.in_slices(left):
        found |= {group_of[one] for one in store.named_by(reader.connection, reader.system, some)}
    return found


def _rows(
    reader: Reader,
    members: Mapping[UUID, list[Row]],
    links: Mapping[UUID, list[Row]],
    told: Mapping[UUID, Collection[UUID]],
) -> _Rows:
    states: defaultdict[UUID, list[Row]] = defaultdict(list)
    objections: defaultdict[UUID, list[Row]] = defaultdict(list)
    for groups in store.in_slices(told):
        for row in store.states(reader.connection, groups):
            states[row.group_id].append(row)
        for row in store.objections(reader.connection, groups):
            objections[row.group_id].append(row)
    subjects = {row.id: group for group in told for row in members[group]}
    keys = open_keys(reader.connection, reader.keyring, [SubjectId(one) for one in subjects])
    facts: dict[UUID, Facts] = {}
    attempts: defaultdict[UUID, list[Row]] = defaultdict(list)
    at_points: defaultdict[UUID, list[Row]] = defaultdict(list)
    identifiers = {link.identifier_id for group in told for link in links.get(group, ())}
    listed: defaultdict[UUID, list[Row]] = defaultdict(list)
    for some in store.in_slices(identifiers):
        for row in store.suppressions(reader.connection, some):
            listed[row.identifier_id].append(row)
    for some in store.in_slices(subjects):
        for subject, sealed in store.fact_states(reader.connection, some).items():
            content = keys[SubjectId(subject)].content
            if content is not None:
                opened = open_fact_state(content, subject, sealed)
                facts[subjects[subject]] = _together(facts.get(subjects[subject]), opened)
    seen: set[tuple[UUID, UUID, UUID | None]] = set()
    for some, points in _alongside(subjects, identifiers):
        for row in store.attempts(reader.connection, some, points, reader.since, reader.now):
            name = row[0], row[1], row[2]
            if name in seen:
                continue
            seen.add(name)
            if row[1] in subjects:
                attempts[subjects[row[1]]].append(row)
            if row[2] in identifiers:
                at_points[row[2]].append(row)
    values: dict[UUID, str] = {}
    for group, points_of in told.items():
        for link in links.get(group, ()):
            content = keys[SubjectId(link.subject_id)].content
            if link.identifier_id in points_of and link.identifier_id not in values and content is not None:
                opened_link = unseal(content, link.sealed, Place("identifier_links", "sealed", link.id))
                values[link.identifier_id] = opened_link.decode()
    return _Rows(dict(members), dict(links), states, objections, listed, facts, attempts, at_points, values)


def _alongside(
    subjects: Collection[UUID], points: Collection[UUID]
) -> Iterable[tuple[list[UUID], list[UUID]]]:
    for some in store.in_slices(subjects):
        yield some, []
    for some in store.in_slices(points):
        yield [], some


def _line(reader: Reader, rows: _Rows, group: UUID, points: Collection[UUID], *, whole: bool) -> PersonTold:
    numbers = {
        link.identifier_id: number_of_identifier(reader.key, link.scheme, rows.values[link.identifier_id])
        for link in rows.links.get(group, ())
        if link.identifier_id in points and link.identifier_id in rows.values
    }
    members = rows.members[group]
    facts = rows.facts.get(group)
    return PersonTold(
        _person(reader, group),
        whole,
        next((row.territory for row in members if row.territory), None),
        any(row.restricted_at is not None for row in members),
        tuple(_held(rows.links.get(group, ()), numbers)),
        tuple(_states(reader, rows.states.get(group, ()), numbers, whole=whole)),
        tuple(_objections(reader, rows.objections.get(group, ()), numbers)),
        tuple(_listed(reader, rows, group, numbers)),
        tuple(_attempts(reader, rows, group, numbers)),
        None if facts is None else _facts(reader, kept(facts, reader.held), numbers),
    )


def _point(reader: Reader, identifier: UUID | None, numbers: Mapping[UUID, Number]) -> Number:
    if identifier is None or identifier == NOBODY:
        return WHOLE_CHANNEL
    found = numbers.get(identifier)
    return number_of_id(reader.key, "point", identifier) if found is None else found


def _held(links: Iterable[Row], numbers: Mapping[UUID, Number]) -> Iterable[HeldTold]:
    by_identifier: defaultdict[UUID, list[Row]] = defaultdict(list)
    for link in links:
        if link.identifier_id in numbers:
            by_identifier[link.identifier_id].append(link)
    for identifier, rows in by_identifier.items():
        yield HeldTold(
            numbers[identifier],
            rows[0].scheme,
            all(row.capacity != "consumer" for row in rows),
            any(row.unreachable_since is not None for row in rows),
        )


def _states(
    reader: Reader, rows: Iterable[Row], numbers: Mapping[UUID, Number], *, whole: bool
) -> Iterable[StateTold]:
    for row in rows:
        if not reader.held.holds(row.purpose, row.channel):
            continue
        if not whole and row.contact_point_id != NOBODY and row.contact_point_id not in numbers:
            continue
        yield StateTold(
            row.purpose,
            row.channel,
            _point(reader, row.contact_point_id, numbers),
            row.state,
            row.proof,
            row.effective,
            bool(row.explicit),
            bool(row.parental),
            row.own_act,
            row.notice_id,
            row.notice_version,
            slots_of(row.slots) if row.slots else (),
        )


def _objections(
    reader: Reader, rows: Iterable[Row], numbers: Mapping[UUID, Number]
) -> Iterable[ObjectionTold]:
    for row in rows:
        if reader.held.holds(row.purpose, row.channel):
            yield ObjectionTold(
                None if row.purpose == _ANY else row.purpose,
                None if row.channel == _ANY else row.channel,
                _point(reader, row.contact_point_id, numbers),
                row.ground,
                row.since,
            )


def _listed(reader: Reader, rows: _Rows, group: UUID, numbers: Mapping[UUID, Number]) -> Iterable[ListedTold]:
    for identifier in {link.identifier_id for link in rows.links.get(group, ())}:
        for row in rows.listed.get(identifier, ()):
            if reader.held.holds(row.purpose, row.channel):
                number = _point(reader, identifier, numbers)
                yield ListedTold(number, row.scheme, row.since, row.purpose, row.channel)


def _attempts(
    reader: Reader, rows: _Rows, group: UUID, numbers: Mapping[UUID, Number]
) -> Iterable[AttemptTold]:
    own = rows.attempts.get(group, ())
    mine = {row[0] for row in own}
    others = [row for point in numbers for row in rows.at_points.get(point, ()) if row[0] not in mine]
    for row in (*own, *others):
        batch, _, point, channel, at, refused, until = row
        if reader.held.holds(None, channel):
            yield AttemptTold(
                number_of_id(reader.key, "attempt", batch),
                batch in mine,
                _point(reader, point, numbers),
                channel,
                at,
                bool(refused),
                until,
            )


def _facts(reader: Reader, facts: Facts | None, numbers: Mapping[UUID, Number]) -> Facts | None:
    if facts is None:
        return None
    sales = tuple(
        msgspec.structs.replace(sale, contact_point=point_id(_point(reader, sale.contact_point, numbers)))
        if sale.contact_point is not None
        else sale
        for sale in facts.sales
    )
    return msgspec.structs.replace(facts, sales=sales)


def _together(known: Facts | None, more: Facts) -> Facts:
    """The facts of several members of one person."""
    if known is None or known == NO_FACTS:
        return more
    contacts = [one.last_contact for one in (known, more) if one.last_contact is not None]
    return Facts(
        known.births + more.births,
        known.sales + more.sales,
        known.contracts + more.contracts,
        max(contacts, default=None),
    )
