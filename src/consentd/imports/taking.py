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
from consentd.consent.answers import EventWritten
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents
from consentd.consent.won import MARK, hold_back, needs_consent_before
from consentd.crypto.keyring import Keyring
from consentd.db.attempt import attempt
from consentd.db.prepared import writing_together
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.imports.numbering import Numbered, numbered
from consentd.imports.returning import ERASED_BEFORE, Event, Returning
from consentd.imports.stated import Choice, RowRefused, Stated
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import CallerError
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


class Taken(msgspec.Struct, frozen=True):
    """What came of one row."""

    line: int
    group: GroupId | None = None
    """The person; None where all of it was recorded before, and nobody was looked up."""
    created: bool = False
    """A record that was not there before."""
    joined: bool = False
    """It is one person with records that were there before."""
    contested: bool = False
    """It shares an identifier with a record that is not the same person's."""
    events: tuple[Event, ...] = ()
    objections: int = 0
    facts: int = 0
    attempts: int = 0
    repeated: int = 0
    """Statements that were recorded before."""
    returned: bool = False
    """It names somebody who was erased, in an export of after."""


class Late(msgspec.Struct, frozen=True):
    """A row that could be read, but was refused by the rules of recording."""

    line: int
    code: str
    column: str | None


_ABOUT_TIMES = ("future_time", "invalid_fact", "invalid_time")


class _Erased(RowRefused):
    """All that the row states was on record, and whom it is about is no more: nothing brings them back."""

    def __init__(self) -> None:
        super().__init__("erased")


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
        """The same, but for rows that would bring somebody back who was erased (decision 0043)."""
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
        try:
            return list(attempt(unit, lambda: self._together(unit, rows)))
        except RowRefused:
            return [self._alone(unit, row) for row in rows]

    def _alone(self, unit: Unit, row: Stated) -> Taken | Late:
        try:
            return attempt(unit, lambda: self._together(unit, [row]))[0]
        except _Erased:
            return Taken(row.line, repeated=len(numbered(self._keyring, row, self._exported_at).statements))
        except RowRefused as refused:
            return Late(row.line, refused.code, refused.column)

    def _together(self, unit: Unit, rows: Sequence[Stated]) -> list[Taken]:
        """What they ask is asked once for all, and what they write is written together. Raises RowRefused."""
        ahead = look_ahead(unit, self._keyring, (name for row in rows for name in row.names))
        numbers = [numbered(self._keyring, row, self._exported_at) for row in rows]
        asked = [number for its in numbers for number in its.all]
        new = not_reported(unit, self._keyring, self._caller, asked)
        taken: list[Taken] = []
        with writing_together(unit.connection):
            for row, its in zip(rows, numbers, strict=True):
                if new.keys().isdisjoint(its.all):
                    # Nobody is looked up: they may be erased by now, and must not come back.
                    taken.append(Taken(row.line, repeated=len(its.statements)))
                    continue
                taken.append(self._take(unit, row, its, new, ahead))
                for number in its.all:
                    new.pop(number, None)
        return taken

    def _take(
        self, unit: Unit, row: Stated, numbers: Numbered, new: Mapping[str, bytes], ahead: Ahead | None
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
            return self._written(act, row, numbers)
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

    def _written(self, act: Act, stated: Stated, numbers: Numbered) -> Taken:
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
        group, contested = own.group, False
        if shared:
            act.write_links()
            group, contested = joining.join(act, own.members[0])
        # `created` says that nothing can stand for the person yet.
        new = own.created and group == own.group
        person = msgspec.structs.replace(own, group=group, created=new)
        resolution = msgspec.structs.replace(resolution, people=(person,))
        if own.created:
            act.told_facts[own.members[0]] = []
        # Facts first: whether a choice was a child's depends on the birth date beside it.
        facts = self._facts(act, stated, numbers, resolution)
        events = self._choices(act, stated, numbers, resolution)
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

    def _choices(self, act: Act, stated: Stated, numbers: Numbered, resolution: Resolution) -> list[Event]:
        new = [self._event(choice, number) for number, choice in _fresh(act, numbers.choices, stated.choices)]
        if not new:
            return []
        request = RecordConsents(stated.subject, tuple(new), "keep_as_claim")
        recorded = record(act, self._compiled, request, self._zone, resolution)
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
    found = dict(zip(reversed(numbers), reversed(statements), strict=True))
    return [(number, found[number]) for number in dict.fromkeys(numbers) if number in act.new]


def _told(event: EventWritten) -> Event:
    row, detail = event.row, event.detail
    lacks = tuple(detail.get("missing") or ())
    if held := (detail.get("evidence") or {}).get(MARK):
        lacks = (str(held),)
    return Event(row["purpose"], row["channel"], row["state"], row["proof"], lacks)
