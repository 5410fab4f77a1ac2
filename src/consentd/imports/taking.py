"""Taking rows: each becomes what the API would have been told, under one entry of the log (promises 3 and 8).

One set of rules admits them: `consent.recording`, `consent.objecting`, `subjects.stating` and
`check.attempting`. What differs is who is meant: the record that this silo keeps, and the person whose it is
(decision 0033).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.check import attempting
from consentd.consent import joining
from consentd.consent.ahead import Beside, Standing, standing_of
from consentd.consent.answers import EventWritten
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents
from consentd.consent.won import MARK, hold_back, needs_consent_before
from consentd.crypto.keyring import Keyring
from consentd.db.attempt import attempt
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.imports.numbering import Numbered, numbered
from consentd.imports.returning import ERASED_BEFORE, Returning
from consentd.imports.stated import Choice, RowRefused, Stated
from consentd.imports.taken import Event, Late, Taken
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import CallerError
from consentd.kernel.fold import State, StateKey
from consentd.kernel.ids import BatchId, GroupId
from consentd.kernel.instants import Instant, parse_moment
from consentd.kernel.law import MARKETING_KINDS
from consentd.subjects import erased
from consentd.subjects.acts import Act, check_limits, not_reported
from consentd.subjects.ahead import Ahead, look_ahead
from consentd.subjects.facts import BirthFact
from consentd.subjects.model import Resolution
from consentd.subjects.stating import FactsAsked, record_facts

T = TypeVar("T")


_ABOUT_TIMES = ("future_time", "invalid_fact", "invalid_time")


class _Erased(RowRefused):
    """All that the row states was on record, and whom it is about is no more: nothing brings them back."""

    def __init__(self) -> None:
        super().__init__("erased")


class _Stopped(Exception):
    """A row that was refused, by its place among those taken together."""

    def __init__(self, place: int, refused: RowRefused) -> None:
        super().__init__()
        self.place = place
        self.refused = refused


class Taker:
    """Writes rows in units that it is given. `actor`: who imports; `caller`: whose rows they are."""

    def __init__(
        self, keyring: Keyring, compiled: CompiledPolicy, caller: Caller, actor: Actor, exported_at: str
    ) -> None:
        self._keyring = keyring
        self._compiled = compiled
        self._caller = caller
        self._actor = actor
        self._exported_at = exported_at
        self._zone = ZoneInfo(caller.zone)
        self._returning: Returning | None = None

    def take_new(self, unit: Unit, rows: Sequence[Stated]) -> list[Taken | Late]:
        """The same, but for rows that would bring somebody back who was erased (decision 0042)."""
        back = self._returning = Returning.of(unit, self._keyring, rows, self._zone)
        new = iter(self.take(unit, [row for row in rows if row.line not in back.held_back]))
        answers = [self._held_back(unit, row) if row.line in back.held_back else next(new) for row in rows]
        late = {one.line for one in answers if isinstance(one, Late) and one.code == ERASED_BEFORE}
        exported = self._first(self._exported_at)
        # An export of before says nothing of what the silo has now.
        hits = [hit for hit in back.hits_of(rows, late | back.held_back) if exported >= hit.erased_on]
        erased.alarm(unit, self._keyring, self._caller.system_id, hits, self._compiled.hash)
        lines = {row.line for row in rows if any(hit in hits for hit in back.hits_of([row]))}
        return [
            msgspec.structs.replace(one, returned=one.line in lines) if isinstance(one, Taken) else one
            for one in answers
        ]

    def _held_back(self, unit: Unit, row: Stated) -> Taken | Late:
        numbers = numbered(self._keyring, row, self._exported_at)
        new = not_reported(unit, self._keyring, self._caller, numbers.statements)
        if numbers.statements and not new:
            return Taken(row.line, repeated=len(numbers.statements))
        return Late(row.line, ERASED_BEFORE, None)

    def take(self, unit: Unit, rows: Sequence[Stated]) -> list[Taken | Late]:
        """Takes rows in their order. One that the rules of recording refuse leaves nothing behind."""
        taken: list[Taken | Late] = []
        left = list(rows)
        while left:
            try:
                return taken + self._attempted(unit, left)
            except _Stopped as stopped:
                at = stopped.place
            # As if the refused one had not been there: those before it, it alone, and the rest.
            taken += self.take(unit, left[:at])
            taken.append(self._alone(unit, left[at]))
            left = left[at + 1 :]
        return taken

    def _attempted(self, unit: Unit, rows: Sequence[Stated]) -> list[Taken | Late]:
        """All of them or none. Raises _Stopped."""
        return list(attempt(unit, lambda: self._together(unit, rows))) if rows else []

    def _alone(self, unit: Unit, row: Stated) -> Taken | Late:
        try:
            return self._attempted(unit, [row])[0]
        except _Stopped as stopped:
            refused = stopped.refused
        if isinstance(refused, _Erased):
            return Taken(row.line, repeated=len(numbered(self._keyring, row, self._exported_at).statements))
        return Late(row.line, refused.code, refused.column)

    def _together(self, unit: Unit, rows: Sequence[Stated]) -> list[Taken]:
        """What they ask is asked once for all, and what they write is written together. Raises _Stopped."""
        numbers = [numbered(self._keyring, row, self._exported_at) for row in rows]
        every = [its.all for its in numbers]
        asked = [number for its in every for number in its]
        new = not_reported(unit, self._keyring, self._caller, asked)
        # Of the others nobody is looked up: they may be erased by now, and must not come back.
        names = [
            name
            for row, its in zip(rows, every, strict=True)
            if not new.keys().isdisjoint(its)
            for name in row.names
        ]
        ahead = look_ahead(unit, self._keyring, self._compiled.policy, names) if names else None
        stands = standing_of(unit.connection, ahead.groups) if ahead is not None else {}
        taken: list[Taken] = []
        for place, (row, its) in enumerate(zip(rows, numbers, strict=True)):
            if new.keys().isdisjoint(every[place]):
                taken.append(Taken(row.line, repeated=len(its.statements)))
                continue
            try:
                taken.append(self._take(unit, row, its, new, ahead, stands))
            except RowRefused as refused:
                raise _Stopped(place, refused) from refused
            for number in every[place]:
                new.pop(number, None)
        return taken

    def _take(
        self,
        unit: Unit,
        row: Stated,
        numbers: Numbered,
        new: Mapping[str, bytes],
        ahead: Ahead | None,
        stands: Mapping[GroupId, Standing],
    ) -> Taken:
        act = Act(
            unit,
            self._keyring,
            self._compiled.policy,
            BatchId(new_id()),
            action="row.imported",
            caller=self._caller,
            actor=self._actor,
            ahead=ahead,
            known_erased=self._returning.hits if self._returning else None,
        )
        act.new = new
        try:
            return self._written(act, row, numbers, stands)
        except CallerError as error:
            raise RowRefused(error.code, self._blamed(error.code, row, unit.now)) from error

    def _blamed(self, code: str, row: Stated, now: Instant) -> str | None:
        """The column of a time to come: the rules of recording know statements, and no columns."""
        if code not in _ABOUT_TIMES:
            return None
        return next((column for column, time in row.times if self._first(time) > now), None)

    def _first(self, time: str) -> Instant:
        year_alone = len(time) == 4
        return parse_moment(f"{time}-01-01" if year_alone else time, self._zone).first

    def _written(
        self, act: Act, stated: Stated, numbers: Numbered, stands: Mapping[GroupId, Standing]
    ) -> Taken:
        resolution, shared = act.record(stated.subject, stated.names)
        (own,) = resolution.people
        if own.created and numbers.statements and act.new.keys().isdisjoint(numbers.statements):
            raise _Erased
        described = numbers.description not in act.new
        if not own.created and not described:
            act.describe(resolution, stated.subject)
        if not described:
            act.already(numbers.description, numbers.description)
            act.report(numbers.description, own.members)
        group, contested, standing = own.group, False, None
        if shared:
            act.write_links()
            group, contested, standing = joining.join(act, own.members[0], _beside(act, resolution, stands))
        # `created` says that nothing can stand for the person yet.
        new = own.created and group == own.group
        person = msgspec.structs.replace(own, group=group, created=new)
        resolution = msgspec.structs.replace(resolution, people=(person,))
        if own.created:
            act.told_facts[own.members[0]] = []
        # Facts first: whether a choice was a child's depends on the birth date beside it.
        facts = self._facts(act, stated, numbers, resolution)
        events = self._choices(act, stated, numbers, resolution, standing)
        objections = self._objections(act, stated, numbers, resolution)
        attempts = self._attempts(act, stated, numbers, resolution)
        act.close()
        if self._returning and not self._returning.by_own_act(stated, events):
            raise RowRefused(ERASED_BEFORE)
        return Taken(
            line=stated.line,
            group=group,
            created=own.created,
            joined=shared and not new,
            contested=contested,
            events=tuple(events),
            objections=objections,
            facts=facts,
            attempts=attempts,
            repeated=sum(number not in act.new for number in numbers.statements),
        )

    def _choices(
        self,
        act: Act,
        stated: Stated,
        numbers: Numbered,
        resolution: Resolution,
        standing: Mapping[StateKey, State] | None,
    ) -> list[Event]:
        new = [self._event(choice, number) for number, choice in _fresh(act, numbers.choices, stated.choices)]
        if not new:
            return []
        request = RecordConsents(stated.subject, tuple(new), "keep_as_claim")
        recorded = record(act, self._compiled, request, self._zone, resolution, standing)
        return [_told(event) for event in recorded.events if not event.duplicate]

    def _event(self, choice: Choice, number: str) -> ConsentEvent:
        event = msgspec.structs.replace(choice.event, source_event_id=number)
        if not choice.won_by_contact or event.occurred_at is None:
            return event
        at = parse_moment(event.occurred_at, self._zone).first
        wanted = needs_consent_before(self._compiled, event.purpose, event.channel, at)
        return hold_back(event) if wanted else event

    def _objections(self, act: Act, stated: Stated, numbers: Numbered, resolution: Resolution) -> int:
        new = [
            msgspec.structs.replace(objection, source_event_id=number)
            for number, (objection, _) in _fresh(act, numbers.objections, stated.objections)
        ]
        if new:
            # The do-not-contact list asks what they hold.
            act.write_links()
        for objection in new:
            record_objection(act, objection, self._zone, resolution)
        return len(new)

    def _facts(self, act: Act, stated: Stated, numbers: Numbered, resolution: Resolution) -> int:
        new = tuple(
            msgspec.structs.replace(fact, source_event_id=number)
            for number, (fact, _) in _fresh(act, numbers.facts, stated.facts)
        )
        # Whoever is not born yet is a child in no country's table: the date is another one.
        if any(isinstance(one, BirthFact) and self._first(one.value) > act.unit.now for one in new):
            raise RowRefused("future_time", self._blamed("future_time", stated, act.unit.now))
        if new:
            record_facts(act, FactsAsked(stated.subject, new), self._zone, resolution)
        return len(new)

    def _attempts(self, act: Act, stated: Stated, numbers: Numbered, resolution: Resolution) -> int:
        count = 0
        for number, (told, _) in _fresh(act, numbers.attempts, stated.attempts):
            check_limits(self._caller, told.purpose, told.channel, "")
            point = told.contact_point
            name = next(
                (
                    name
                    for named, name in zip(stated.subject.identifiers, stated.names, strict=True)
                    if named == point
                ),
                None,
            )
            made = attempting.Made(
                number=new_id(),
                purpose=told.purpose,
                channel=told.channel,
                marketing=act.policy.purposes[told.purpose].kind in MARKETING_KINDS,
                contact_point_id=resolution.id_of(name) if name is not None else None,
                outcome=told.outcome,
                happened=attempting.when(told.occurred_at, self._zone, act.unit.now),
                decision_id=None,
            )
            ids = attempting.note(
                act, self._compiled, made, resolution, occurred_at=told.occurred_at, zone=self._zone
            )
            act.already(number, number)
            act.report(number, ids)
            count += 1
        return count


def _fresh(act: Act, numbers: Sequence[str], statements: Sequence[T]) -> Iterable[tuple[str, T]]:
    """Those that are not on record, with their numbers; once, where two rules of a layout read the same."""
    if not numbers:
        return ()
    found = dict(zip(reversed(numbers), reversed(statements), strict=True))
    return [(number, found[number]) for number in dict.fromkeys(numbers) if number in act.new]


def _beside(act: Act, resolution: Resolution, stands: Mapping[GroupId, Standing]) -> Beside | None:
    """What says whose a new record is, where it was looked up ahead."""
    around = act.around
    if around is None:
        return None
    return Beside(around, resolution.named, stands[around.person.group])


def _told(event: EventWritten) -> Event:
    row, detail = event.row, event.detail
    lacks = tuple(detail.get("missing") or ())
    if held := (detail.get("evidence") or {}).get(MARK):
        lacks = (str(held),)
    return Event(row["purpose"], row["channel"], row["state"], row["proof"], lacks)
