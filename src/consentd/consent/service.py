"""The use cases of consent that a system has: recording choices, objecting, stating facts, reading back."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from consentd.base.counts import Cell
from consentd.callers.model import Caller
from consentd.consent import receipts, states_store, store
from consentd.consent.answers import (
    ConsentsRecorded,
    EventWritten,
    StandingState,
    receipt,
    recorded_event,
    standing,
)
from consentd.consent.confirming.asked import require_mail
from consentd.consent.dpv.context import Node
from consentd.consent.linked import Linked
from consentd.consent.objecting import ObjectionsRecorded, rebuilt, record_objection
from consentd.consent.opening import opened
from consentd.consent.receipts import Receipt
from consentd.consent.recording import Recorded, record
from consentd.consent.requests import RecordConsents, RecordObjection
from consentd.consent.views import (
    Position,
    SubjectConsents,
    SubjectHistory,
    consents,
    history_event,
    history_rows,
)
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.fold import StateKey
from consentd.kernel.ids import NOBODY, BatchId, SubjectId
from consentd.subjects import service as subjects
from consentd.subjects import stating
from consentd.subjects.acts import Act
from consentd.subjects.doing import Doing
from consentd.web.idempotency import Repeat


class ConsentService:
    """All methods raise kernel errors only. `sends`: whether there is a server that takes mail; `asked`: told
    after something was recorded that waits to be confirmed.
    """

    def __init__(
        self, doing: Doing, *, sends: bool = False, asked: Callable[[], None] = lambda: None
    ) -> None:
        self._doing = doing
        self._sends = sends
        self._asked = asked
        self._keyring = doing.keyring
        self._policies = doing.policies
        self._linked = Linked(doing.keyring, doing.policies)

    async def record(
        self, caller: Caller, request: RecordConsents, repeat: Repeat | None = None
    ) -> tuple[int, ConsentsRecorded]:
        """Status and answer: 201, or 200 where this system had reported every event before."""
        require_mail(request.events, sends=self._sends)
        zone = ZoneInfo(caller.zone)
        new = 0

        def write(act: Act, compiled: CompiledPolicy) -> ConsentsRecorded:
            nonlocal new
            recorded = record(act, compiled, request, zone, reported=True)
            # Set, not added: a unit that lost a race is run again.
            new = sum(not event.duplicate for event in recorded.events)
            return self._answer(act, recorded)

        answer = await self._doing.act(caller, repeat, "consent.recorded", write, self._rebuilt)
        self._doing.counts.add(Cell.EVENTS, new)
        if any(event.confirm for event in request.events):
            self._asked()
        return answer

    async def object(
        self, caller: Caller, request: RecordObjection, repeat: Repeat | None = None
    ) -> tuple[int, ObjectionsRecorded]:
        zone = ZoneInfo(caller.zone)

        def write(act: Act, compiled: CompiledPolicy) -> ObjectionsRecorded:
            return record_objection(act, request, zone)

        return await self._doing.act(caller, repeat, "objection.recorded", write, rebuilt)

    async def record_facts(
        self, caller: Caller, request: stating.FactsAsked, repeat: Repeat | None = None
    ) -> tuple[int, stating.FactsRecorded]:
        zone = ZoneInfo(caller.zone)

        def write(act: Act, compiled: CompiledPolicy) -> stating.FactsRecorded:
            return stating.record_facts(act, request, zone)

        return await self._doing.act(caller, repeat, "fact.recorded", write, stating.rebuilt_facts)

    def _answer(self, act: Act, recorded: Recorded) -> ConsentsRecorded:
        if recorded.resolution is None:
            return self._told(act.unit.connection, recorded.events)
        new = [event for event in recorded.events if not event.duplicate]
        people = recorded.resolution.people
        return ConsentsRecorded(
            receipt_id=act.batch,
            subject_id=people[0].group if len(people) == 1 else None,
            events=tuple(recorded_event(event) for event in recorded.events),
            states=tuple(standing(person.group, state) for person, state in recorded.states),
            receipt=receipt(self._keyring, act.policy, act.batch, new),
        )

    def _rebuilt(self, connection: Any, batch: BatchId) -> ConsentsRecorded:
        """The answer of an earlier act, from its rows. What stands is told as it stands now."""
        rows, _ = store.batch(connection, batch)
        return self._told(connection, opened(connection, self._keyring, rows))

    def _told(self, connection: Any, events: list[EventWritten]) -> ConsentsRecorded:
        batch = events[0].row["batch_id"]
        states = self._states_of(connection, events)
        people = {state.subject_id for state in states}
        policy = self._policies.load(connection, events[0].row["policy"]).policy
        return ConsentsRecorded(
            receipt_id=batch,
            subject_id=people.pop() if len(people) == 1 else None,
            events=tuple(recorded_event(event) for event in events),
            states=tuple(states),
            receipt=receipt(self._keyring, policy, batch, events),
        )

    def _states_of(self, connection: Any, events: list[EventWritten]) -> list[StandingState]:
        """What stands now for the keys that these events speak of."""
        found: dict[tuple[UUID, StateKey], StandingState] = {}
        for event in events:
            row = event.row
            group = subjects.group_of(connection, row["subject_id"])
            if group is None:
                # Erased since: nothing stands.
                continue
            key = StateKey(row["purpose"], row["channel"], row["contact_point_id"] or NOBODY)
            state = states_store.states(connection, group, [key.purpose]).get(key)
            if state is not None:
                found[group, key] = standing(group, state)
        return list(found.values())

    async def consents(self, caller: Caller, subject: UUID) -> SubjectConsents:
        """What stands for a person. Raises NotFound alike for unknown and for erased people."""

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], SubjectConsents]:
            answer = consents(connection, caller, subject)
            return [answer.subject_id], answer

        return await self._doing.read(caller, "consents.read", read)

    async def history(
        self, caller: Caller, subject: UUID, before: Position | None, limit: int
    ) -> tuple[SubjectHistory, Position | None]:
        """One page of a person's events, and where the next page begins."""

        def read(
            connection: Any, compiled: CompiledPolicy
        ) -> tuple[list[SubjectId], tuple[SubjectHistory, Position | None]]:
            person, rows, following = history_rows(connection, caller, subject, before, limit)
            events = tuple(history_event(event) for event in opened(connection, self._keyring, rows))
            return [person], (SubjectHistory(person, events, None), following)

        return await self._doing.read(caller, "history.read", read)

    async def receipt(self, caller: Caller, batch: UUID) -> Receipt:
        """A receipt, with its proof once there is one. Raises NotFound (promise 13)."""

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[Sequence[SubjectId], Receipt]:
            found = receipts.find(connection, self._keyring, self._policies, caller, batch)
            return found.people, found.told

        return await self._doing.read(caller, "receipt.read", read)

    async def linked_receipt(self, caller: Caller, batch: UUID) -> Node:
        def read(connection: Any, compiled: CompiledPolicy) -> tuple[Sequence[SubjectId], Node]:
            return self._linked.receipt(connection, caller, batch)

        return await self._doing.read(caller, "receipt.read", read)

    async def linked_consents(self, caller: Caller, subject: UUID) -> Node:
        def read(connection: Any, compiled: CompiledPolicy) -> tuple[Sequence[SubjectId], Node]:
            return self._linked.consents(connection, compiled, caller, subject)

        return await self._doing.read(caller, "consents.read", read)

    async def linked_history(
        self, caller: Caller, subject: UUID, before: Position | None, limit: int
    ) -> tuple[Node, Position | None]:
        def read(
            connection: Any, compiled: CompiledPolicy
        ) -> tuple[Sequence[SubjectId], tuple[Node, Position | None]]:
            return self._linked.history(connection, compiled, caller, subject, before, limit)

        return await self._doing.read(caller, "history.read", read)
