"""Reporting the contact that a permit was for: what it reserved becomes an attempt, once (docs/law.md 11).

The attempt carries the permit's number, so there is one place that says whether a permit was used, and no
instant at which both or neither count. Reported a little late it counts all the same: the call took place.

Upholds promises 2 (exactly once, by the permit's number and by the Idempotency-Key) and 13 (a permit of
another system's is answered like one that never was).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.callers.model import Caller
from consentd.check import attempts_store
from consentd.check.attempting import AttemptRecorded, Made, Outcome, nobody_known, note, told, when
from consentd.check.attempts import told_again
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import NOBODY, BatchId, IdentifierId, SubjectId
from consentd.kernel.instants import HOUR
from consentd.subjects.acts import Act, check_limits
from consentd.subjects.doing import Doing
from consentd.subjects.model import Resolution
from consentd.subjects.requests import Time
from consentd.subjects.service import contacts_of, lock_present
from consentd.web.idempotency import Repeat

LATE = 24 * HOUR
"""How long after its end a permit's use may still be reported under its number."""


class PermitUsed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contact that the permit was for was made, or tried."""

    outcome: Outcome
    """`refused`: the person said no during the contact. It is recorded as a withdrawal too."""
    occurred_at: Time | None = None
    """When; if left out, now, or the permit's end if that is past."""


async def use(
    doing: Doing, caller: Caller, permit_id: UUID, request: PermitUsed, repeat: Repeat | None
) -> tuple[int, AttemptRecorded]:
    """Status and answer: 201, or 200 where it was reported before.

    Raises NotFound for a permit that this system was not given, Conflict for one that was used with another
    outcome or is long over, Unprocessable where everybody meant was erased since.
    """
    zone = ZoneInfo(caller.zone)

    def write(act: Act, compiled: CompiledPolicy) -> AttemptRecorded:
        return _write(act, compiled, caller, permit_id, request, zone)

    def rebuild(connection: Any, batch: BatchId) -> AttemptRecorded:  # Any: a database connection
        return told_again(attempts_store.attempts_of_batch(connection, permit_id))

    return await doing.act(caller, repeat, "permit.used", write, rebuild)


def _write(
    act: Act,
    compiled: CompiledPolicy,
    caller: Caller,
    permit_id: UUID,
    request: PermitUsed,
    zone: ZoneInfo,
) -> AttemptRecorded:
    connection = act.unit.connection
    rows = attempts_store.permit(connection, permit_id)
    if not rows or rows[0]["system_id"] != caller.system_id:
        raise NotFound("unknown_permit", "This system was given no such permit.")
    permit = rows[0]
    check_limits(caller, permit["purpose"], permit["channel"], "")
    meant = _meant(act, rows)
    before = attempts_store.attempts_of_batch(connection, permit_id)
    if before:
        if before[0]["outcome"] != request.outcome:
            raise Conflict(
                "permit_used",
                "This permit was used with another outcome. One permit is one contact: ask for another one, "
                "or report what came after it with /v1/attempts.",
            )
        return msgspec.structs.replace(told_again(before), duplicate=True)
    if not meant.people:
        raise nobody_known()
    if act.unit.now > permit["expires"] + LATE:
        raise Conflict(
            "permit_over",
            "This permit ended more than a day ago. Report the contact with /v1/attempts: it counts too.",
        )
    happened = when(request.occurred_at, zone, act.unit.now)
    if request.occurred_at is None:
        happened = min(happened, permit["expires"])
    made = Made(
        number=permit_id,
        purpose=permit["purpose"],
        channel=permit["channel"],
        marketing=permit["marketing"],
        contact_point_id=permit["contact_point_id"],
        outcome=request.outcome,
        # What a permit was for cannot have been done before it: clocks differ, and a day begins at midnight.
        happened=max(happened, permit["issued"]),
        decision_id=permit["decision_id"],
    )
    ids = note(act, compiled, made, meant, occurred_at=request.occurred_at, zone=zone)
    return told(ids, meant, made)


def _meant(act: Act, rows: Sequence[Any]) -> Resolution:  # Any: row mappings
    """The people it was given for who were not erased since, locked; whoever they were merged with."""
    people = lock_present(act.unit, [SubjectId(row["subject_id"]) for row in rows])
    present = {member for person in people for member in person.members}
    subjects = [row["subject_id"] for row in rows if row["subject_id"] in present]
    point = IdentifierId(rows[0]["contact_point_id"] or NOBODY)
    # So that the withdrawal of a refusal says by which detail, as one that is reported by it does.
    contacts = contacts_of(act.unit.connection, act.keyring, subjects)
    named = {IdentifierId(contact.id): contact.named for contact in contacts if contact.id == point}
    return Resolution(named, tuple(people), {point: frozenset(subjects)})
