"""Reporting that somebody was contacted, or that it was tried: every attempt counts (docs/law.md 11, 18).

An attempt is a *use* of the consent it rests on, where a proof's retention counts from use. A refusal during
the contact is a withdrawal by default, in the same transaction.
"""

from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.check import store
from consentd.consent.admission import CLOCK_SKEW
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable
from consentd.kernel.instants import parse_moment
from consentd.kernel.law import MARKETING_KINDS
from consentd.subjects.acts import Act, check_limits
from consentd.subjects.doing import Doing
from consentd.subjects.requests import Identifier, Short, SubjectNamed, Time, Word, spell
from consentd.web.idempotency import Repeat

Outcome = Literal["answered", "unanswered", "sent", "delivered", "failed", "refused"]


class AttemptReported(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A contact, or a try at one: an unanswered call counts like an answered one."""

    subject: SubjectNamed
    purpose: Word
    channel: Word
    contact_point: Identifier | None = None
    occurred_at: Time | None = None
    outcome: Outcome
    """`refused`: the person said no during the contact. It is recorded as a withdrawal too."""
    decision_id: UUID | None = None
    """The decision that allowed it."""
    source_event_id: Short | None = None


class AttemptRecorded(msgspec.Struct, frozen=True):
    id: UUID
    subject_ids: tuple[UUID, ...]
    withdrawn: bool
    """Whether a withdrawal was recorded with it."""
    duplicate: bool = False


async def report(
    doing: Doing, caller: Caller, request: AttemptReported, repeat: Repeat | None
) -> tuple[int, AttemptRecorded]:
    """Raises Unprocessable for an unknown purpose or channel, or a time in the future."""
    zone = ZoneInfo(caller.zone)

    def write(act: Act, compiled: CompiledPolicy) -> AttemptRecorded:
        return _write(act, compiled, request, zone)

    return await doing.act(caller, repeat, "attempt.reported", write, _rebuilt)


def _write(act: Act, compiled: CompiledPolicy, request: AttemptReported, zone: ZoneInfo) -> AttemptRecorded:
    assert act.caller is not None
    check_limits(act.caller, request.purpose, request.channel, "")
    happened = _when(act, request, zone)
    point = None
    if request.contact_point is not None:
        point = spell(act.policy, request.contact_point, request.subject.territory, "/contact_point")
    content = [request.subject.identifiers, _without_subject(request)]
    earlier = act.already(request.source_event_id, content)
    if earlier is not None:
        told = _told(store.attempts_by_id(act.unit.connection, earlier.rows))
        return msgspec.structs.replace(told, duplicate=True)
    # Reporting needs the scope `check` alone: it makes nobody, and ties nothing to anybody.
    resolution = act.find(request.subject, [point] if point else [])
    if not resolution.people:
        raise _wrong(
            "unknown_person",
            "/subject",
            "Nobody is on record under these identifiers. If they refused, record it with /v1/consents.",
        )
    schemes = act.policy.channels[request.channel].schemes
    used = point or next((name for name in resolution.named.values() if name.scheme in schemes), None)
    attempt_id = new_id()
    ids = []
    for number, person in enumerate(resolution.people):
        subject = resolution.writer_of(person)
        row_id = attempt_id if number == 0 else new_id()
        ids.append(row_id)
        act.entry(subject).insert(
            store.ATTEMPTS,
            {
                "id": row_id,
                "batch_id": act.batch,
                "subject_id": subject,
                "contact_point_id": resolution.id_of(used) if used else None,
                "purpose": request.purpose,
                "channel": request.channel,
                "marketing": act.policy.purposes[request.purpose].kind in MARKETING_KINDS,
                "outcome": request.outcome,
                "happened": happened,
                "arrived": act.unit.now,
                "system_id": act.caller.system_id,
                "decision_id": request.decision_id,
                "policy": act.policy.hash,
            },
        )
    act.report(request.source_event_id, ids)
    if request.outcome == "refused":
        record(act, compiled, _withdrawal(request), zone, resolution)
    subjects = tuple(resolution.writer_of(person) for person in resolution.people)
    return AttemptRecorded(attempt_id, subjects, request.outcome == "refused")


def _withdrawal(request: AttemptReported) -> RecordConsents:
    """The person said no: for this purpose and channel, whatever the contact detail."""
    event = ConsentEvent(
        purpose=request.purpose,
        channel=request.channel,
        state="withdrawn",
        occurred_at=request.occurred_at,
        method="spoken",
    )
    return RecordConsents(request.subject, (event,))


def _when(act: Act, request: AttemptReported, zone: ZoneInfo) -> int:
    for what, named, known in (
        ("purpose", request.purpose, act.policy.purposes),
        ("channel", request.channel, act.policy.channels),
    ):
        if named not in known:
            raise _wrong(f"unknown_{what}", f"/{what}", f"The policy has no such {what}.")
    if request.occurred_at is None:
        return act.unit.now
    try:
        happened = parse_moment(request.occurred_at, zone).first
    except ValueError as reason:
        raise _wrong("invalid_time", "/occurred_at", str(reason)) from None
    if happened > act.unit.now + CLOCK_SKEW:
        raise _wrong("future_time", "/occurred_at", "An attempt cannot be reported before it is made.")
    return happened


def _rebuilt(connection: Any, batch: UUID) -> AttemptRecorded:  # Any: a database connection
    return _told(store.attempts_of_batch(connection, batch))


def _told(rows: list[Any]) -> AttemptRecorded:  # Any: rows
    return AttemptRecorded(
        rows[0]["id"], tuple(row["subject_id"] for row in rows), rows[0]["outcome"] == "refused"
    )


def _without_subject(request: AttemptReported) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(request)
    del found["subject"]
    return found


def _wrong(code: str, pointer: str, detail: str) -> Unprocessable:
    return Unprocessable(code, detail, errors=[{"pointer": pointer, "code": code, "detail": detail}])
