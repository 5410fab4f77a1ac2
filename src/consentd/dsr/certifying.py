"""Issuing certificates of erasure, and telling them with the proof that the log holds them.

Each time an erasure settles, in part or whole, there is a new one: signed like receipts, an append-only row
under an entry of its own (promises 8 and 9), in the unit of what it certifies (promise 3).
"""

from collections import defaultdict
from typing import Any, Literal
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.consent.erasure import Certificate
from consentd.consent.receipts import EntryProof, ReceiptProof
from consentd.crypto.jws import sign_document
from consentd.dsr import certificate, store
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.certificate import (
    CERTIFICATE_TYPE,
    CertificateController,
    ErasureCertificate,
    OwnPart,
    Recipient,
    Seen,
    Telling,
)
from consentd.dsr.rights import NEEDS
from consentd.evidence import service as evidence
from consentd.evidence.model import Actor
from consentd.kernel.canonical import canonical
from consentd.kernel.connection import Verb
from consentd.kernel.ids import EntryId
from consentd.kernel.instants import to_text
from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import Part

_PARTS = msgspec.json.Decoder(tuple[Part, ...])
_CONTENT = msgspec.json.Decoder(ErasureCertificate)


class CertificateTold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    certificate_id: UUID
    content: ErasureCertificate
    certificate: str
    """The signed document (compact JWS, EdDSA, keys at /.well-known/jwks.json); its payload is `content`."""
    entry_id: UUID
    proof: ReceiptProof | None
    unproven: Literal["awaiting_checkpoint"] | None
    """Why there is no proof yet: the next checkpoint, usually within a second, covers it."""


def issue(
    case: RequestCase, actor: Actor, erased: Certificate | None, *, refused_under: str | None = None
) -> ErasureCertificate | None:
    """Issues what is to be said now; None where that is what the last certificate says already.

    `erased`: what consentd itself did just now; what it did before is in the certificate of then.
    """
    unit, policy = case.unit, case.compiled.policy
    before = [_CONTENT.decode(row["content"]) for row in store.certificates(unit.connection, case.id)]
    last = before[-1] if before else None
    own = last.own if last else None
    if erased is not None:
        own = certificate.own_part(policy.controller, erased, local_day(unit.now, policy))
    content = _content(case, own, refused_under)
    if (
        last is not None
        and msgspec.structs.replace(
            content, certificate_id=last.certificate_id, number=last.number, issued_at=last.issued_at
        )
        == last
    ):
        return None
    content = msgspec.structs.replace(content, number=len(before) + 1)
    _record(case, actor, content)
    return content


def _content(case: RequestCase, own: OwnPart | None, refused_under: str | None) -> ErasureCertificate:
    policy = case.compiled.policy
    silos = tuple(certificate.silo_part(policy, name, silo) for name, silo in sorted(seen(case).items()))
    complete = refused_under is not None or all(one.outcome in certificate.COMPLETE for one in silos)
    last, not_stated = certificate.copies(silos, own, complete=complete)
    return ErasureCertificate(
        certificate_id=new_id(),
        request_id=case.id,
        number=1,
        issued_at=to_text(case.unit.now),
        received_on=case.row["received_on"],
        controller=CertificateController(name=policy.controller.name, country=policy.controller.country),
        log=policy.controller.log_origin,
        policy=policy.hash,
        complete=complete,
        refused_under=refused_under,
        silos=silos,
        own=own,
        recipients=recipients_told(case),
        last_copy_unreadable_on=last,
        copies_not_stated=not_stated,
    )


def _record(case: RequestCase, actor: Actor, content: ErasureCertificate) -> None:
    signed = canonical(content)
    entry = case.entry("certificate.issued", actor)
    entry.insert(
        store.CERTIFICATES,
        {
            "id": content.certificate_id,
            "request_id": case.id,
            "content": signed.decode(),
            "signed": sign_document(case.keyring.signer("receipt"), signed, CERTIFICATE_TYPE),
            "at": case.unit.now,
        },
    )
    entry.close({"request": str(case.id), "number": content.number, "complete": content.complete})


def recipients_told(case: RequestCase) -> tuple[Recipient, ...]:
    """Whoever had received the data, and whether they were told of a rectification, erasure or restriction
    (GDPR 19); nobody for other rights. The person may ask who they were. The evidence is each task's answer.

    A recipient is a system of the policy: one that no program reaches is connected `by: manual`, and its
    owner is told by hand. One without a connection is named as not told.
    """
    need = NEEDS[case.right]
    if not need.told_to_recipients:
        return ()
    found = (
        certificate.recipient(case.compiled.policy, name, need.verbs[0], silo)
        for name, silo in sorted(seen(case).items())
    )
    return tuple(one for one in found if one is not None)


def seen(case: RequestCase) -> dict[str, dict[Verb, Seen]]:
    """What is on record of each silo's tasks."""
    policy, connection = case.compiled.policy, case.unit.connection
    answers: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in store.answers(connection, case.id):
        answers[row["task_id"]].append(row)
    found: defaultdict[str, dict[Verb, Seen]] = defaultdict(dict)
    for task in store.tasks(connection, case.id):
        its = [
            (local_day(row["at"], policy), _PARTS.decode(row["parts"]), row["told"])
            for row in answers[task["id"]]
        ]
        ended = task["state"] == "ended"
        # One that is under way again has no last answer yet: what it answered before was another try's.
        last = its.pop() if ended and its else (local_day(task["created_at"], policy), (), False)
        found[task["system"]][Verb(task["verb"])] = Seen(
            task["state"],
            task["verdict"],
            task["code"],
            last[0],
            last[1],
            tuple(part for _, parts, _ in its for part in parts),
            _telling(task, policy, last[2]),
        )
    return dict(found)


def _telling(task: Any, policy: Policy, heard: bool) -> Telling | None:  # Any: a row mapping
    at = task["told_at"]
    return None if at is None else Telling(task["id"], at, local_day(at, policy), heard)


def certificates_of(connection: Any, request: UUID) -> tuple[CertificateTold, ...]:
    """All certificates of a request, the first one first; each with the proof that the log holds it.

    Any: a database connection.
    """
    return tuple(_told(connection, row) for row in store.certificates(connection, request))


def _told(connection: Any, row: Any) -> CertificateTold:  # Any: a connection, a row mapping
    proven = evidence.prove(connection, [EntryId(row["entry_id"])])
    proof = None
    if proven is not None:
        entries = (
            {"entry_id": one.entry_id, "entry": one.content.decode(), **one.proof.to_json()}
            for one in proven.entries
        )
        proof = ReceiptProof(proven.note, tuple(msgspec.convert(one, EntryProof) for one in entries))
    return CertificateTold(
        certificate_id=row["id"],
        content=_CONTENT.decode(row["content"]),
        certificate=row["signed"],
        entry_id=row["entry_id"],
        proof=proof,
        unproven="awaiting_checkpoint" if proof is None else None,
    )
