"""Reporting that somebody was contacted, or that it was tried: every attempt counts (docs/law.md 11, 18).

One that was made under a permit is reported by the permit's own number (`using`).
"""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.callers.model import Caller
from consentd.check import attempts_store
from consentd.check.attempting import AttemptRecorded, Made, Outcome, nobody_known, note, told, when
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import wrong
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Policy
from consentd.subjects.acts import Act, check_limits
from consentd.subjects.doing import Doing
from consentd.subjects.requests import Identifier, Short, SubjectNamed, Time, Word, spell, without_subject
from consentd.web.idempotency import Repeat


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
    _require_known(act.policy, request)
    happened = when(request.occurred_at, zone, act.unit.now)
    point = None
    if request.contact_point is not None:
        point = spell(act.policy, request.contact_point, request.subject.territory, "/contact_point")
    content = [request.subject.identifiers, without_subject(request)]
    earlier = act.already(request.source_event_id, content)
    if earlier is not None:
        before = told_again(attempts_store.attempts_by_id(act.unit.connection, earlier.rows))
        return msgspec.structs.replace(before, duplicate=True)
    # Reporting needs the scope `check` alone: it makes nobody, and ties nothing to anybody.
    resolution = act.find(request.subject, [point] if point else [])
    if not resolution.people:
        raise nobody_known()
    schemes = act.policy.channels[request.channel].schemes
    used = point or next((name for name in resolution.named.values() if name.scheme in schemes), None)
    made = Made(
        number=act.batch,
        purpose=request.purpose,
        channel=request.channel,
        marketing=act.policy.purposes[request.purpose].kind in MARKETING_KINDS,
        contact_point_id=resolution.id_of(used) if used else None,
        outcome=request.outcome,
        happened=happened,
        decision_id=request.decision_id,
    )
    ids = note(act, compiled, made, resolution, occurred_at=request.occurred_at, zone=zone)
    act.report(request.source_event_id, ids)
    return told(ids, resolution, made)


def _require_known(policy: Policy, request: AttemptReported) -> None:
    if request.purpose not in policy.purposes:
        raise wrong("unknown_purpose", "/purpose", "The policy has no such purpose.")
    if request.channel not in policy.channels:
        raise wrong("unknown_channel", "/channel", "The policy has no such channel.")


def told_again(rows: list[Any]) -> AttemptRecorded:  # Any: rows
    """What was answered when these rows were written."""
    return AttemptRecorded(
        rows[0]["id"], tuple(row["subject_id"] for row in rows), rows[0]["outcome"] == "refused"
    )


def _rebuilt(connection: Any, batch: UUID) -> AttemptRecorded:  # Any: a database connection
    return told_again(attempts_store.attempts_of_batch(connection, batch))
