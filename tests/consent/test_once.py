"""Promise 2: one effect per system's own event id, for ever, and one per Idempotency-Key; and its receipt."""

import msgspec
import pytest
import sqlalchemy as sa

from consentd.consent.answers import RECEIPT_TYPE
from consentd.crypto.jws import by_kid, jwks, verify_document
from consentd.db.tables.consent import consent_events
from consentd.db.tables.log import log_entries
from consentd.kernel.errors import Conflict, Tampered, Unauthenticated, Unprocessable
from support.builders import Company, repeat_of
from support.builders_requests import consents, event, fact, objection, subject, yes

ANA = "email:ana@exemple.fr"


async def rows(company: Company, table: sa.Table) -> int:
    return await company.database.read(
        lambda connection: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    )


async def test_promise_2_an_event_reported_again_has_the_same_ids_and_no_effect(company: Company) -> None:
    said = yes("newsletter", "email", company.at(), source_event_id="till-1")
    status, first = await company.send((ANA,), said)
    entries = await rows(company, log_entries)
    company.clock.move(days=400)
    again, second = await company.send((ANA,), said)
    assert (status, again) == (201, 200)
    assert [one.id for one in first.events] == [one.id for one in second.events]
    assert (second.receipt_id, second.subject_id) == (first.receipt_id, first.subject_id)
    assert [one.duplicate for one in first.events + second.events] == [False, True]
    assert await rows(company, log_entries) == entries


async def test_promise_2_other_content_under_the_same_event_id_is_a_conflict(company: Company) -> None:
    said = yes("newsletter", "email", company.at(), source_event_id="till-1")
    await company.send((ANA,), said)
    for who, other in (
        (ANA, msgspec.structs.replace(said, state="withdrawn")),
        (ANA, msgspec.structs.replace(said, collector="till 4")),
        ("email:bruno@exemple.fr", said),
    ):
        with pytest.raises(Conflict) as conflict:
            await company.send((who,), other)
        assert conflict.value.code == "source_event_conflict"
    assert await rows(company, consent_events) == 1
    assert not await company.people("email:bruno@exemple.fr")


async def test_promise_2_event_ids_belong_to_their_system(company: Company) -> None:
    await company.add_system("webshop")
    said = yes("newsletter", "email", company.at(), source_event_id="1")
    first = await company.send((ANA,), said)
    second = await company.send((ANA,), said, by="webshop")
    assert (first[0], second[0]) == (201, 201)
    assert first[1].events[0].id != second[1].events[0].id


async def test_promise_2_of_old_and_new_events_only_the_new_are_recorded(company: Company) -> None:
    old = yes("newsletter", "email", company.at(), source_event_id="1")
    new = event("promotions", "email", state="refused", source_event_id="2")
    await company.send((ANA,), old)
    status, answer = await company.send((ANA,), old, new)
    assert (status, [one.duplicate for one in answer.events]) == (201, [True, False])
    assert await rows(company, consent_events) == 2
    await company.verify_everything()


async def test_promise_2_an_old_yes_told_again_does_not_undo_a_withdrawal(company: Company) -> None:
    said = yes("newsletter", "email", company.at(), source_event_id="1")
    await company.send((ANA,), said)
    await company.withdraws(ANA)
    await company.send((ANA,), said)
    assert await company.why(ANA) == "withdrawn"


async def test_promise_2_an_event_told_again_about_somebody_erased_does_not_bring_them_back(
    company: Company,
) -> None:
    said = yes("newsletter", "email", company.at(), source_event_id="1")
    await company.send((ANA,), said)
    await company.erase(ANA)
    _, again = await company.send((ANA,), said)
    assert [one.duplicate for one in again.events] == [True]
    assert not again.states
    assert not await company.people(ANA)
    await company.verify_everything()


async def test_promise_2_a_repeated_call_gets_its_answer_rebuilt_equal(company: Company) -> None:
    who, repeat = subject(ANA, "loyalty:77"), repeat_of(company, "k1")
    request = consents(
        who,
        yes("newsletter", "email", company.at(), evidence={"form": "7"}),
        event("promotions", "email", state="refused"),
        yes("promotions", "sms", company.at(), notice=None, on_incomplete="keep_as_claim"),
    )
    till = company.systems["till"]
    status, first = await company.consent.record(till, request, repeat)
    again, second = await company.consent.record(till, request, repeat)
    assert (status, again) == (201, 201)
    assert msgspec.structs.replace(first, states=()) == msgspec.structs.replace(second, states=())
    assert set(first.states) == set(second.states)
    assert await rows(company, consent_events) == 3


async def test_promise_2_a_repeated_objection_and_fact_get_their_answers_again(company: Company) -> None:
    till = company.systems["till"]
    objecting = objection(subject(ANA), purposes=("newsletter", "promotions"), channels=("email",))
    repeat = repeat_of(company, "k1", route="POST /v1/objections")
    assert await company.consent.object(till, objecting, repeat) == await company.consent.object(
        till, objecting, repeat
    )
    sale = fact(subject(ANA), "sale", occurred_at=company.at())
    repeat = repeat_of(company, "k1", route="POST /v1/facts")
    assert await company.consent.record_facts(till, sale, repeat) == await company.consent.record_facts(
        till, sale, repeat
    )


async def test_promise_2_a_key_used_for_another_body_does_nothing(company: Company) -> None:
    till, request = company.systems["till"], consents(subject(ANA), yes("newsletter", "email", company.at()))
    await company.consent.record(till, request, repeat_of(company, "k1", b"one"))
    with pytest.raises(Unprocessable) as refusal:
        await company.consent.record(till, request, repeat_of(company, "k1", b"other"))
    assert refusal.value.code == "idempotency_key_reused"
    assert await rows(company, consent_events) == 1


async def test_promise_2_a_refused_call_is_not_remembered(company: Company) -> None:
    till, repeat = company.systems["till"], repeat_of(company, "k1")
    bad = consents(subject(ANA), yes("newsletter", "email", company.at(), method="silence"))
    with pytest.raises(Unprocessable):
        await company.consent.record(till, bad, repeat)
    good = consents(subject(ANA), yes("newsletter", "email", company.at()))
    assert (await company.consent.record(till, good, repeat))[0] == 201


async def test_promise_5_a_revoked_system_records_nothing_more(company: Company) -> None:
    await company.revoke("till")
    with pytest.raises(Unauthenticated):
        await company.gives(ANA)
    assert not await company.people(ANA)


async def test_a_receipt_verifies_against_the_published_keys_and_names_nobody(company: Company) -> None:
    answer = await company.gives(ANA, "loyalty:carte-violette", evidence={"wording": "yes, please"})
    keys = company.keyring.public_keys("receipt")
    content = msgspec.json.decode(verify_document(by_kid(keys), answer.receipt, RECEIPT_TYPE))
    assert {key["kid"] for key in jwks(keys)["keys"]} == {key.kid for key in keys}
    (line,) = content["events"]
    assert content["receipt_id"] == str(answer.receipt_id)
    assert line["event_id"] == str(answer.events[0].id)
    assert line["notice"]["sha256"]
    assert (line["state"], line["purpose"], line["channel"]) == ("given", "newsletter", "email")
    assert not any(word in str(content) for word in ("ana@", "exemple", "violette", "please"))


async def test_a_receipt_that_was_altered_does_not_verify(company: Company) -> None:
    receipt = (await company.gives(ANA)).receipt
    keys = by_kid(company.keyring.public_keys("receipt"))
    head, body, signature = receipt.split(".")
    swapped = body[:-2] + ("A" if body[-2] != "A" else "B") + body[-1]
    for forged in (f"{head}.{swapped}.{signature}", f"{head}.{body}.{signature[::-1]}"):
        with pytest.raises(Tampered):
            verify_document(keys, forged, RECEIPT_TYPE)
