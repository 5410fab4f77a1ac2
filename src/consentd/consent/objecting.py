"""Objections (GDPR 21): they cannot be refused or queued, and apply at once, everywhere, unless narrowed.

Upholds promise 5 (the next check denies, the state is in the same transaction) and docs/law.md 22 to 24: an
objection binds the person and every contact detail, and only a later act of their own lifts it.
"""

from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.consent import states_store, store
from consentd.consent.admission import CLOCK_SKEW
from consentd.consent.events import objection_of
from consentd.consent.requests import RecordObjection
from consentd.evidence.journal import StopKind
from consentd.kernel.errors import wrong
from consentd.kernel.fold import fold_objections
from consentd.kernel.instants import Moment, parse_moment, to_text
from consentd.subjects.acts import Act
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import spell, without_subject
from consentd.subjects.spelling import Named


class ObjectionRecorded(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    subject_id: UUID
    purpose: str | None
    """None: all direct marketing."""
    channel: str | None
    """None: every channel."""
    contact_point_id: UUID | None
    ground: str
    since: str
    duplicate: bool = False


class ObjectionsRecorded(msgspec.Struct, frozen=True, kw_only=True):
    receipt_id: UUID
    objections: tuple[ObjectionRecorded, ...]


def record_objection(
    act: Act, request: RecordObjection, zone: ZoneInfo, given: Resolution | None = None
) -> ObjectionsRecorded:
    """Records one objection for everyone meant: if nobody can tell who it was, it is everyone's.

    `given`: who is meant, where that was found out already.
    """
    when = _moment(act, request, zone)
    point = None
    if request.contact_point is not None:
        point = spell(act.policy, request.contact_point, request.subject.territory, "/contact_point")
    content = [request.subject.identifiers, without_subject(request)]
    earlier = act.already(request.source_event_id, content)
    if earlier is not None:
        return _rebuilt(act.unit.connection, earlier.batch, duplicate=True)
    resolution = given or act.resolve(request.subject, [point] if point else [], restricts=True)
    written = [
        row
        for person in resolution.restricted
        for row in _write(act, request, when, point, resolution, person)
    ]
    act.report(request.source_event_id, [row["id"] for row in written])
    return ObjectionsRecorded(receipt_id=act.batch, objections=tuple(_answer(row) for row in written))


def rebuilt(connection: Any, batch: UUID) -> ObjectionsRecorded:  # Any: a database connection
    """The answer of an objection that was recorded before, as it was given."""
    return _rebuilt(connection, batch, duplicate=False)


def _rebuilt(connection: Any, batch: UUID, *, duplicate: bool) -> ObjectionsRecorded:
    _, rows = store.batch(connection, batch)
    return ObjectionsRecorded(
        receipt_id=batch, objections=tuple(_answer(row, duplicate=duplicate) for row in rows)
    )


def _moment(act: Act, request: RecordObjection, zone: ZoneInfo) -> Moment:
    now = act.unit.now
    try:
        when = parse_moment(request.occurred_at, zone) if request.occurred_at else Moment(now, now)
    except ValueError as reason:
        raise wrong("invalid_time", "/occurred_at", str(reason)) from None
    if when.first > now + CLOCK_SKEW:
        raise wrong(
            "future_time",
            "/occurred_at",
            "The time lies in the future. Check the clock and the zone of the system that reports it.",
        )
    for index, purpose in enumerate(request.purposes):
        if purpose not in act.policy.purposes:
            raise wrong("unknown_purpose", f"/purposes/{index}", "The policy has no such purpose.")
    for index, channel in enumerate(request.channels):
        if channel not in act.policy.channels:
            raise wrong("unknown_channel", f"/channels/{index}", "The policy has no such channel.")
    return when


def _write(
    act: Act,
    request: RecordObjection,
    when: Moment,
    point: Named | None,
    resolution: Resolution,
    person: Known,
) -> list[dict[str, Any]]:
    subject = resolution.writer_of(person)
    point_id = resolution.id_of(point) if point else None
    own = resolution.held_by(person)
    entry = act.entry(subject)
    detail: dict[str, Any] = {
        "method": request.method,
        "collector": request.collector,
        "source_event_id": request.source_event_id,
        "identifiers": [[name.scheme, name.value] for name in own],
    }
    rows: list[dict[str, Any]] = []
    scattering = act.scattering(resolution, person)
    # An objection is a restriction: after an unmerge it stays with every part, so nobody holds it alone.
    del scattering["holders"]
    for position, (purpose, channel) in enumerate(
        product(request.purposes or (None,), request.channels or (None,))
    ):
        id_ = new_id()
        if request.reason:
            # The person's own words are content: they go with an erasure, the objection's proof does not.
            _, words = act.seal_content(subject, "objections", id_, request.reason.encode())
            detail["reason"] = words.hex()
        key_id, sealed = act.seal_proof(
            subject, "objections", id_, {k: v for k, v in detail.items() if v is not None}
        )
        rows.append(
            {
                "id": id_,
                "batch_id": act.batch,
                "position": position,
                "subject_id": subject,
                **scattering,
                "purpose": purpose,
                "channel": channel,
                "contact_point_id": point_id,
                "ground": request.ground,
                "happened": when.first,
                "effective": when.last,
                "arrived": act.unit.now,
                "system_id": act.caller.system_id if act.caller else None,
                "policy": act.policy.hash,
                "key_id": key_id,
                "sealed": sealed,
            }
        )
        act.stop(
            StopKind.OBJECTED,
            subject,
            own,
            purpose=purpose,
            channel=channel,
            contact_point=point,
            since=when.last,
            ground=request.ground,
        )
    entry.insert_many(store.OBJECTIONS, rows)
    standing = states_store.objection_states(act.unit.connection, person.group)
    folded = fold_objections([*standing, *(objection_of(row) for row in rows)])
    states_store.put_objections(act.unit, person.group, folded.values())
    return rows


def _answer(row: Any, *, duplicate: bool = False) -> ObjectionRecorded:  # Any: a row
    return ObjectionRecorded(
        id=row["id"],
        subject_id=row["subject_id"],
        purpose=row["purpose"],
        channel=row["channel"],
        contact_point_id=row["contact_point_id"],
        ground=row["ground"],
        since=to_text(row["effective"]),
        duplicate=duplicate,
    )
