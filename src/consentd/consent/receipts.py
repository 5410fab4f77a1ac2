"""Giving a receipt again: what was signed, the signature, and the proof that the log holds it.

Upholds promises 9 (the proof leads from each event to a signed checkpoint, and verifies offline) and 13: a
receipt is told whole or not at all. One that nobody wrote, one that speaks of what the caller was not given,
and one of somebody who was erased are the same 404.
"""

from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from consentd.consent import store
from consentd.consent.answers import EventWritten, receipt, receipt_content
from consentd.consent.opening import opened
from consentd.crypto.keyring import Keyring
from consentd.evidence import service as evidence
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import EntryId, GroupId, SubjectId
from consentd.policy.service import PolicyBook
from consentd.subjects import service as subjects


class ReceiptController(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    country: str


class ReceiptLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One choice. Times are RFC 3339 in UTC, or an interval of two where only the day was known."""

    event_id: UUID
    entry_id: UUID
    """The log's entry that wrote it."""
    subject_id: UUID
    purpose: str
    channel: str
    contact_point_id: UUID | None
    state: str
    claim: str | None
    occurred_at: str
    recorded_at: str
    method: str | None
    notice: dict[str, str] | None
    proof: str


class ReceiptContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was signed, member for member."""

    receipt_id: UUID
    issued_at: str
    controller: ReceiptController
    log: str
    """The origin of the log's checkpoints."""
    policy: str
    events: tuple[ReceiptLine, ...]


class EntryProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That one entry is in the log. Hashes are base64; RFC 9162 §2.1.3.2 says how to verify the path."""

    entry_id: UUID
    entry: str
    """The entry's canonical form, which lists the events' rows: the leaf is SHA-256 of a zero byte and it."""
    index: int
    size: int
    leaf: str
    path: tuple[str, ...]


class ReceiptProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    checkpoint: str
    """A signed note (C2SP tlog-checkpoint); its key is at /v1/log/key."""
    entries: tuple[EntryProof, ...]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    receipt_id: UUID
    content: ReceiptContent
    receipt: str
    """The signed document (compact JWS, EdDSA, keys at /.well-known/jwks.json); its payload is `content`."""
    proof: ReceiptProof | None
    unproven: Literal["awaiting_checkpoint"] | None
    """Why there is no proof yet: the next checkpoint, usually within a second, covers it."""


class Limits(Protocol):
    """What whoever asks may be told of: a caller, by what it was given."""

    def may_use(self, purpose: str, channel: str) -> bool: ...


class Everything:
    """Of whom it is about."""

    def may_use(self, purpose: str, channel: str) -> bool:
        return True


class Found(msgspec.Struct, frozen=True):
    """A receipt that may be told."""

    people: tuple[SubjectId, ...]
    events: list[EventWritten]
    told: Receipt


def find(
    connection: Any,
    keyring: Keyring,
    policies: PolicyBook,
    limits: Limits,
    batch: UUID,
    whose: GroupId | None = None,
) -> Found:
    """Any: a database connection. `whose`: of this person alone. Raises NotFound, in the same words whatever
    the reason (promise 13).
    """
    rows, _ = store.batch(connection, batch)
    if not rows or not all(limits.may_use(row["purpose"], row["channel"]) for row in rows):
        raise _not_found()
    groups = {subjects.group_of(connection, row["subject_id"]) for row in rows}
    people = tuple(SubjectId(group) for group in sorted(group for group in groups if group is not None))
    if whose is not None and groups != {whose}:
        raise _not_found()
    if None in groups:
        # Erased since: without their sealed part this would not be what was signed.
        raise _not_found()
    events = opened(connection, keyring, rows)
    policy = policies.load(connection, rows[0]["policy"]).policy
    content = receipt_content(policy, batch, events)
    proof = _proof(connection, events)
    told = Receipt(
        receipt_id=batch,
        content=msgspec.convert(content, ReceiptContent),
        receipt=receipt(keyring, policy, batch, events),
        proof=proof,
        unproven="awaiting_checkpoint" if proof is None else None,
    )
    return Found(people, events, told)


def _proof(connection: Any, events: list[EventWritten]) -> ReceiptProof | None:
    entries = dict.fromkeys(EntryId(event.row["entry_id"]) for event in events)
    proven = evidence.prove(connection, entries)
    if proven is None:
        return None
    return ReceiptProof(
        proven.note,
        tuple(
            msgspec.convert(
                {"entry_id": one.entry_id, "entry": one.content.decode(), **one.proof.to_json()}, EntryProof
            )
            for one in proven.entries
        ),
    )


def _not_found() -> NotFound:
    return NotFound("unknown_receipt", "There is no receipt with this id.")
