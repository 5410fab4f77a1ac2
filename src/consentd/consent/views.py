"""What is told about one person's choices: the states that stand, and how they came about."""

from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from consentd.callers.model import Caller, Scope
from consentd.consent import grouping_store, states_store, store
from consentd.consent.answers import EventWritten, RecordedEvent, StandingState, recorded_event, standing
from consentd.consent.events import counting
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import to_text
from consentd.subjects import service as subjects


class StandingObjection(msgspec.Struct, frozen=True):
    purpose: str | None
    """null: all direct marketing."""
    channel: str | None
    contact_point_id: UUID | None
    ground: str
    since: str


class SubjectConsents(msgspec.Struct, frozen=True):
    """Limited to the purposes and channels that the calling system was given."""

    subject_id: SubjectId
    restricted: bool | None
    """Whether the person's data are frozen; null without the scope `reasons`."""
    states: tuple[StandingState, ...]
    objections: tuple[StandingObjection, ...]


class HistoryEvent(msgspec.Struct, frozen=True):
    event: RecordedEvent
    method: str | None
    collector: str | None
    notice: dict[str, str] | None
    proof: str
    policy: str
    entry_id: UUID
    """The entry of the log that proves it: see /v1/log/proofs/inclusion."""


class SubjectHistory(msgspec.Struct, frozen=True):
    subject_id: UUID
    events: tuple[HistoryEvent, ...]
    """The latest to arrive first."""
    next: str | None


def consents(connection: Any, caller: Caller, subject: UUID) -> SubjectConsents:
    """Any: a database connection. Raises NotFound."""
    person = subjects.person_by_id(connection, subject)
    states = states_store.states(connection, person.group)
    objections = states_store.objection_states(connection, person.group)
    return SubjectConsents(
        subject_id=person.id,
        restricted=person.restricted if Scope.REASONS in caller.scopes else None,
        states=tuple(
            standing(person.id, state)
            for key, state in sorted(states.items())
            if caller.may_use(key.purpose, key.channel)
        ),
        objections=tuple(
            StandingObjection(
                objection.purpose,
                objection.channel,
                objection.contact_point if objection.contact_point.int else None,
                objection.ground.value,
                to_text(objection.since),
            )
            for objection in sorted(objections, key=lambda found: (found.since, found.event))
        ),
    )


class Position(NamedTuple):
    """Behind which event a page of a history begins."""

    arrived: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
    """Bounded, as it comes back from outside and goes to the database."""
    id: UUID


def history_rows(
    connection: Any, caller: Caller, subject: UUID, before: Position | None, limit: int
) -> tuple[SubjectId, list[Any], Position | None]:
    """Any: a connection, and rows. The person's id, one page of events, and where the next begins."""
    person = subjects.person_by_id(connection, subject)
    ever = grouping_store.ever_merged_with(connection, person.members)
    page = store.history_page(connection, sorted(ever), before, limit + 1)
    following = None
    if len(page) > limit:
        page = page[:limit]
        following = Position(page[-1]["arrived"], page[-1]["id"])
    rows = [row for row in counting(page, person.members) if caller.may_use(row["purpose"], row["channel"])]
    return person.id, rows, following


def history_event(event: EventWritten) -> HistoryEvent:
    return HistoryEvent(
        event=recorded_event(event),
        method=event.detail.get("method"),
        collector=event.detail.get("collector"),
        notice=event.detail.get("notice"),
        proof=event.row["proof"],
        policy=event.row["policy"],
        entry_id=event.row["entry_id"],
    )
