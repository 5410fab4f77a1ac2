"""Everything that bears on decisions about one person, read at once: for a page that shows all their choices.

A check asks one question by one statement; a page asks some sixty about one person, and reads what they rest
on once, from one transaction. What it makes of it are the same cases, for the same `decide`. Attempts are
left out: they bear on the hour of a call, and not on what somebody chose.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from consentd.check import everything_store as store
from consentd.check.gathering import together
from consentd.check.raw import objection
from consentd.consent.events import slots_of
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_wrapped
from consentd.kernel.case import NO_FACTS, Case, Facts, Person, Point, Suppression
from consentd.kernel.fold import State, StateKey
from consentd.kernel.ids import GroupId
from consentd.kernel.instants import Instant
from consentd.kernel.states import ConsentState, Proof
from consentd.subjects.folded import open_fact_state


class Held(msgspec.Struct, frozen=True):
    """A contact detail of the person."""

    id: UUID
    scheme: str
    holders: tuple[UUID, ...]
    """Groups: the person's own, and of whoever shares it."""
    professional: bool
    unreachable: bool


class Listed(NamedTuple):
    """An entry of the do-not-contact list, by somebody of the case."""

    group: UUID
    identifier: UUID
    scheme: str
    since: Instant
    purpose: str | None
    channel: str | None


class Everything(msgspec.Struct, frozen=True):
    person: Person
    """With the states and objections for all purposes and channels."""
    others: dict[UUID, Person]
    """Who share a contact detail, by group."""
    held: tuple[Held, ...]
    """In the order in which they became known."""
    listed: tuple[Listed, ...]
    lapsed: frozenset[UUID] = frozenset()
    """Consent events that were to be confirmed, and whose time for it is over."""

    def points(self, schemes: Collection[str]) -> tuple[Held, ...]:
        return tuple(one for one in self.held if one.scheme in schemes)

    def case(self, schemes: Collection[str], points: Sequence[UUID]) -> Case:
        """What a question by a channel of these schemes is decided on, where these contact points would be
        used; none where the person has none, or the channel needs none.
        """
        used = [one for one in self.held if one.id in points]
        groups = dict.fromkeys(group for one in used for group in one.holders)
        others = tuple(self.others[group] for group in groups if group in self.others)
        people = (self.person, *others)
        return Case(
            people,
            tuple(Point(one.id, one.holders, one.professional, one.unreachable) for one in used),
            bool(points),
            self._suppressions({one.id for one in people}, schemes, points),
        )

    def alone(self, schemes: Collection[str], points: Sequence[UUID]) -> Case:
        """The same without what others who share a contact point chose: the person's own side of it."""
        whole = self.case(schemes, points)
        own = self._suppressions({self.person.id}, schemes, points)
        return msgspec.structs.replace(whole, people=(self.person,), suppressions=own)

    def _suppressions(
        self, groups: Collection[UUID], schemes: Collection[str], points: Sequence[UUID]
    ) -> tuple[Suppression, ...]:
        """As a check reads the list (`gathering`)."""
        found: list[Suppression] = []
        for one in self.listed:
            if one.group not in groups:
                continue
            if one.identifier in points:
                found.append(Suppression(one.since, one.purpose, one.channel, one.identifier))
            if one.channel is None or one.scheme not in schemes:
                found.append(Suppression(one.since, one.purpose, one.channel, None))
        return tuple(dict.fromkeys(found))


def everything_about(
    connection: Any, keyring: Keyring, group: GroupId, members: Sequence[UUID]
) -> Everything:
    """Any: a database connection. Raises UnknownKey where another process rotated: reload and try again."""
    own = store.held(connection, members)
    ids = list(dict.fromkeys(row.identifier_id for row in own))
    holding: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in store.holders(connection, ids) if ids else ():
        holding[row.identifier_id].append(row)
    groups = {group, *(row.group_id for rows in holding.values() for row in rows)}
    people = _people(connection, keyring, group, groups)
    schemes = {row.identifier_id: row.scheme for row in own}
    held = tuple(_held(id_, schemes[id_], holding[id_]) for id_ in ids)
    listed = tuple(_listed(connection, own, group, people.members))
    others = {id_: person for id_, person in people.by_group.items() if id_ != group}
    return Everything(people.by_group[group], others, held, listed)


class _People(NamedTuple):
    by_group: dict[UUID, Person]
    members: dict[UUID, list[UUID]]


def _people(connection: Any, keyring: Keyring, own: UUID, groups: Collection[UUID]) -> _People:
    rows: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in store.members(connection, groups):
        rows[row.group_id].append(row)
    states: defaultdict[UUID, list[State]] = defaultdict(list)
    for row in store.states(connection, groups):
        states[row.group_id].append(_state(row))
    objections: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in store.objections(connection, groups):
        objections[row.group_id].append(row)
    # Of whoever only shares a contact point nothing that is known counts but their noes.
    facts = _facts(connection, keyring, [row.id for row in rows[own]])
    found = {
        group: Person(
            group,
            group == own,
            next((row.territory for row in listed if row.territory), None),
            any(row.restricted_at is not None for row in listed),
            tuple(states[group]),
            tuple(
                msgspec.structs.replace(
                    objection(row.purpose, row.channel, row.contact_point_id, row.ground, row.since),
                    event=row.event_id,
                )
                for row in objections[group]
            ),
            facts if group == own else NO_FACTS,
        )
        for group, listed in rows.items()
    }
    return _People(found, {group: [row.id for row in listed] for group, listed in rows.items()})


def _facts(connection: Any, keyring: Keyring, members: Sequence[UUID]) -> Facts:
    opened = [
        open_fact_state(
            open_wrapped(keyring, row.id, row.wrapper_id, row.wrapped), row.subject_id, row.sealed
        )
        for row in store.facts(connection, members)
    ]
    return together(opened) if opened else NO_FACTS


def _held(id_: UUID, scheme: str, rows: Sequence[Any]) -> Held:
    return Held(
        id_,
        scheme,
        tuple(dict.fromkeys(row.group_id for row in rows)),
        all(row.capacity != "consumer" for row in rows),
        any(row.unreachable_since is not None for row in rows),
    )


def _listed(
    connection: Any, own: Iterable[Any], group: UUID, members: dict[UUID, list[UUID]]
) -> Iterable[Listed]:
    group_of = {one: found for found, ids in members.items() for one in ids}
    others = [one for one, found in group_of.items() if found != group]
    rows = [*own, *(store.held(connection, others) if others else ())]
    of: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        of[row.identifier_id].add(group_of[row.subject_id])
    for row in store.listed(connection, list(of)) if of else ():
        for found in of[row.identifier_id]:
            yield Listed(found, row.identifier_id, row.scheme, Instant(row.since), row.purpose, row.channel)


def _state(row: Any) -> State:
    return State(
        key=StateKey(row.purpose, row.channel, row.contact_point_id),
        state=ConsentState(row.state),
        effective=Instant(row.effective),
        event=row.event_id,
        proof=Proof(row.proof),
        explicit=bool(row.explicit),
        parental=bool(row.parental),
        notice_id=row.notice_id,
        notice_version=row.notice_version,
        slots=slots_of(row.slots),
        own_act=None if row.own_act is None else Instant(row.own_act),
    )
