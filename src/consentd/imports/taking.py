"""Taking rows: each becomes what the API would have been told, under one entry of the log (promises 3 and 8).

One set of rules admits them: `consent.recording`, `consent.objecting`, `subjects.stating` and
`check.attempting`. What differs is who is meant: the record that this silo keeps, and the person whose it is
(decision 0030).
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.check import attempting
from consentd.consent import joining
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents
from consentd.consent.won import hold_back, needs_consent_before
from consentd.crypto.keyring import Keyring
from consentd.db.prepared import writing_together
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.imports.mapping import Choice, RowRefused, Stated
from consentd.imports.numbering import Numbered, numbered
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import CallerError
from consentd.kernel.ids import BatchId, GroupId
from consentd.kernel.instants import parse_moment
from consentd.kernel.law import MARKETING_KINDS
from consentd.subjects.acts import Act, check_limits, reported_before
from consentd.subjects.ahead import Ahead, look_ahead
from consentd.subjects.model import Resolution
from consentd.subjects.stating import FactsAsked, record_facts


class Taken(msgspec.Struct, frozen=True):
    """What came of one row."""

    line: int
    group: GroupId | None = None
    """The person; None where all of it was recorded before, and nobody was looked up."""
    created: bool = False
    """A record that was not there before."""
    joined: bool = False
    """It is one person with records that were there before."""
    events: tuple[tuple[str, str, str, str], ...] = ()
    """Of what was recorded: purpose, channel, state and proof."""
    claims: int = 0
    objections: int = 0
    facts: int = 0
    attempts: int = 0
    repeated: int = 0
    """Statements that were recorded before."""


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

    def take_all(self, unit: Unit, rows: Sequence[Stated]) -> list[Taken]:
        """Takes rows in their order: what they ask is asked once for all, what they write written together.

        Raises RowRefused where the rules of recording refuse one; the unit must then be given up.
        """
        ahead = look_ahead(unit, self._keyring, (name for row in rows for name in row.names))
        numbers = [numbered(self._keyring, row, self._exported_at) for row in rows]
        asked = [number for its in numbers for number in its.all]
        known = reported_before(unit, self._keyring, self._caller, asked)
        taken: list[Taken] = []
        with writing_together(unit.connection):
            for row, its in zip(rows, numbers, strict=True):
                if known.issuperset(its.all):
                    # Nobody is looked up: they may be erased by now, and must not come back.
                    taken.append(Taken(row.line, repeated=len(its.statements)))
                    continue
                taken.append(self._take(unit, row, its, known, ahead))
                known.update(its.all)
        return taken

    def _take(
        self, unit: Unit, row: Stated, numbers: Numbered, known: set[str], ahead: Ahead | None
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
        )
        act.new = frozenset(numbers.all) - known
        try:
            return self._written(act, row, numbers, known)
        except CallerError as error:
            raise RowRefused(error.code) from error

    def _written(self, act: Act, stated: Stated, numbers: Numbered, known: set[str]) -> Taken:
        resolution, shared = act.record(stated.subject, stated.names)
        (own,) = resolution.people
        if not own.created and numbers.description not in known:
            act.describe(resolution, stated.subject)
        if numbers.description not in known:
            act.already(numbers.description, numbers.description)
            act.report(numbers.description, own.members)
        group = joining.join(act, own.members[0]) if shared else own.group
        # `created` says that nothing can stand for the person yet.
        new = own.created and group == own.group
        person = msgspec.structs.replace(own, group=group, created=new)
        resolution = msgspec.structs.replace(resolution, people=(person,))
        # Facts first: whether a choice was a child's depends on the birth date beside it.
        facts = self._facts(act, stated, numbers, known, resolution)
        events = self._choices(act, stated, numbers, known, resolution)
        objections = self._objections(act, stated, numbers, known, resolution)
        attempts = self._attempts(act, stated, numbers, known, resolution)
        act.close()
        return Taken(
            line=stated.line,
            group=group,
            created=own.created,
            joined=shared and not new,
            events=tuple(events),
            claims=sum(state == "unknown" for _, _, state, _ in events),
            objections=objections,
            facts=facts,
            attempts=attempts,
            repeated=sum(number in known for number in numbers.statements),
        )

    def _choices(
        self, act: Act, stated: Stated, numbers: Numbered, known: set[str], resolution: Resolution
    ) -> list[tuple[str, str, str, str]]:
        new = [
            self._event(choice, number)
            for choice, number in zip(stated.choices, numbers.choices, strict=True)
            if number not in known
        ]
        if not new:
            return []
        request = RecordConsents(stated.subject, tuple(new), "keep_as_claim")
        recorded = record(act, self._compiled, request, self._zone, resolution)
        rows = [event.row for event in recorded.events if not event.duplicate]
        return [(row["purpose"], row["channel"], row["state"], row["proof"]) for row in rows]

    def _event(self, choice: Choice, number: str) -> ConsentEvent:
        event = msgspec.structs.replace(choice.event, source_event_id=number)
        if not choice.won_by_contact or event.occurred_at is None:
            return event
        at = parse_moment(event.occurred_at, self._zone).first
        wanted = needs_consent_before(self._compiled, event.purpose, event.channel, at)
        return hold_back(event) if wanted else event

    def _objections(
        self, act: Act, stated: Stated, numbers: Numbered, known: set[str], resolution: Resolution
    ) -> int:
        new = [
            msgspec.structs.replace(objection, source_event_id=number)
            for (objection, _), number in zip(stated.objections, numbers.objections, strict=True)
            if number not in known
        ]
        for objection in new:
            record_objection(act, objection, self._zone, resolution)
        return len(new)

    def _facts(
        self, act: Act, stated: Stated, numbers: Numbered, known: set[str], resolution: Resolution
    ) -> int:
        new = tuple(
            msgspec.structs.replace(fact, source_event_id=number)
            for (fact, _), number in zip(stated.facts, numbers.facts, strict=True)
            if number not in known
        )
        if new:
            record_facts(act, FactsAsked(stated.subject, new), self._zone, resolution)
        return len(new)

    def _attempts(
        self, act: Act, stated: Stated, numbers: Numbered, known: set[str], resolution: Resolution
    ) -> int:
        count = 0
        for (attempt, _), number in zip(stated.attempts, numbers.attempts, strict=True):
            if number in known:
                continue
            check_limits(self._caller, attempt.purpose, attempt.channel, "")
            point = attempt.contact_point
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
                purpose=attempt.purpose,
                channel=attempt.channel,
                marketing=act.policy.purposes[attempt.purpose].kind in MARKETING_KINDS,
                contact_point_id=resolution.id_of(name) if name is not None else None,
                outcome=attempt.outcome,
                happened=attempting.when(attempt.occurred_at, self._zone, act.unit.now),
                decision_id=None,
            )
            ids = attempting.note(
                act, self._compiled, made, resolution, occurred_at=attempt.occurred_at, zone=self._zone
            )
            act.already(number, number)
            act.report(number, ids)
            count += 1
        return count
