"""A yes that was won by a contact of the company's own: a recorded call (docs/law.md 3, 15).

Where the law wants consent before the contact, such a yes is a proof only if the contact was itself allowed
by an earlier proven one. What was earlier does not depend on which file was imported first: so it is recorded
as a claim with its whole evidence, and `settle` says afterwards, from all that is on record, which of them
were allowed. Those are appended as what they are, at the time at which they were given; one that turns out
not to have been allowed, because an older refusal came in later, is appended as invalidated.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.consent import won_store
from consentd.consent.answers import EventWritten
from consentd.consent.events import objection_of, state_of
from consentd.consent.opening import opened
from consentd.consent.rebuilding import events_about
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, NoticeShown, RecordConsents
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.kernel.case import NO_FACTS, Case, Facts, Person, Point, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.decide import decide
from consentd.kernel.fold import State, fold, fold_objections
from consentd.kernel.ids import NOBODY, BatchId, GroupId, IdentifierId, SecretId, SubjectId, SystemId
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.states import ConsentState, Proof
from consentd.subjects import folded
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.facts import fold_facts
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import Identifier, SubjectNamed
from consentd.subjects.spelling import Named

MARK = "held_back"
REASON = "contact_not_allowed"
ALLOWED, REVOKED = "won:", "lost:"
PAGE = 200


def needs_consent_before(compiled: CompiledPolicy, purpose: str, channel: str, at: Instant) -> bool:
    """Whether the company's own law let only those be contacted who had consented (or have a contract)."""
    regime = compiled.regime(purpose, channel, None, False, at)
    return not any(basis in ("legitimate_interest", "eprivacy_13_2", "public_task") for basis in regime.bases)


def hold_back(event: ConsentEvent) -> ConsentEvent:
    """The same yes as a claim, which keeps all that would prove it."""
    kept = {**(event.evidence or {}), MARK: REASON}
    return msgspec.structs.replace(event, state="unknown", evidence=kept)


class Settled(NamedTuple):
    """Of one page of claims: where the next begins (None: no more), and what was appended."""

    after: UUID | None
    allowed: int
    revoked: int


def settle(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    actor: Actor,
    about: Collection[tuple[str, str]],
    after: UUID,
) -> Settled:
    """Goes through one page of claims about these purposes and channels, each person's together."""
    page = won_store.claims_page(unit.connection, about, after, PAGE) if about else []
    allowed = revoked = 0
    for group in dict.fromkeys(claim.group for claim in page):
        for purpose, channel in about:
            person = _Winning(unit, keyring, compiled, actor, group, purpose, channel)
            plus, minus = person.settle()
            allowed += plus
            revoked += minus
    return Settled(page[-1].id if len(page) == PAGE else None, allowed, revoked)


class _Winning:
    """One person's claims about one purpose and channel."""

    def __init__(
        self,
        unit: Unit,
        keyring: Keyring,
        compiled: CompiledPolicy,
        actor: Actor,
        group: GroupId,
        purpose: str,
        channel: str,
    ) -> None:
        self._unit = unit
        self._keyring = keyring
        self._compiled = compiled
        self._actor = actor
        self._group = group
        self._purpose = purpose
        self._channel = channel

    def settle(self) -> tuple[int, int]:
        members = subjects.members_of(self._unit.connection, [self._group]).get(self._group, [])
        rows = self._about(members)
        held = self._held_back(rows)
        if not held:
            return 0, 0
        acts = {event.row["id"]: self._act(event.row["system_id"]) for event in held}
        told = {
            event.row["id"]: (
                acts[event.row["id"]].already(ALLOWED + str(event.row["id"]), ALLOWED),
                acts[event.row["id"]].already(REVOKED + str(event.row["id"]), REVOKED),
            )
            for event in held
        }
        derived = {id_ for both in told.values() for one in both if one is not None for id_ in one.rows}
        derived |= set(told)
        states = [state_of(row) for row in rows if row["id"] not in derived]
        others = self._others(members, held)
        facts = self._facts(members)
        allowed = revoked = 0
        for event in sorted(held, key=lambda one: (one.row["effective"], one.row["id"])):
            act, (won, lost) = acts[event.row["id"]], told[event.row["id"]]
            was_allowed = self._allowed(event.row, states, members, facts, others)
            if was_allowed:
                states.append(_as_given(event.row))
            if was_allowed and won is None:
                allowed += self._append(act, event, "given", ALLOWED)
            elif not was_allowed and won is not None and lost is None:
                revoked += self._append(act, event, "invalidated", REVOKED)
        return allowed, revoked

    def _about(self, members: Collection[SubjectId]) -> list[Any]:
        choices = events_about(self._unit.connection, members).choices
        return [row for row in choices if (row["purpose"], row["channel"]) == (self._purpose, self._channel)]

    def _held_back(self, rows: Iterable[Any]) -> list[EventWritten]:
        claims = [row for row in rows if row["state"] == "unknown" and row["claim"] == "given"]
        return [
            event
            for event in opened(self._unit.connection, self._keyring, claims)
            if (event.detail.get("evidence") or {}).get(MARK) == REASON
        ]

    def _act(self, system: UUID) -> Act:
        caller = Caller(SystemId(system), SecretId(NOBODY), "", frozenset())
        return Act(
            self._unit,
            self._keyring,
            self._compiled.policy,
            BatchId(new_id()),
            action="claim.settled",
            caller=caller,
            actor=self._actor,
        )

    def _facts(self, members: Sequence[SubjectId]) -> Facts:
        connection = self._unit.connection
        keys = open_keys(connection, self._keyring, members)
        told = [
            payload
            for member in members
            if (content := keys[member].content) is not None
            for _, payload in folded.facts_told(connection, content, member)
        ]
        return fold_facts(told) if told else NO_FACTS

    def _others(
        self, members: Sequence[SubjectId], held: Sequence[EventWritten]
    ) -> dict[UUID, list[tuple[GroupId, list[Any], list[Any]]]]:
        """Who else holds the numbers called, with what they said: their no counts too."""
        points = {event.row["contact_point_id"] for event in held}
        found: dict[UUID, list[tuple[GroupId, list[Any], list[Any]]]] = {point: [] for point in points}
        shared = {
            (tie.identifier, tie.group)
            for tie in subjects.ties_of(self._unit.connection, self._compiled.policy, members)
            if tie.identifier in points and tie.group != self._group
        }
        for point, group in sorted(shared):
            its = subjects.members_of(self._unit.connection, [group]).get(group, [])
            events = events_about(self._unit.connection, its)
            found[point].append((group, self._about(its), events.objections))
        return found

    def _allowed(
        self,
        row: Any,
        states: Sequence[State],
        members: Sequence[SubjectId],
        facts: Facts,
        others: dict[UUID, list[tuple[GroupId, list[Any], list[Any]]]],
    ) -> bool:
        """Whether the contact could rest on what had been said before it, by the law of its day."""
        at, point = Instant(row["effective"]), row["contact_point_id"]
        objections = events_about(self._unit.connection, members).objections
        territory = subjects.person_of(self._unit.connection, self._group).territory
        people = [
            self._person(
                self._group, True, territory, facts, [s for s in states if s.effective < at], objections, at
            )
        ]
        for group, choices, objected in others.get(point, ()):
            said = [state for state in map(state_of, choices) if state.effective < at]
            people.append(self._person(group, False, None, NO_FACTS, said, objected, at))
        points = (Point(point, tuple(one.id for one in people)),) if point is not None else ()
        case = Case(tuple(people), points, point is not None)
        return decide(self._compiled, Question(self._purpose, self._channel, at), case).eligible

    def _person(
        self,
        group: UUID,
        named: bool,
        territory: str | None,
        facts: Facts,
        states: Iterable[State],
        objections: Iterable[Any],
        at: Instant,
    ) -> Person:
        stood = [one for one in map(objection_of, objections) if one.since < at]
        return Person(
            group,
            named,
            territory,
            False,
            tuple(fold(states).values()),
            tuple(fold_objections(stood).values()),
            facts,
        )

    def _append(self, act: Act, event: EventWritten, state: str, kind: str) -> int:
        row, detail = event.row, event.detail
        subject = SubjectId(row["subject_id"])
        named = [Named(scheme, value) for scheme, value in detail.get("identifiers", ())]
        point = Named(*detail["contact_point"]) if detail.get("contact_point") else None
        ids = {IdentifierId(row["contact_point_id"]): point} if point is not None else {}
        resolution = Resolution(
            ids, (Known(self._group, (subject,), None),), dict.fromkeys(ids, frozenset((subject,)))
        )
        evidence = {name: value for name, value in detail.get("evidence", {}).items() if name != MARK}
        notice = detail.get("notice")
        given = ConsentEvent(
            purpose=row["purpose"],
            channel=row["channel"],
            state="given" if state == "given" else "invalidated",
            occurred_at=to_text(row["happened"]),
            contact_point=Identifier(point.scheme, point.value) if point is not None else None,
            notice=NoticeShown(notice["id"], notice["version"], notice["language"]) if notice else None,
            method=detail.get("method"),
            collector=detail.get("collector"),
            evidence={**evidence, "claim": str(row["id"])},
            proof="cited" if state == "given" else None,
            on_incomplete="keep_as_claim",
        )
        subject_named = SubjectNamed(tuple(Identifier(name.scheme, name.value) for name in named))
        request = RecordConsents(subject_named, (given,))
        recorded = record(act, self._compiled, request, _UTC, resolution)
        # Asked for with `already` before: once for each claim, whatever comes later.
        act.report(kind + str(row["id"]), [one.row["id"] for one in recorded.events])
        act.close()
        return 1


def _as_given(row: Any) -> State:
    claimed = state_of(row)
    return msgspec.structs.replace(claimed, state=ConsentState.GIVEN, proof=Proof.CITED)


_UTC = ZoneInfo("UTC")
