"""Noting that somebody was contacted, or that it was tried, however that was reported (docs/law.md 11, 18).

An attempt is a *use* of the consent it rests on, where a proof's retention counts from use. A refusal during
the contact is a withdrawal by default, in the same transaction.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.check import attempts_store
from consentd.consent.admission import CLOCK_SKEW
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable, wrong
from consentd.kernel.instants import Instant, parse_moment
from consentd.subjects.acts import Act
from consentd.subjects.model import Resolution
from consentd.subjects.requests import SubjectNamed

Outcome = Literal["answered", "unanswered", "sent", "delivered", "failed", "refused"]


class AttemptRecorded(msgspec.Struct, frozen=True):
    id: UUID
    subject_ids: tuple[UUID, ...]
    withdrawn: bool
    """Whether a withdrawal was recorded with it."""
    duplicate: bool = False


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """One contact, or a try at one."""

    number: UUID
    """All rows about it carry it: they are one attempt, however many people it was meant for."""
    purpose: str
    channel: str
    marketing: bool
    """Whether the purpose was direct marketing when it was made: only those count towards caps."""
    contact_point_id: UUID | None
    outcome: Outcome
    happened: int
    decision_id: UUID | None


def note(
    act: Act,
    compiled: CompiledPolicy,
    made: Made,
    resolution: Resolution,
    *,
    occurred_at: str | None,
    zone: ZoneInfo,
) -> list[UUID]:
    """Writes a row for each person meant, and the withdrawal that a refusal is. Returns the rows' ids.

    `occurred_at`: when it happened as the caller wrote it, which the withdrawal reads in its own way.
    """
    ids = []
    for person in resolution.people:
        subject = resolution.writer_of(person)
        row_id = new_id()
        ids.append(row_id)
        entry = act.entry(subject)
        entry.insert(
            attempts_store.ATTEMPTS,
            {
                "id": row_id,
                "batch_id": made.number,
                "subject_id": subject,
                "contact_point_id": made.contact_point_id,
                "purpose": made.purpose,
                "channel": made.channel,
                "marketing": made.marketing,
                "outcome": made.outcome,
                "happened": made.happened,
                "arrived": act.unit.now,
                "system_id": act.caller.system_id if act.caller else None,
                "decision_id": made.decision_id,
                "policy": act.policy.hash,
            },
        )
    if made.outcome == "refused":
        record(act, compiled, _withdrawal(made, occurred_at), zone, resolution)
    return ids


def told(ids: Sequence[UUID], resolution: Resolution, made: Made) -> AttemptRecorded:
    subjects = tuple(resolution.writer_of(person) for person in resolution.people)
    return AttemptRecorded(ids[0], subjects, made.outcome == "refused")


def when(occurred_at: str | None, zone: ZoneInfo, now: Instant) -> int:
    """Raises Unprocessable for what is no time, or one in the future."""
    if occurred_at is None:
        return now
    try:
        happened = parse_moment(occurred_at, zone).first
    except ValueError as reason:
        raise wrong("invalid_time", "/occurred_at", str(reason)) from None
    if happened > now + CLOCK_SKEW:
        raise wrong("future_time", "/occurred_at", "An attempt cannot be reported before it is made.")
    return happened


def nobody_known() -> Unprocessable:
    return wrong(
        "unknown_person",
        "/subject",
        "Nobody is on record under these identifiers. If they refused, record it with /v1/consents.",
    )


def _withdrawal(made: Made, occurred_at: str | None) -> RecordConsents:
    """The person said no: for this purpose and channel, whatever the contact detail. Who is meant was found
    out already.
    """
    event = ConsentEvent(
        purpose=made.purpose,
        channel=made.channel,
        state="withdrawn",
        occurred_at=occurred_at,
        method="spoken",
    )
    return RecordConsents(SubjectNamed(()), (event,))
