"""Whether a receipt holds: offline, from the file, the published keys and nothing else.

Upholds promise 9: signature, what the file says beside it, the entries of the log, their paths and the
checkpoint are each checked, and nothing in the file is left unread; so a changed byte is found. Pure. It
needs no database and no key that is secret.
"""

import base64
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from consentd.consent.answers import RECEIPT_TYPE, ConsentsRecorded, RecordedEvent
from consentd.consent.receipts import EntryProof, Receipt, ReceiptContent, ReceiptLine, ReceiptProof
from consentd.crypto.jws import verify_document
from consentd.crypto.signing import PublicKey
from consentd.evidence import checkpoint, merkle
from consentd.evidence.checkpoint import Checkpoint
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import CallerError, OperatorError, Tampered
from consentd.kernel.instants import to_text
from consentd.web.strict import StrictDecoder

_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\n?")


class Part(StrEnum):
    SIGNATURE = "signature"
    """The service signed the document as a receipt."""
    CONTENT = "content"
    """What the file says beside the document is what was signed."""
    CHECKPOINT = "checkpoint"
    """The log signed the checkpoint."""
    INCLUSION = "inclusion"
    """Under that checkpoint the log holds the entries that wrote these choices."""


class Given(NamedTuple):
    """A file, read: the signed document, and what stands beside it."""

    document: str
    whole: Receipt | None = None
    answer: ConsentsRecorded | None = None

    @property
    def proof(self) -> ReceiptProof | None:
        return self.whole.proof if self.whole is not None else None


class Verdict(msgspec.Struct, frozen=True):
    content: ReceiptContent | None
    """What was signed; None where the signature does not hold, as then nobody said it."""
    parts: dict[Part, bool]
    """The parts that the file has, and whether each holds."""

    @property
    def holds(self) -> bool:
        return all(self.parts.values())


def read(saved: bytes) -> Given:
    """What a file holds: the answer of GET /v1/receipts/{id} or of POST /v1/consents, or the signed document.

    Raises OperatorError for anything else: not_json, linked_data, not_a_receipt.
    """
    if _COMPACT.fullmatch(saved):
        return Given(saved.decode().removesuffix("\n"))
    try:
        plain = StrictDecoder(dict[str, Any]).decode(saved)
    except CallerError:
        raise OperatorError("not_json", "The file is neither a JSON object nor a signed document.") from None
    if "@context" in plain:
        raise OperatorError(
            "linked_data",
            "The file is the receipt as linked data (JSON-LD): save the one that is asked for with "
            "Accept: application/json, which is what was signed.",
        )
    for kind in (Receipt, ConsentsRecorded):
        found = exactly(plain, kind)
        if isinstance(found, Receipt) and (found.proof is None) == (found.unproven is not None):
            return Given(found.receipt, whole=found)
        if isinstance(found, ConsentsRecorded):
            return Given(found.receipt, answer=found)
    raise OperatorError(
        "not_a_receipt",
        "The file is JSON, but neither the answer of GET /v1/receipts/{id} nor that of POST /v1/consents.",
    )


def check(given: Given, keys: Mapping[str, PublicKey], log_key: tuple[str, PublicKey] | None) -> Verdict:
    """`log_key`: the origin and key of the log's checkpoints; without it no proof of the log holds."""
    try:
        signed = verify_document(keys, given.document, RECEIPT_TYPE)
        content = msgspec.json.decode(signed, type=ReceiptContent)
    except (Tampered, msgspec.MsgspecError):
        return Verdict(None, {Part.SIGNATURE: False})
    parts = {Part.SIGNATURE: True}
    if given.whole is not None:
        same = (given.whole.receipt_id, given.whole.content) == (content.receipt_id, content)
        parts[Part.CONTENT] = same
    if given.answer is not None:
        parts[Part.CONTENT] = _answers(given.answer, content)
    if given.proof is not None:
        signed_log = _checkpoint(given.proof, content, log_key)
        parts[Part.CHECKPOINT] = signed_log is not None
        parts[Part.INCLUSION] = signed_log is not None and _included(given.proof, content, signed_log)
    return Verdict(content, parts)


def exactly(plain: dict[str, Any], kind: type[Any]) -> Any:
    """The value, if it is one of this kind and written in its one spelling; else None."""
    try:
        found = msgspec.convert(plain, kind)
    except msgspec.ValidationError:
        return None
    return found if msgspec.json.decode(msgspec.json.encode(found)) == plain else None


def _answers(answer: ConsentsRecorded, content: ReceiptContent) -> bool:
    """Whether the answer of a recording tells the receipt's own choices as they were signed.

    It also tells under which id the person went and what stood at that time: neither is part of a receipt.
    """
    lines = {line.event_id: line for line in content.events}
    told = {event.id: event for event in answer.events}
    own = [event for event in answer.events if event.id in lines or not event.duplicate]
    return (
        answer.receipt_id == content.receipt_id
        and lines.keys() <= told.keys()
        and all(event.id in lines and _agrees(event, lines[event.id]) for event in own)
    )


def _agrees(event: RecordedEvent, line: ReceiptLine) -> bool:
    names = ("subject_id", "purpose", "channel", "contact_point_id", "state", "claim")
    times = ("occurred_at", "recorded_at")
    return all(getattr(event, name) == getattr(line, name) for name in (*names, *times))


def _checkpoint(
    proof: ReceiptProof, content: ReceiptContent, log_key: tuple[str, PublicKey] | None
) -> Checkpoint | None:
    """The checkpoint, if the log that the receipt names signed it."""
    if log_key is None or log_key[0] != content.log:
        return None
    try:
        return checkpoint.parse(proof.checkpoint, content.log, [log_key[1]])
    except Tampered:
        return None


def _included(proof: ReceiptProof, content: ReceiptContent, signed: Checkpoint) -> bool:
    """Whether the proof is about each entry that the receipt names, once, and each path leads to the root."""
    wanted = list(dict.fromkeys(line.entry_id for line in content.events))
    return [entry.entry_id for entry in proof.entries] == wanted and all(
        leads(entry, signed)
        and _wrote(entry, content, [line for line in content.events if line.entry_id == entry.entry_id])
        for entry in proof.entries
    )


def leads(entry: EntryProof, signed: Checkpoint) -> bool:
    """Whether the entry, as it is spelled, is under the checkpoint."""
    leaf = merkle.leaf_hash(entry.entry.encode())
    try:
        path = [base64.b64decode(one, validate=True) for one in entry.path]
    except ValueError:
        return False
    spelled = [base64.b64encode(one).decode() for one in (leaf, *path)] == [entry.leaf, *entry.path]
    return (
        spelled
        and entry.size == signed.size
        and merkle.verify_inclusion(leaf, entry.index, entry.size, path, signed.root)
    )


class _Row(msgspec.Struct, frozen=True):
    """What is read of an entry's row; the hash holds the rest in place."""

    id: str
    at: int
    subject_id: str | None
    policy: str | None
    rows: str


class _Canonical(msgspec.Struct, frozen=True):
    row: _Row
    table: str


def _wrote(entry: EntryProof, content: ReceiptContent, lines: list[ReceiptLine]) -> bool:
    """Whether the entry lists the rows of these choices, about this person, at this time, by this policy."""
    saved = entry.entry.encode()
    try:
        found = msgspec.json.decode(saved, type=_Canonical)
        rows = msgspec.json.decode(found.row.rows, type=list[tuple[str, str | int, str | None]])
        again = canonical(msgspec.json.decode(saved))
    except msgspec.MsgspecError:
        return False
    listed = {id_ for table, id_, _ in rows if table == "consent_events"}
    row = found.row
    return (
        # A name that comes twice would be read differently by others.
        again == saved
        and (found.table, row.id, row.policy) == ("log_entries", str(entry.entry_id), content.policy)
        and {str(line.event_id) for line in lines} == listed
        and all(
            (str(line.subject_id), line.recorded_at) == (row.subject_id, to_text(row.at)) for line in lines
        )
    )
