"""Recording choices: the use case behind POST /v1/consents, as one unit of work.

Upholds promises 2 (one effect per event), 3 (events, entries and states commit together) and 6 (the state
written equals the fold: it is the join of what stood and what is new).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.consent import states_store, store
from consentd.consent.admission import Admitted, Fault, admit, missing, refusals
from consentd.consent.answers import EventWritten
from consentd.consent.confirming import asked
from consentd.consent.detail import detail_of
from consentd.consent.events import state_of
from consentd.consent.requests import ConsentEvent, RecordConsents
from consentd.evidence.journal import StopKind
from consentd.kernel.age import of_age_from
from consentd.kernel.canonical import canonical
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable
from consentd.kernel.fold import State, StateKey, fold, join
from consentd.kernel.ids import EventId, GroupId, IdentifierId
from consentd.kernel.instants import Instant, Moment, parse_moment
from consentd.kernel.places import Place
from consentd.kernel.states import GRANTS, NOES
from consentd.subjects import stating
from consentd.subjects.acts import Act, check_limits
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import spell
from consentd.subjects.spelling import Named

AMBIGUOUS = Fault(
    "ambiguous_subject",
    "/contact_point",
    "The identifiers belong to several people, and the contact point does not single one out.",
)


class Recorded(msgspec.Struct, frozen=True):
    events: list[EventWritten]
    states: list[tuple[Known, State]]
    resolution: Resolution | None
    """None where all of it was reported before."""


def record(
    act: Act,
    compiled: CompiledPolicy,
    request: RecordConsents,
    zone: ZoneInfo,
    given: Resolution | None = None,
    standing: Mapping[StateKey, State] | None = None,
    *,
    reported: bool = False,
    verifies: bool = True,
) -> Recorded:
    """Admits and writes every event of the request, or none: raises with all that is wrong.

    `given`: who is meant, where that was found out already; `standing`: what stands for that one person,
    where that is known without asking. `reported`: a system tells what it just did, so that asking somebody
    who said no is refused. `verifies`: whether a double opt-in shows whose its contact point is.
    """
    return _Recording(act, compiled, request, zone, given, standing, reported, verifies).run()


class _Recording:
    def __init__(
        self,
        act: Act,
        compiled: CompiledPolicy,
        request: RecordConsents,
        zone: ZoneInfo,
        given: Resolution | None,
        standing: Mapping[StateKey, State] | None,
        reported: bool,
        verifies: bool,
    ) -> None:
        self._act = act
        self._reported = reported
        self._verifies = verifies
        self._compiled = compiled
        self._policy = compiled.policy
        self._request = request
        self._events = request.events
        self._given = given
        self._standing = standing
        self._zone = zone
        self._now = act.unit.now
        self._rows: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
        self._written: list[EventWritten] = []
        self._new: defaultdict[Known, list[State]] = defaultdict(list)
        self._grown: dict[tuple[GroupId, int, str], Instant | None] = {}
        self._mailboxes: dict[int, Named] = {}
        """By the positions of events that wait to be confirmed: where the mail goes."""
        self._waiting: list[asked.Waiting] = []

    def run(self) -> Recorded:
        moments = self._moments()
        earlier = [self._act.already(event.source_event_id, self._content(event)) for event in self._events]
        if all(earlier):
            # Nobody is looked up: all of it was reported before, of people who may be erased by now.
            known = [row for one in earlier if one for row in _recorded_before(self._act, one.rows)]
            return Recorded(known, [], None)
        points = [self._point(index, event) for index, event in enumerate(self._events)]
        self._mailboxes = {
            index: asked.mailbox_of(self._policy, self._request.subject, event, index)
            for index, event in enumerate(self._events)
            if event.confirm
        }
        restricts = any(event.state in NOES for event in self._events)
        resolution = self._given or self._act.resolve(
            self._request.subject, [point for point in points if point], restricts=restricts
        )
        lacks = self._lacking(moments, resolution)
        if self._reported:
            new = [(n, event, moments[n]) for n, event in enumerate(self._events) if earlier[n] is None]
            asked.refuse_asking(self._act, self._compiled, new, resolution.people)
        for position, event in enumerate(self._events):
            before = earlier[position]
            if before is not None:
                self._written += _recorded_before(self._act, before.rows)
                continue
            ids = self._write(
                position, event, moments[position], lacks[position], points[position], resolution
            )
            self._act.report(event.source_event_id, ids)
        for subject, rows in self._rows.items():
            self._act.entry(subject).insert_many(store.EVENTS, rows)
        asked.note(self._act, self._waiting)
        return Recorded(self._written, self._fold(), resolution)

    def _content(self, event: ConsentEvent) -> object:
        """What one event id stands for: the choice, and of whom it was told. What came to be said of events
        later is left out where it is not said, so that an event reported before is the same one for ever.
        """
        said = msgspec.to_builtins(event)
        if event.confirm is None:
            del said["confirm"]
        return [self._request.subject.identifiers, said]

    def _moments(self) -> list[Moment | None]:
        """Checks what can be checked before anybody is looked up, and reports every fault at once."""
        errors: list[dict[str, str]] = []
        moments: list[Moment | None] = []
        for index, event in enumerate(self._events):
            if self._act.caller is not None:
                check_limits(self._act.caller, event.purpose, event.channel, f"/events/{index}")
            moment = None
            try:
                moment = parse_moment(event.occurred_at, self._zone) if event.occurred_at else None
                faults = refusals(self._policy, event, moment, self._now)
            except ValueError as reason:
                faults = [Fault("invalid_time", "/occurred_at", str(reason))]
            moments.append(moment)
            errors += [_error(index, fault) for fault in faults]
        _refuse(errors)
        return moments

    def _point(self, index: int, event: ConsentEvent) -> Named | None:
        if event.contact_point is None:
            return None
        territory = self._request.subject.territory
        return spell(self._policy, event.contact_point, territory, f"/events/{index}/contact_point")

    def _lacking(self, moments: Sequence[Moment | None], resolution: Resolution) -> list[list[Fault]]:
        lacks: list[list[Fault]] = []
        errors: list[dict[str, str]] = []
        for index, event in enumerate(self._events):
            faults: list[Fault] = []
            if event.state in GRANTS:
                child = self._is_child(event, moments[index], resolution)
                faults = missing(self._policy, event, moments[index], child=child)
                if event.confirm or (event.on_incomplete or self._request.on_incomplete) == "refuse":
                    errors += [_error(index, fault) for fault in faults]
            lacks.append(faults)
        _refuse(errors)
        return lacks

    def _is_child(self, event: ConsentEvent, moment: Moment | None, resolution: Resolution) -> bool:
        """Known to be under age when it was given; for what is meant for minors, also if nobody knows."""
        at = moment.first if moment is not None else self._now
        purpose = self._policy.purposes[event.purpose]
        unknown = purpose.for_minors
        for person in resolution.people:
            regime = self._compiled.regime(event.purpose, event.channel, person.territory, False, at)
            if regime.age is None:
                continue
            grown = self._of_age_from(person, regime.age, regime.place)
            if grown is None:
                continue
            if grown > at:
                return True
            unknown = False
        return unknown

    def _of_age_from(self, person: Known, age: int, place: Place) -> Instant | None:
        about = person.group, age, place.key
        if about not in self._grown:
            births = stating.facts_of_person(self._act, person).births
            self._grown[about] = of_age_from(births, age, place)
        return self._grown[about]

    def _write(
        self,
        position: int,
        event: ConsentEvent,
        moment: Moment | None,
        lacks: list[Fault],
        point: Named | None,
        resolution: Resolution,
    ) -> list[EventId]:
        restricts = event.state in NOES
        targets = list(resolution.restricted if restricts else resolution.people)
        point_id = resolution.id_of(point) if point is not None else None
        if not resolution.certain and event.state in GRANTS:
            holding = resolution.holders.get(point_id, frozenset()) if point_id else frozenset()
            owners = [person for person in targets if holding & set(person.members)]
            if len(owners) == 1:
                targets = owners
            elif event.confirm:
                raise asked.ambiguous(position)
            else:
                lacks = [*lacks, AMBIGUOUS]
        admitted = admit(self._policy, event, moment, lacks, self._now)
        return [
            self._write_for(person, position, event, admitted, point, point_id, resolution)
            for person in targets
        ]

    def _write_for(
        self,
        person: Known,
        position: int,
        event: ConsentEvent,
        admitted: Admitted,
        point: Named | None,
        point_id: IdentifierId | None,
        resolution: Resolution,
    ) -> EventId:
        subject = resolution.writer_of(person)
        event_id = EventId(new_id())
        own = resolution.held_by(person)
        detail = detail_of(event, admitted, point, own)
        key_id, sealed = self._act.seal_proof(subject, "consent_events", event_id, detail)
        slots = [[slot.days, slot.start, slot.end] for slot in event.hours]
        row = {
            "id": event_id,
            "batch_id": self._act.batch,
            "position": position,
            "subject_id": subject,
            **self._act.scattering(resolution, person),
            "purpose": event.purpose,
            "channel": event.channel,
            "contact_point_id": point_id,
            "state": admitted.state.value,
            "claim": admitted.claim,
            "happened": admitted.happened.first,
            "happened_last": admitted.happened.last,
            "effective": admitted.effective,
            "arrived": self._now,
            "system_id": self._act.caller.system_id if self._act.caller else None,
            "proof": admitted.proof.value,
            "own_act": admitted.own_act,
            "explicit": admitted.explicit,
            "parental": admitted.parental,
            "notice_id": event.notice.id if admitted.notice and event.notice else None,
            "notice_version": admitted.notice.version if admitted.notice else None,
            "slots": canonical(slots).decode() if slots else None,
            "policy": self._policy.hash,
            "key_id": key_id,
            "sealed": sealed,
        }
        entry = self._act.entry(subject)
        self._rows[subject].append(row)
        self._written.append(EventWritten({**row, "entry_id": entry.id}, detail))
        self._new[person].append(state_of(row))
        if event.confirm:
            mailbox = asked.held_mailbox(resolution, person, self._mailboxes[position], position)
            self._waiting.append(asked.Waiting(row, person, mailbox, asked.language_of(event)))
        confirmed = event.method == "double_opt_in" and admitted.state in GRANTS
        if confirmed and self._verifies and point_id is not None:
            # The answer came from the address itself.
            self._act.verify(resolution, person, point_id, admitted.happened.first)
        if admitted.state in NOES:
            self._act.stop(
                StopKind.WITHDRAWN,
                subject,
                own,
                purpose=event.purpose,
                channel=event.channel,
                contact_point=point,
                since=admitted.effective,
            )
        return event_id

    def _fold(self) -> list[tuple[Known, State]]:
        """Joins what is new with what stands, and writes it. The person's rows are locked."""
        touched: list[tuple[Known, State]] = []
        for person, new in self._new.items():
            folded = fold(new)
            standing = self._standing or {}
            if not person.created and self._standing is None:
                purposes = {key.purpose for key in folded}
                standing = states_store.states(self._act.unit.connection, person.group, purposes)
            joined: dict[StateKey, State] = {
                key: join(standing[key], state) if key in standing else state for key, state in folded.items()
            }
            changed = [state for key, state in joined.items() if standing.get(key) != state]
            states_store.put_states(self._act.unit, person.group, changed)
            touched += [(person, state) for state in joined.values()]
        return touched


def _recorded_before(act: Act, ids: Sequence[Any]) -> list[EventWritten]:
    """Events recorded before, as duplicates."""
    return [
        EventWritten(row, act.open_proof(row, "consent_events"), duplicate=True)
        for row in store.events_by_id(act.unit.connection, ids)
    ]


def _error(index: int, fault: Fault) -> dict[str, str]:
    return {"pointer": f"/events/{index}{fault.pointer}", "code": fault.code, "detail": fault.detail}


def _refuse(errors: list[dict[str, str]]) -> None:
    if errors:
        raise Unprocessable(errors[0]["code"], errors[0]["detail"], errors=errors)
