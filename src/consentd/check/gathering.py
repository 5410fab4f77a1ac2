"""From the statement's rows to cases: who is meant, whose no counts, and what would be used. Pure but for
opening sealed facts, for which it is given a function.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from consentd.check.questions import WIDTH, Ready
from consentd.check.raw import NOBODY_KNOWN, OpenFacts, RawId, attempt, objection, state, uuid_of
from consentd.check.statement import Tag
from consentd.kernel import naming
from consentd.kernel.case import NO_FACTS, Attempt, Case, Facts, Person, Point, Suppression
from consentd.kernel.fold import Objection, State
from consentd.kernel.instants import Instant


class _Held(msgspec.Struct):
    """A contact point and who holds it."""

    holders: list[RawId]
    consumer: bool = False
    unreachable: bool = False
    """An address bounces whoever has it: what one silo found out is true of all (decision 0033)."""


class Gathered:
    """One statement's rows, by what they are about. Several questions of one purpose and channel share it."""

    def __init__(
        self,
        rows: Iterable[Sequence[Any]],
        purpose: str,
        channel: str,
        schemes: Sequence[str],
        open_facts: OpenFacts,
    ) -> None:
        self.policy: str | None = None
        self.live = False
        self.named: dict[int, list[tuple[RawId, RawId]]] = {}
        self._purpose = purpose
        self._channel = channel
        self._schemes = schemes
        self._open_facts = open_facts
        self._points: dict[RawId, _Held] = {}
        self._members: dict[RawId, list[tuple[RawId, str | None, bool]]] = {}
        self._states: dict[RawId, list[State]] = {}
        self._objections: dict[RawId, list[Objection]] = {}
        self._listed: dict[RawId, list[tuple[RawId, str, int, str | None, str | None]]] = {}
        self._facts: dict[RawId, list[Facts]] = {}
        self._attempts_of: dict[RawId, dict[RawId, Attempt]] = {}
        take: dict[int, Callable[[Sequence[Any]], None]] = {
            Tag.CONTROL: self._control,
            Tag.NAMED: self._name,
            Tag.HOLDER: self._holder,
            Tag.MEMBER: self._member,
            Tag.STATE: self._state,
            Tag.OBJECTION: self._objection,
            Tag.SUPPRESSION: self._suppression,
            Tag.FACTS: self._fact,
            Tag.ATTEMPT: self._attempt,
        }
        for row in rows:
            take[row[0]](row)

    def _control(self, row: Sequence[Any]) -> None:
        self.policy = row[5]
        self.live = bool(row[10])

    def _name(self, row: Sequence[Any]) -> None:
        self.named.setdefault(row[10], []).append((row[1], row[2]))

    def _holder(self, row: Sequence[Any]) -> None:
        held = self._points.get(row[1])
        if held is None:
            held = self._points[row[1]] = _Held([])
        if row[2] not in held.holders:
            held.holders.append(row[2])
        held.consumer = held.consumer or row[5] == "consumer"
        held.unreachable = held.unreachable or row[10] is not None

    def _member(self, row: Sequence[Any]) -> None:
        self._members.setdefault(row[2], []).append((row[1], row[5], row[10] is not None))

    def _state(self, row: Sequence[Any]) -> None:
        self._states.setdefault(row[1], []).append(
            state(self._purpose, self._channel, uuid_of(row[2]), *row[5:14])
        )

    def _objection(self, row: Sequence[Any]) -> None:
        found = objection(row[5], row[6], row[2], row[7], row[10])
        self._objections.setdefault(row[1], []).append(found)

    def _suppression(self, row: Sequence[Any]) -> None:
        self._listed.setdefault(row[2], []).append((row[1], row[7], row[10], row[5], row[6]))

    def _fact(self, row: Sequence[Any]) -> None:
        facts = self._open_facts(row[1], row[3], row[4], row[14], row[15])
        self._facts.setdefault(row[2], []).append(facts)

    def _attempt(self, row: Sequence[Any]) -> None:
        about = row[2] if row[2] is not None else row[3]
        self._attempts_of.setdefault(about, {})[row[1]] = attempt(row[10], row[5], row[11])

    def case(self, index: int, ready: Ready) -> Case:
        """The case of the question with this index in its slice."""
        start = index * WIDTH
        meant = self._meant(range(start, start + ready.naming))
        if not meant:
            return NOBODY_KNOWN
        wanted: set[RawId] | None = None
        if ready.points:
            numbers = [start + o for o, name in enumerate(ready.names) if name in ready.points]
            wanted = {id_ for n in numbers for id_, _ in self.named.get(n, ())}
        holders = {id_: held.holders for id_, held in self._points.items()}
        _, points, others = naming.involved(meant, wanted, holders)
        people = [self._person(group, named=True) for group in meant]
        people += [self._person(group, named=False) for group in others]
        return Case(
            tuple(people),
            tuple(self._point(id_) for id_ in points),
            wanted is not None,
            self._suppressions(meant | others, points) if self._listed else (),
            self._attempts(meant, points),
        )

    def _meant(self, numbers: range) -> set[RawId]:
        return naming.meant([{group for _, group in self.named[n]} for n in numbers if n in self.named])

    def _person(self, group: RawId, *, named: bool) -> Person:
        # In the order of their ids: both databases must find the same territory first.
        members = sorted(self._members.get(group, ()), key=lambda member: str(uuid_of(member[0])))
        facts = self._facts.get(group)
        return Person(
            group,
            named,
            next((territory for _, territory, _ in members if territory), None),
            any(restricted for _, _, restricted in members),
            tuple(self._states.get(group, ())),
            tuple(self._objections.get(group, ())),
            NO_FACTS if facts is None else facts[0] if len(facts) == 1 else together(facts),
        )

    def _point(self, id_: RawId) -> Point:
        held = self._points[id_]
        return Point(uuid_of(id_), tuple(held.holders), not held.consumer, held.unreachable)

    def _suppressions(self, groups: Iterable[RawId], points: Sequence[RawId]) -> tuple[Suppression, ...]:
        """What the do-not-contact list says of these people, whichever identifier they are on it by."""
        found: list[Suppression] = []
        for group in groups:
            for id_, scheme, since, purpose, channel in self._listed.get(group, ()):
                if id_ in points:
                    found.append(Suppression(Instant(since), purpose, channel, uuid_of(id_)))
                if channel is None or scheme not in self._schemes:
                    # All channels, or known by something that is no address of this one: wherever they are.
                    found.append(Suppression(Instant(since), purpose, channel, None))
        return tuple(dict.fromkeys(found))

    def _attempts(self, meant: Iterable[RawId], points: Iterable[RawId]) -> tuple[Attempt, ...]:
        if not self._attempts_of:
            return ()
        found: dict[RawId, Attempt] = {}
        for about in (*meant, *points):
            found.update(self._attempts_of.get(about, ()))
        return tuple(sorted(found.values(), key=lambda one: one.at))


def together(facts: Sequence[Facts]) -> Facts:
    """The facts of several members of one person."""
    contacts = [fact.last_contact for fact in facts if fact.last_contact is not None]
    return Facts(
        births=tuple(birth for fact in facts for birth in fact.births),
        sales=tuple(sale for fact in facts for sale in fact.sales),
        contracts=tuple(contract for fact in facts for contract in fact.contracts),
        last_contact=max(contacts, default=None),
    )
