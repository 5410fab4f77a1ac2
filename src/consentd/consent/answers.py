"""What a recording call answers: event ids, the states that result, and the signed receipt.

Made from rows alone, so that a repeated call gets the same answer rebuilt from ids (promise 2). No
identifier is in it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from consentd.crypto.jws import sign_document
from consentd.crypto.keyring import Keyring
from consentd.kernel.canonical import canonical
from consentd.kernel.fold import State
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import to_text
from consentd.kernel.policy import Policy

RECEIPT_TYPE = "consent-receipt+jws"


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    subject_id: UUID
    purpose: str
    channel: str
    contact_point_id: UUID | None
    state: str
    claim: str | None
    """Where `state` is unknown: what was claimed. Where it waits to be confirmed: what it will be."""
    missing: tuple[str, ...]
    """Where it is kept as a claim: what a proven consent would have needed."""
    occurred_at: str
    recorded_at: str
    duplicate: bool = False
    """This system reported it before; nothing was recorded again."""


class StandingState(msgspec.Struct, frozen=True, kw_only=True):
    subject_id: UUID
    purpose: str
    channel: str
    contact_point_id: UUID | None
    state: str
    since: str
    proof: str


class ConsentsRecorded(msgspec.Struct, frozen=True, kw_only=True):
    receipt_id: UUID
    subject_id: UUID | None
    """None where the identifiers belong to several people: see each event's own."""
    events: tuple[RecordedEvent, ...]
    states: tuple[StandingState, ...]
    receipt: str
    """A compact JWS (EdDSA, keys at /.well-known/jwks.json). Its payload is JSON; it names nobody."""


class EventWritten(msgspec.Struct, frozen=True):
    """An event's row with its opened sealed part."""

    row: Any
    """A mapping of columns: from the database, or as it is about to be written."""
    detail: dict[str, Any]
    duplicate: bool = False


def recorded_event(event: EventWritten) -> RecordedEvent:
    row = event.row
    return RecordedEvent(
        id=row["id"],
        subject_id=row["subject_id"],
        purpose=row["purpose"],
        channel=row["channel"],
        contact_point_id=row["contact_point_id"],
        state=row["state"],
        claim=row["claim"],
        missing=tuple(event.detail.get("missing", ())),
        occurred_at=_when(row),
        recorded_at=to_text(row["arrived"]),
        duplicate=event.duplicate,
    )


def standing(subject: UUID, state: State) -> StandingState:
    point = state.key.contact_point
    return StandingState(
        subject_id=subject,
        purpose=state.key.purpose,
        channel=state.key.channel,
        contact_point_id=None if point == NOBODY else point,
        state=state.state.value,
        since=to_text(state.effective),
        proof=state.proof.value,
    )


def receipt(keyring: Keyring, policy: Policy, batch: UUID, events: Sequence[EventWritten]) -> str:
    """The signed receipt of one recording act: what was chosen, on which text, when and through whom.

    It names the person and their contact details by random ids only, so that it may be kept or shown.
    """
    content = receipt_content(policy, batch, events)
    return sign_document(keyring.signer("receipt"), canonical(content), RECEIPT_TYPE)


def receipt_content(policy: Policy, batch: UUID, events: Sequence[EventWritten]) -> dict[str, Any]:
    """What a receipt says: the JSON that is signed."""
    controller = policy.controller
    return {
        "receipt_id": str(batch),
        "issued_at": to_text(min(event.row["arrived"] for event in events)),
        "controller": {"name": controller.name, "country": controller.country},
        "log": controller.log_origin,
        "policy": events[0].row["policy"],
        "events": [_receipt_line(event) for event in events],
    }


def _receipt_line(event: EventWritten) -> dict[str, Any]:
    row = event.row
    return {
        "event_id": str(row["id"]),
        "entry_id": str(row["entry_id"]),
        "subject_id": str(row["subject_id"]),
        "purpose": row["purpose"],
        "channel": row["channel"],
        "contact_point_id": str(row["contact_point_id"]) if row["contact_point_id"] else None,
        "state": row["state"],
        "claim": row["claim"],
        "occurred_at": _when(row),
        "recorded_at": to_text(row["arrived"]),
        "method": event.detail.get("method"),
        "notice": event.detail.get("notice"),
        "proof": row["proof"],
    }


def _when(row: Any) -> str:  # Any: a row
    if row["happened"] == row["happened_last"]:
        return to_text(row["happened"])
    return f"{to_text(row['happened'])}/{to_text(row['happened_last'])}"
