"""From the replica's records to the case that `decide` is given: who is meant, whose no counts, what would be
used. The same rules of naming as the server's (`kernel.naming`), over the same values.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from consentd.client.replica.codec import ELSEWHERE, Record, Words, decode, use_word
from consentd.client.replica.file import File
from consentd.client.replica.overlay import Act, Overlay, joined
from consentd.kernel import naming
from consentd.kernel.case import NO_FACTS, Attempt, Case, Person, Point, Suppression
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.replica import Number, StateTold, point_id
from consentd.kernel.states import ConsentState, Ground, Proof

_STATES = {state.value: state for state in ConsentState}
_PROOFS = {proof.value: proof for proof in Proof}
_ELSEWHERE = UUID(int=1 << 100)
"""A contact point that nobody in the case has."""


class NotDecidable(Exception):
    """What is asked touches people or details that the replica does not hold: the service can tell."""


class Asked(msgspec.Struct, frozen=True):
    """A question with its identifiers as numbers. `points`: those to be used; None: whichever there are."""

    purpose: str
    channel: str
    names: tuple[Number, ...]
    points: tuple[Number, ...] | None
    schemes: Collection[str]
    """Of the channel's contact points."""


class Gathering:
    """Reads one case. Raises FileError, and NotDecidable."""

    def __init__(self, file: File, words: Words, use: Mapping[str, int], overlay: Overlay) -> None:
        self._file = file
        self._words = words
        self._use = use
        self._overlay = overlay

    def case(self, asked: Asked) -> Case:
        looked_up = self._overlay.beside({*asked.names, *(asked.points or ())})
        holders = self._holders(looked_up)
        self._lend(looked_up, holders)
        known = [holders[name] for name in asked.names if name in holders]
        if known and len(known) < len(asked.names):
            # Somebody out of sight may hold the others, and then others would be meant.
            raise NotDecidable
        people = naming.meant(known)
        if not people:
            return Case()
        records = self._records(people)
        points = self._points(asked, people, records, holders)
        wanted = None if asked.points is None else {one for one in asked.points if one in points}
        meant = naming.involved(people, wanted, points)
        records |= self._records(meant.others)
        certain = len(people) == 1
        persons = [self._person(n, records, asked, named=True, certain=certain) for n in sorted(people)]
        persons += [self._person(n, records, asked, named=False, certain=False) for n in sorted(meant.others)]
        return Case(
            tuple(persons),
            tuple(self._point(number, points[number], records) for number in meant.points),
            asked.points is not None,
            tuple(self._suppressions(records, meant.points, asked.schemes)),
            tuple(self._attempts(records, people, meant.points, asked.channel)),
        )

    def _holders(self, numbers: Iterable[Number]) -> dict[Number, set[int]]:
        found: dict[Number, set[int]] = {}
        for number, n, _ in self._file.holders(list(numbers)):
            found.setdefault(number, set()).add(n)
        return found

    def _lend(self, looked_up: Collection[Number], holders: dict[Number, set[int]]) -> None:
        """An identifier that nobody holds, and that a waiting choice names beside somebody's, is theirs."""
        if not self._overlay.acts:
            return
        lent: dict[Number, set[int]] = {}
        for number in looked_up - holders.keys():
            if number not in self._overlay:
                continue
            together = self._overlay.beside([number])
            people = {n for other in together if other in holders for n in holders[other]}
            lent[number] = people if len(people) == 1 else {self._overlay.somebody(together)}
        holders.update(lent)

    def _records(self, people: Iterable[int]) -> dict[int, Record]:
        wanted = [n for n in people if n > 0]
        return {n: decode(content) for n, content in self._file.records(wanted)}

    def _points(
        self,
        asked: Asked,
        people: set[int],
        records: Mapping[int, Record],
        known: Mapping[Number, set[int]],
    ) -> dict[Number, set[int]]:
        """Contact points of the channel that may count, with everyone who holds each."""
        if asked.points is not None:
            return {number: known[number] for number in asked.points if number in known}
        if any(not records[n].whole for n in people if n in records):
            # Of a co-holder only what they share is here, and they may have more.
            raise NotDecidable
        mine = {
            number for n in people if n in records for number in self._contacts(records[n], asked.schemes)
        }
        # And those that are lent to somebody by a choice that waits.
        lent = {
            number: held
            for number, held in known.items()
            if held & people and self._is_lent(number, held, records)
        }
        return self._holders(mine) | lent

    def _is_lent(self, number: Number, held: set[int], records: Mapping[int, Record]) -> bool:
        return all(n < 0 or (n in records and number not in records[n].held[::2]) for n in held)

    def _contacts(self, record: Record, schemes: Collection[str]) -> Iterable[Number]:
        for at in range(0, len(record.held), 2):
            if record.held[at] and self._words.held(record.held[at + 1])[0] in schemes:
                yield record.held[at]

    def _person(
        self, n: int, records: Mapping[int, Record], asked: Asked, *, named: bool, certain: bool
    ) -> Person:
        record = records.get(n)
        acts = self._acts(n, record, asked, certain=certain)
        if record is None:
            territory = next((act.territory for act in acts if act.territory), None)
            return Person(point_id(n), named, territory, False, joined((), acts), _objecting(acts))
        use = self._use.get(use_word(asked.purpose, asked.channel), -1)
        told = self._words.states(record, use, asked.purpose, asked.channel)
        rest = record.rest
        return Person(
            point_id(n),
            named,
            self._words.territory(record),
            record.restricted,
            joined(map(state_of, told), acts) if acts else tuple(map(state_of, told)),
            (() if rest is None else tuple(_objections(record))) + _objecting(acts),
            rest.facts if rest is not None and rest.facts is not None else NO_FACTS,
        )

    def _acts(self, n: int, record: Record | None, asked: Asked, *, certain: bool) -> list[Act]:
        """What waits about one person. A yes that could be somebody else's is nobody's."""
        if not self._overlay.acts:
            return []
        numbers = set(asked.names) if certain or record is None else set()
        if record is not None:
            numbers |= {one for one in record.numbers if one}
        found = []
        for act in self._overlay.about(numbers):
            if not _bears_on(act, asked):
                continue
            if not act.restricts:
                held = self._holders(act.names)
                self._lend(self._overlay.beside(act.names), held)
                if naming.meant([held[name] for name in act.names if name in held]) != {n}:
                    continue
            found.append(act)
        return found

    def _point(self, number: Number, holders: Collection[int], records: Mapping[int, Record]) -> Point:
        # An address bounces whoever has it.
        professional, unreachable = True, False
        for n in holders:
            told = self._held(records.get(n), number)
            professional = professional and told[0]
            unreachable = unreachable or told[1]
        return Point(point_id(number), tuple(point_id(n) for n in holders), professional, unreachable)

    def _held(self, record: Record | None, number: Number) -> tuple[bool, bool]:
        if record is not None and number in record.held[::2]:
            word = record.held[2 * record.held[::2].index(number) + 1]
            return self._words.held(word)[1:]
        return False, False

    def _suppressions(
        self, records: Mapping[int, Record], points: Sequence[Number], schemes: Collection[str]
    ) -> Iterable[Suppression]:
        """What the do-not-contact list says of these people, whichever identifier they are on it by."""
        found: dict[Suppression, None] = {}
        for record in records.values():
            for one in record.rest.listed if record.rest is not None else ():
                if one.number in points:
                    found[Suppression(one.since, one.purpose, one.channel, point_id(one.number))] = None
                if one.channel is None or one.scheme not in schemes:
                    found[Suppression(one.since, one.purpose, one.channel, None)] = None
        return found

    def _attempts(
        self, records: Mapping[int, Record], people: Collection[int], points: Sequence[Number], channel: str
    ) -> list[Attempt]:
        found: dict[Number, Attempt] = {}
        for n, record in records.items():
            for one in record.rest.attempts if record.rest is not None else ():
                counts = (one.own and n in people) or (one.point and one.point in points)
                if counts and one.channel == channel:
                    found[one.number] = Attempt(one.at, one.refused, one.until)
        return sorted(found.values(), key=lambda one: one.at)


def state_of(told: StateTold) -> State:
    return State(
        StateKey(told.purpose, told.channel, _point_of(told.point)),
        _STATES[told.state],
        told.effective,
        NOBODY,
        _PROOFS[told.proof],
        told.explicit,
        told.parental,
        told.notice,
        told.version,
        told.slots,
        told.own_act,
    )


def _point_of(number: Number) -> UUID:
    if number == 0:
        return NOBODY
    return _ELSEWHERE if number == ELSEWHERE else point_id(number)


def _objections(record: Record) -> Iterable[Objection]:
    assert record.rest is not None
    for one in record.rest.objections:
        yield Objection(
            one.purpose, one.channel, _point_of(one.point), Ground(one.ground), Instant(one.since), NOBODY
        )


def _objecting(acts: Iterable[Act]) -> tuple[Objection, ...]:
    return tuple(act.objection for act in acts if act.objection is not None)


def _bears_on(act: Act, asked: Asked) -> bool:
    if act.state is None:
        return True
    return (act.state.key.purpose, act.state.key.channel) == (asked.purpose, asked.channel)
