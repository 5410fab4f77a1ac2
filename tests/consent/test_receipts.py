"""A receipt is given again, with the proof that the log holds it; and verified by whoever holds it."""

import base64
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from consentd.consent.receipt_check import Given, Part, Verdict, check, read
from consentd.consent.receipts import Receipt, ReceiptProof
from consentd.crypto.jws import jwks, receipt_keys, sign_document
from consentd.evidence.checkpoint import Checkpoint, sign
from consentd.evidence.merkle import leaf_hash
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import NotFound, OperatorError, Unauthenticated
from support.builders import Company
from support.builders_requests import event, yes

ANA = "email:ana@exemple.fr"
BOTH = "phone:+33624686501"


async def told(company: Company, batch: UUID, by: str = "till") -> Receipt:
    return await company.consent.receipt(company.systems[by], batch)


async def proven(company: Company, batch: UUID) -> Receipt:
    """The receipt, once a checkpoint covers it."""
    await company.verify_everything()
    found = await told(company, batch)
    assert found.unproven is None
    return found


def verdict(company: Company, given: Given) -> Verdict:
    keys = receipt_keys(msgspec.json.encode(jwks(company.keyring.public_keys())))
    (log_key,) = company.keyring.public_keys("log")
    origin = "maison-lavande.example/consentd"
    return check(given, keys, (origin, log_key))


def saved(receipt: Any) -> bytes:
    return msgspec.json.encode(receipt)


async def test_a_receipt_is_told_again_as_it_was_signed(company: Company) -> None:
    answer = await company.gives(ANA)
    again = await told(company, answer.receipt_id)
    assert (again.receipt_id, again.receipt) == (answer.receipt_id, answer.receipt)
    (line,) = again.content.events
    (recorded,) = answer.events
    assert (line.event_id, line.state, line.recorded_at) == (recorded.id, "given", recorded.recorded_at)
    assert (again.proof, again.unproven) == (None, "awaiting_checkpoint")


async def test_promise_9_a_receipt_is_proven_to_stand_in_the_signed_log(company: Company) -> None:
    answer = await company.gives(ANA)
    await company.withdraws(ANA)
    receipt = await proven(company, answer.receipt_id)
    found = verdict(company, read(saved(receipt)))
    assert found.parts == dict.fromkeys(Part, True)
    assert found.content == receipt.content


async def test_promise_9_of_several_people_every_entry_is_proven(company: Company) -> None:
    for card in ("loyalty:ML1", "loyalty:ML2"):
        await company.gives(BOTH, card, channel="phone", purpose="promotions")
    answer = await company.says("refused", BOTH, channel="phone", purpose="promotions")
    receipt = await proven(company, answer.receipt_id)
    assert receipt.proof is not None
    assert len(receipt.proof.entries) == 2
    assert verdict(company, read(saved(receipt))).holds
    swapped = receipt.proof.entries[::-1]
    forged = msgspec.structs.replace(receipt, proof=msgspec.structs.replace(receipt.proof, entries=swapped))
    assert verdict(company, read(saved(forged))).parts[Part.INCLUSION] is False


async def test_promise_9_the_proof_of_another_receipt_proves_nothing(company: Company) -> None:
    mine, other = await company.gives(ANA), await company.gives("email:bruno@exemple.fr")
    receipt, foreign = await proven(company, mine.receipt_id), await told(company, other.receipt_id)
    assert receipt.proof is not None
    assert foreign.proof is not None
    # Under the same checkpoint: that its path leads there is not what gives it away.
    assert receipt.proof.checkpoint == foreign.proof.checkpoint
    borrowed = msgspec.structs.replace(foreign.proof.entries[0], entry_id=receipt.content.events[0].entry_id)
    for entries in (foreign.proof.entries, (borrowed,), (), receipt.proof.entries * 2):
        proof = msgspec.structs.replace(receipt.proof, entries=entries)
        parts = verdict(company, read(saved(msgspec.structs.replace(receipt, proof=proof)))).parts
        assert parts == dict.fromkeys(Part, True) | {Part.INCLUSION: False}


@pytest.mark.parametrize("member", ["event_id", "subject_id", "recorded_at"])
async def test_promise_9_a_choice_that_its_entry_did_not_write_is_not_proven(
    company: Company, member: str
) -> None:
    """Even where whoever holds the keys signs it: the log says otherwise."""
    receipt = await proven(company, (await company.gives(ANA)).receipt_id)
    (line,) = receipt.content.events
    other = {"event_id": uuid4(), "subject_id": uuid4(), "recorded_at": "2026-11-18T10:00:00Z"}
    changed = msgspec.structs.replace(line, **{member: other[member]})
    content = msgspec.structs.replace(receipt.content, events=(changed,))
    payload = canonical(msgspec.to_builtins(content))
    signed = sign_document(company.keyring.signer("receipt"), payload, "consent-receipt+jws")
    forged = msgspec.structs.replace(receipt, content=content, receipt=signed)
    parts = verdict(company, read(saved(forged))).parts
    assert parts == dict.fromkeys(Part, True) | {Part.INCLUSION: False}


async def test_promise_9_an_entry_that_others_would_read_differently_proves_nothing(company: Company) -> None:
    """A name that comes twice: some take the first, some the last. Even under the log's own signature."""
    receipt = await proven(company, (await company.gives(ANA)).receipt_id)
    assert receipt.proof is not None
    (entry,) = receipt.proof.entries
    for spelled, holds in ((entry.entry, True), (entry.entry.replace("{", '{"table":"x",', 1), False)):
        leaf = leaf_hash(spelled.encode())
        origin = receipt.proof.checkpoint.split("\n")[0]
        note = sign(Checkpoint(origin, 1, leaf), company.keyring.signer("log"))
        alone = msgspec.structs.replace(
            entry, entry=spelled, index=0, size=1, leaf=base64.b64encode(leaf).decode(), path=()
        )
        forged = msgspec.structs.replace(receipt, proof=ReceiptProof(note, (alone,)))
        assert verdict(company, read(saved(forged))).parts[Part.INCLUSION] is holds


async def test_promise_9_a_checkpoint_of_another_key_proves_nothing(company: Company) -> None:
    receipt = await proven(company, (await company.gives(ANA)).receipt_id)
    assert receipt.proof is not None
    origin, size, root, *_ = receipt.proof.checkpoint.split("\n")
    forged = sign(Checkpoint(origin, int(size), base64.b64decode(root)), company.keyring.signer("token"))
    proof = msgspec.structs.replace(receipt.proof, checkpoint=forged)
    parts = verdict(company, read(saved(msgspec.structs.replace(receipt, proof=proof)))).parts
    assert (parts[Part.CHECKPOINT], parts[Part.INCLUSION]) == (False, False)


async def test_promise_9_a_receipt_signed_by_the_key_of_tokens_is_none(company: Company) -> None:
    """Keys of tokens are published beside those of receipts: what tells them apart is what was signed."""
    receipt = await told(company, (await company.gives(ANA)).receipt_id)
    payload = canonical(msgspec.to_builtins(receipt.content))
    as_a_token = sign_document(company.keyring.signer("receipt"), payload, "at+jwt")
    assert verdict(company, Given(as_a_token)).content is None
    genuine = sign_document(company.keyring.signer("receipt"), payload, "consent-receipt+jws")
    assert genuine == receipt.receipt


async def test_a_receipt_of_a_hundred_choices_is_given_again_and_verifies(company: Company) -> None:
    many = [yes("newsletter", "email", company.at(), source_event_id=f"n{n}") for n in range(100)]
    _, answer = await company.send((ANA,), *many)
    receipt = await proven(company, answer.receipt_id)
    assert len(receipt.receipt) > 16 * 1024
    assert verdict(company, read(saved(receipt))).holds
    assert verdict(company, read(saved(answer))).parts == {Part.SIGNATURE: True, Part.CONTENT: True}


async def test_the_answer_of_a_recording_and_the_bare_document_verify_too(company: Company) -> None:
    _, answer = await company.send(
        (ANA,),
        yes("newsletter", "email", company.at(), source_event_id="n1"),
        event("promotions", "email", state="refused"),
    )
    assert verdict(company, read(saved(answer))).parts == {Part.SIGNATURE: True, Part.CONTENT: True}
    assert verdict(company, read(answer.receipt.encode())).parts == {Part.SIGNATURE: True}
    # One choice reported before, one new: the receipt is about the new one.
    mixed = (yes("newsletter", "email", answer.events[0].occurred_at, source_event_id="n1"),)
    _, second = await company.send((ANA,), *mixed, event("newsletter", "push", state="refused"))
    assert [one.duplicate for one in second.events] == [True, False]
    assert verdict(company, read(saved(second))).holds
    lied = msgspec.structs.replace(second.events[1], state="given")
    forged = msgspec.structs.replace(second, events=(second.events[0], lied))
    assert verdict(company, read(saved(forged))).parts[Part.CONTENT] is False
    left_out = msgspec.structs.replace(second, events=second.events[:1])
    assert verdict(company, read(saved(left_out))).parts[Part.CONTENT] is False


async def test_promise_13_unknown_foreign_and_erased_receipts_are_the_same_404(company: Company) -> None:
    await company.add_system("mailing", purposes=["newsletter"], channels=["email"])
    _, answer = await company.send(
        (ANA,), yes("newsletter", "email", company.at()), event("promotions", "email", state="refused")
    )
    objected = await company.objects("email:bruno@exemple.fr")
    refusals = []

    async def not_found(batch: UUID, by: str) -> None:
        with pytest.raises(NotFound) as caught:
            await told(company, batch, by)
        refusals.append((caught.value.code, caught.value.message, caught.value.errors))
        with pytest.raises(NotFound) as caught:
            await company.consent.linked_receipt(company.systems[by], batch)
        refusals.append((caught.value.code, caught.value.message, caught.value.errors))

    await told(company, answer.receipt_id)
    await not_found(uuid4(), "till")
    await not_found(answer.receipt_id, "mailing")
    await not_found(objected.receipt_id, "till")
    await company.erase(ANA)
    await not_found(answer.receipt_id, "till")
    assert len(set(map(str, refusals))) == 1
    within = await company.gives("email:bruno@exemple.fr")
    assert (await told(company, within.receipt_id, "mailing")).receipt == within.receipt


async def test_promise_13_where_one_of_several_people_was_erased_the_receipt_is_gone(
    company: Company,
) -> None:
    """What is left of it would not be what was signed."""
    for card in ("loyalty:ML1", "loyalty:ML2"):
        await company.gives(BOTH, card, channel="phone", purpose="promotions")
    answer = await company.says("refused", BOTH, channel="phone", purpose="promotions")
    assert len((await told(company, answer.receipt_id)).content.events) == 2
    await company.erase("loyalty:ML1")
    with pytest.raises(NotFound):
        await told(company, answer.receipt_id)


async def test_promise_5_a_revoked_system_is_told_nothing(company: Company) -> None:
    answer = await company.gives(ANA)
    await company.revoke("till")
    with pytest.raises(Unauthenticated):
        await told(company, answer.receipt_id)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[1]", "not_json"),
        (b"a.b", "not_json"),
        (b"{}", "not_a_receipt"),
        (b'{"receipt": "a.b.c"}', "not_a_receipt"),
        (b'{"@context": {}, "@type": "dpv:ConsentReceipt"}', "linked_data"),
    ],
)
def test_what_is_no_receipt_is_told_apart(content: bytes, code: str) -> None:
    with pytest.raises(OperatorError) as caught:
        read(content)
    assert caught.value.code == code


async def test_a_file_with_a_member_more_or_in_another_spelling_is_no_receipt(company: Company) -> None:
    receipt = msgspec.to_builtins(await proven(company, (await company.gives(ANA)).receipt_id))
    twice = saved(receipt).replace(b'"unproven"', b'"unproven":null,"unproven"')
    for changed in (
        saved(receipt | {"note": "seen by me"}),
        saved(receipt | {"receipt_id": receipt["receipt_id"].upper()}),
        saved(receipt | {"unproven": "awaiting_checkpoint"}),
        saved(receipt | {"proof": None}),
        twice,
    ):
        with pytest.raises(OperatorError):
            read(changed)
