"""Whether a certificate of erasure holds: offline, from the file, the published keys and nothing else.

Upholds promise 9: the signature, what the file says beside it, the entry of the log that wrote it (by the
hash of the certificate's whole row), its path and the checkpoint are each checked. Pure.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from consentd.consent.receipt_check import exactly, leads
from consentd.consent.receipts import EntryProof
from consentd.crypto.jws import verify_document
from consentd.crypto.signing import PublicKey
from consentd.dsr.certificate import CERTIFICATE_TYPE, ErasureCertificate
from consentd.dsr.certifying import CertificateTold
from consentd.evidence import checkpoint
from consentd.evidence.recorder import hashed
from consentd.kernel.canonical import Scalar, canonical
from consentd.kernel.errors import CallerError, OperatorError, Tampered
from consentd.web.strict import StrictDecoder


class Part(StrEnum):
    SIGNATURE = "signature"
    CONTENT = "content"
    """What the file says beside the signed document is what was signed."""
    CHECKPOINT = "checkpoint"
    INCLUSION = "inclusion"
    """Under that checkpoint the log holds the entry that wrote this very certificate."""


class Verdict(msgspec.Struct, frozen=True):
    content: ErasureCertificate | None
    """What was signed; None where the signature does not hold."""
    parts: dict[Part, bool]

    @property
    def holds(self) -> bool:
        return all(self.parts.values())


class CertificatesTold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All certificates of a request, the first one first: the last one says what stands."""

    certificates: tuple[CertificateTold, ...]


def read(saved: bytes) -> tuple[CertificateTold, ...]:
    """The certificates of a file: the answer of GET /v1/requests/{id}/certificate, or one of its members.

    Raises OperatorError for anything else: not_json, not_a_certificate.
    """
    try:
        plain = StrictDecoder(dict[str, Any]).decode(saved)
    except CallerError:
        raise OperatorError("not_json", "The file is no JSON object.") from None
    for kind in (CertificatesTold, CertificateTold):
        found = exactly(plain, kind)
        if isinstance(found, CertificatesTold) and found.certificates:
            return found.certificates
        if isinstance(found, CertificateTold):
            return (found,)
    raise OperatorError(
        "not_a_certificate", "The file is JSON, but not the answer of GET /v1/requests/{id}/certificate."
    )


def check(
    given: CertificateTold, keys: Mapping[str, PublicKey], log_key: tuple[str, PublicKey] | None
) -> Verdict:
    """`log_key`: the origin and key of the log's checkpoints; without it no proof of the log holds."""
    try:
        signed = verify_document(keys, given.certificate, CERTIFICATE_TYPE)
        content = msgspec.json.decode(signed, type=ErasureCertificate)
    except (Tampered, msgspec.MsgspecError):
        return Verdict(None, {Part.SIGNATURE: False})
    same = (given.certificate_id, given.content) == (content.certificate_id, content)
    parts = {Part.SIGNATURE: True, Part.CONTENT: same and canonical(content) == signed}
    if given.proof is not None:
        under = None
        if log_key is not None and log_key[0] == content.log:
            try:
                under = checkpoint.parse(given.proof.checkpoint, content.log, [log_key[1]])
            except Tampered:
                under = None
        parts[Part.CHECKPOINT] = under is not None
        parts[Part.INCLUSION] = (
            under is not None
            and len(given.proof.entries) == 1
            and leads(given.proof.entries[0], under)
            and _wrote(given.proof.entries[0], given, content, signed)
        )
    return Verdict(content, parts)


class _Row(msgspec.Struct, frozen=True):
    """What is read of an entry's row; the hash holds the rest in place."""

    id: str
    at: int
    action: str
    rows: str


class _Canonical(msgspec.Struct, frozen=True):
    row: _Row
    table: str


def _wrote(entry: EntryProof, given: CertificateTold, content: ErasureCertificate, signed: bytes) -> bool:
    """Whether the entry lists the row of this certificate, by the hash of all of it."""
    try:
        found = msgspec.json.decode(entry.entry, type=_Canonical)
        rows = msgspec.json.decode(found.row.rows, type=list[tuple[str, str | int, str | None]])
        again = canonical(msgspec.json.decode(entry.entry))
    except msgspec.MsgspecError:
        return False
    row: dict[str, Scalar] = {
        "id": content.certificate_id,
        "request_id": content.request_id,
        "content": signed.decode(),
        "signed": given.certificate,
        "at": found.row.at,
        "entry_id": entry.entry_id,
    }
    return (
        again == entry.entry.encode()
        and (found.table, found.row.id, found.row.action)
        == ("log_entries", str(entry.entry_id), "certificate.issued")
        and entry.entry_id == given.entry_id
        and rows == [("certificates", str(content.certificate_id), hashed("certificates", row).hex())]
    )
