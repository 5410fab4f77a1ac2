"""What is told of a request: its course, its dates, and silo by silo what was done. Names nobody."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from consentd.dsr import plan, store, unwritten
from consentd.dsr.cases import told_tasks
from consentd.dsr.rights import NEEDS, Right
from consentd.dsr.states import OPEN, State
from consentd.kernel.instants import to_text
from consentd.kernel.policy import Policy, tool_name
from consentd.systems.connectors.contract import Part

_PARTS = msgspec.json.Decoder(tuple[Part, ...])


class TaskTold(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a silo was asked."""

    id: UUID
    verb: str
    state: str
    verdict: str | None
    code: str | None
    attempts: int
    due_at: str
    ended_at: str | None
    parts: tuple[Part, ...]
    """What was found and done, by category."""


class SiloTold(msgspec.Struct, frozen=True, kw_only=True):
    system: str
    name: str
    tasks: tuple[TaskTold, ...]


class StepTold(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    state: str
    at: str
    by: str
    """system, staff, subject, operator or service."""
    by_id: UUID | None
    tells: str | None
    """Of what staff are to tell the person by hand, or told: receipt, extension, refusal, answer, copy."""
    on: str | None
    """The day on which they did."""
    how: str | None
    """letter, telephone or counter."""
    because: tuple[str, ...]
    """Of a copy that the policy would have let go: why staff look at it (docs/package.md)."""


class ToWrite(msgspec.Struct, frozen=True):
    """What staff still have to tell the person by hand, because no proven address takes mail."""

    tells: str
    since: str
    due: str
    """The last lawful day for it."""


class RequestTold(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    right: str
    article: str
    state: str
    waits_for: str | None
    """identity, approval, silos or review; null where nothing is waited for."""
    came_by: str
    language: str
    received_on: str
    safe_due: str
    """The day before which all should be done."""
    legal_due: str
    """The last lawful day, moved past weekends and holidays."""
    extended: bool
    follows: UUID | None
    """The request that this one follows from."""
    answered_at: str | None
    closed_at: str | None
    answered_on: str | None
    """The day on which the person was first given an answer: of one by letter, the letter’s day."""
    in_time: bool | None
    """Whether that was a lawful day; null while there was no answer."""
    to_write: tuple[ToWrite, ...]
    gaps: tuple[str, ...]
    """Silos whose part is missing."""
    silos: tuple[SiloTold, ...]
    steps: tuple[StepTold, ...]


class RequestBrief(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    right: str
    state: str
    received_on: str
    safe_due: str
    legal_due: str
    answered_on: str | None
    in_time: bool | None
    to_write: tuple[str, ...]
    """What staff still have to tell the person by hand."""


class RequestReceived(msgspec.Struct, frozen=True, kw_only=True):
    """The same whoever it is about, known or not."""

    id: UUID
    right: str
    received_on: str
    safe_due: str
    legal_due: str
    done_at_once: bool
    """Whether the right was one that only restricts: it stands already."""


_WAITS = {
    State.RECEIVED: "identity",
    State.IDENTIFYING: "identity",
    State.APPROVING: "approval",
    State.RUNNING: "silos",
    State.PARTIAL: "silos",
    State.REVIEWING: "review",
}


def told(connection: Any, policy: Policy, row: Any) -> RequestTold:  # Any: a connection, a row mapping
    right, state = Right(row["right"]), State(row["state"])
    steps = store.steps(connection, row["id"])
    answers = {one["task_id"]: one for one in store.answers(connection, row["id"])}
    silos: dict[str, list[TaskTold]] = {}
    for task in store.tasks(connection, row["id"]):
        answer = answers.get(task["id"])
        silos.setdefault(task["system"], []).append(
            TaskTold(
                id=task["id"],
                verb=task["verb"],
                state=task["state"],
                verdict=task["verdict"],
                code=task["code"],
                attempts=task["attempts"],
                due_at=to_text(task["due_at"]),
                ended_at=_time(task["ended_at"]),
                parts=_PARTS.decode(answer["parts"]) if answer else (),
            )
        )
    return RequestTold(
        id=row["id"],
        right=right.value,
        article=NEEDS[right].article,
        state=state.value,
        waits_for=_WAITS.get(state) if state in OPEN else None,
        came_by=row["came_by"],
        language=row["language"],
        received_on=row["received_on"],
        safe_due=row["safe_due"],
        legal_due=row["legal_due"],
        extended=row["extended"],
        follows=row["follows"],
        answered_at=_time(row["answered_at"]),
        closed_at=_time(row["closed_at"]),
        answered_on=_day(unwritten.answered_on(row, steps, policy)),
        in_time=unwritten.in_time(row, steps, policy),
        to_write=tuple(
            ToWrite(one.tells, to_text(one.since), unwritten.told_by(row, one, policy).isoformat())
            for one in unwritten.unwritten(right, steps)
        ),
        gaps=tuple(plan.gaps(told_tasks(connection, row["id"]))),
        silos=tuple(
            SiloTold(system=name, name=tool_name(policy, name), tasks=tuple(tasks))
            for name, tasks in sorted(silos.items())
        ),
        steps=tuple(
            StepTold(
                event=step["event"],
                state=step["state"],
                at=to_text(step["at"]),
                by=step["actor_kind"],
                by_id=step["actor_id"],
                tells=None if step["moment"] is None else unwritten.kind_of(step["moment"]),
                on=step["on_day"],
                how=step["how"],
                because=tuple((step["because"] or "").split()),
            )
            for step in steps
        ),
    )


def brief(row: Any, steps: Sequence[Any], policy: Policy) -> RequestBrief:  # Any: row mappings
    return RequestBrief(
        id=row["id"],
        right=row["right"],
        state=row["state"],
        received_on=row["received_on"],
        safe_due=row["safe_due"],
        legal_due=row["legal_due"],
        answered_on=_day(unwritten.answered_on(row, steps, policy)),
        in_time=unwritten.in_time(row, steps, policy),
        to_write=tuple(one.tells for one in unwritten.unwritten(Right(row["right"]), steps)),
    )


def received(row: Any) -> RequestReceived:  # Any: a row mapping
    return RequestReceived(
        id=row["id"],
        right=row["right"],
        received_on=row["received_on"],
        safe_due=row["safe_due"],
        legal_due=row["legal_due"],
        done_at_once=row["proof_needed"] == 0,
    )


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
