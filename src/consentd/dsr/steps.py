"""What staff do about a request, each step through the table of its course."""

from typing import Any

import msgspec

from consentd.callers import staff
from consentd.dsr import certifying, directives, shapes, store, suspending, telling, writing
from consentd.dsr.cases import RequestCase
from consentd.dsr.copying import announcing, rounds
from consentd.dsr.identity import proven
from consentd.dsr.moments import following
from consentd.dsr.rights import NEEDS, Proof, Right
from consentd.dsr.running import advance, begin_running
from consentd.dsr.states import Event, State
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.kernel.instants import DAY, Instant
from consentd.kernel.request_rules import approvals
from consentd.subjects import service as subjects


def take(case: RequestCase, step: shapes.AnyStep) -> None:
    """Raises NotFound for a member of staff that there is none, Conflict where the step cannot be now."""
    staff.colleague(case.unit.connection, case.keyring, step.by)
    actor = Actor(ActorKind.STAFF, step.by)
    match step:
        case shapes.Identify():
            _identify(case, step, actor)
        case shapes.AskProof():
            _ask_proof(case, step, actor)
        case shapes.Approve():
            _approve(case, step, actor)
        case shapes.Refuse():
            event = Event.GAPS_REFUSED if case.state is State.PARTIAL else Event.REFUSED
            told = {"reasons": step.reasons, "article": step.article}
            case.move(event, actor, told, case=case.case(reasons=True))
            if event is Event.REFUSED:
                suspending.ended(case, actor)
            elif NEEDS[case.right].erases:
                certifying.issue(case, actor, None, refused_under=step.article)
            telling.refusal(case, step.reasons, step.article)
        case shapes.Extend():
            found = case.case(reasons=True)
            dates = case.due_again(extended=True)
            case.move(
                Event.EXTENDED,
                actor,
                {"reasons": step.reasons},
                case=found,
                extended=True,
                safe_due=dates.safe.isoformat(),
                legal_due=dates.legal.isoformat(),
            )
            telling.extension(case, step.reasons)
        case shapes.Uphold():
            suspending.uphold(case, actor, step.note)
        case shapes.Release():
            if case.right is Right.OBJECTION:
                raise Conflict("not_now", "An objection is upheld (`uphold`) or refused, with reasons.")
            rounds.require_made(case)
            named = directives.require_named(case, step)
            case.move(Event.RELEASED, actor, {"note": step.note}, clear=named)
            rounds.released(case, actor)
            announcing.ready(case)
        case shapes.Retry():
            _retry(case, step, actor)
        case shapes.Withdraw():
            case.move(Event.WITHDRAWN, actor, {"note": step.note})
            suspending.ended(case, actor)
        case shapes.WroteByHand():
            writing.wrote(case, step, actor)
        case shapes.Redact():
            rounds.redact(case, step, actor)
        case shapes.TakeBack():
            rounds.take_back(case, step, actor)
        case shapes.MakeCopy():
            rounds.make_again(case, step, actor)
    rounds.closed(case, actor)


def _identify(case: RequestCase, step: shapes.Identify, actor: Actor) -> None:
    content = case.content()
    values: dict[str, Any] = {}
    if step.subject_id is not None:
        # Raises NotFound alike for unknown and erased people (promise 13).
        values["subject_id"] = subjects.person_by_id(case.unit.connection, step.subject_id).id
        case.row["subject_id"] = values["subject_id"]
    if step.accepts_identifiers:
        content = msgspec.structs.replace(content, known=content.named)
    if case.row["subject_id"] is None and not content.known:
        raise Unprocessable(
            "nobody_named",
            "Nobody was found under what the request names: say who it is by `subject_id`, or that all its "
            "identifiers are theirs by `accepts_identifiers`.",
        )
    if NEEDS[case.right].erases:
        # A colleague's word on who it is, for an erasure, is looked at by another.
        by_staff = approvals(case.compiled.policy.requests, case.right, "staff")
        values["approvals_needed"] = max(case.row["approvals_needed"], by_staff)
        case.row["approvals_needed"] = values["approvals_needed"]
    proven(case, Proof.PERSON, actor, {"grounds": step.grounds}, sealed=case.put_content(content), **values)


def _ask_proof(case: RequestCase, step: shapes.AskProof, actor: Actor) -> None:
    case.move(Event.PROOF_ASKED, actor)
    case.note("doubted", case.state, actor, {"doubt": step.doubt})


def _approve(case: RequestCase, step: shapes.Approve, actor: Actor) -> None:
    if step.systems:
        _approve_tasks(case, step, actor)
        return
    if case.state is not State.APPROVING:
        raise Conflict("not_now", f"A request that is {case.state.value} waits for no approval.")
    named = directives.require_named(case, step)
    before = case.approvals()
    case.note(Event.APPROVED.value, case.state, actor, {"note": step.note}, clear=named)
    given = case.approvals()
    if given == before:
        raise Conflict(
            "approval_missing",
            "You approved this already: another member of staff has to, or, where there is only one, the "
            "same again after a day.",
        )
    if given >= case.row["approvals_needed"]:
        case.move(Event.APPROVED, actor)
        begin_running(case)


def _approve_tasks(case: RequestCase, step: shapes.Approve, actor: Actor) -> None:
    waiting = [
        row
        for row in store.tasks(case.unit.connection, case.id)
        if row["state"] == "approving" and row["system"] in step.systems
    ]
    if not waiting:
        raise Conflict("not_now", "No task of these silos waits for an approval.")
    for row in waiting:
        store.change_task(case.unit, row["id"], {"state": "waiting", "next_at": case.unit.now})
    case.note("tasks_approved", case.state, actor, {"systems": sorted({row["system"] for row in waiting})})


def _retry(case: RequestCase, step: shapes.Retry, actor: Actor) -> None:
    if case.state not in (State.RUNNING, State.PARTIAL):
        raise Conflict("not_now", f"A request that is {case.state.value} asks no silo again.")
    again = [
        row
        for row in store.tasks(case.unit.connection, case.id)
        if (row["state"] == "silent" or row["verdict"] in ("failed", "partial", "unsupported"))
        and (not step.systems or row["system"] in step.systems)
    ]
    if not again:
        raise Conflict("not_now", "No silo of these failed or is silent.")
    for row in again:
        _begin_again(case, row)
    case.note("retried", case.state, actor, {"systems": sorted({row["system"] for row in again})})
    advance(case)


def _begin_again(case: RequestCase, row: Any) -> None:  # Any: a row of `silo_tasks`
    emptied = {"verdict": None, "code": None, "ended_at": None, "lease_holder": None, "lease_until": None}
    fresh = {"state": "waiting", "attempts": 0, "next_at": case.unit.now, "reminded_at": None}
    # As long to answer as it had the first time.
    system = case.compiled.policy.systems.get(row["system"])
    connection = system.connection if system else None
    now = case.unit.now
    due = Instant(now + (connection.answers_within_days if connection else 0) * DAY)
    again = {"due_at": due, "remind_at": following(now, due, now)}
    store.change_task(case.unit, row["id"], emptied | fresh | again)
