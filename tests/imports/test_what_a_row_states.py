"""Rows become what the API would have been told: choices with their proof, objections, facts, attempts."""

import pytest

from support.builders import Company
from support.imports import import_rows

CARD = {
    "carte": "ML100028",
    "nom": "AUGER",
    "prenom": "Colette",
    "naissance": "11/12/1958",
    "courriel": "colette.auger@exemple.fr",
    "telephone": "07.53.88.62.71",
    "date_adhesion": "17/03/2026",
    "accord_email": "O",
    "accord_sms": "N",
    "accord_tel": "N",
    "accord_courrier": "O",
    "preuve": "BULLETIN-ML100028",
    "boutique": "Annecy",
}
SUBSCRIBER = {
    "Email Address": "lou.garnier@exemple.fr",
    "OPTIN_TIME": "2026-02-18 19:48:00",
    "OPTIN_IP": "198.51.100.53",
    "CONFIRM_TIME": "2026-02-19 03:32:00",
    "CONFIRM_IP": "198.51.100.53",
}
LOU = "email:lou.garnier@exemple.fr"


async def test_a_confirmed_subscription_is_a_proven_consent(company: Company) -> None:
    await import_rows(company, "mailing", "subscribed", SUBSCRIBER)
    answer = await company.check(LOU)
    assert answer.allow
    assert (answer.reasons[0].code, answer.basis) == ("consent_given", "consent")
    await company.verify_everything()


async def test_an_address_that_was_only_typed_in_is_a_claim(local: Company) -> None:
    row = SUBSCRIBER | {"CONFIRM_TIME": "", "CONFIRM_IP": ""}
    found = await import_rows(local, "mailing", "subscribed", row)
    assert found.states == ["unknown"]
    assert await local.why(LOU) == "unproven"


async def test_a_signed_form_proves_and_a_yes_without_one_does_not(local: Company) -> None:
    await import_rows(
        local, "till", "loyalty", CARD, CARD | {"carte": "ML2", "courriel": "b@exemple.fr", "preuve": ""}
    )
    assert await local.allows("email:colette.auger@exemple.fr")
    assert await local.why("email:b@exemple.fr") == "unproven"
    assert await local.why("phone:+33753886271", purpose="promotions", channel="sms") == "refused"


async def test_an_unsubscription_withdraws_and_a_complaint_objects(local: Company) -> None:
    left = {"Email Address": "lou.garnier@exemple.fr", "UNSUB_TIME": "2026-03-01 10:00:00"}
    await import_rows(local, "mailing", "subscribed", SUBSCRIBER)
    await import_rows(local, "mailing", "unsubscribed", left | {"UNSUB_REASON": "NORMAL"})
    assert await local.why(LOU) == "withdrawn"
    await import_rows(local, "mailing", "unsubscribed", left | {"UNSUB_REASON": "SPAM"})
    assert await local.why(LOU, purpose="promotions") == "objected"


async def test_a_bounce_is_a_fact_and_no_word_about_consent(local: Company) -> None:
    await import_rows(local, "mailing", "subscribed", SUBSCRIBER)
    found = await import_rows(
        local,
        "mailing",
        "cleaned",
        {"Email Address": "Lou.Garnier@Exemple.fr", "CLEAN_TIME": "2026-04-01 08:00:00"},
    )
    assert found.states == []
    assert await local.why(LOU) == "unreachable"


async def test_a_ticked_box_without_time_or_proof_is_a_claim_and_an_empty_one_is_nothing(
    local: Company,
) -> None:
    shop = {"Customer ID": "'6001", "Email": "a@exemple.fr", "Accepts Email Marketing": "yes"}
    other = {"Customer ID": "'6002", "Email": "b@exemple.fr", "Accepts Email Marketing": "no"}
    found = await import_rows(local, "webshop", "customers", shop, other)
    assert found.states == ["unknown"]
    assert await local.why("email:a@exemple.fr") == "unproven"
    assert await local.why("email:b@exemple.fr") == "no_consent"


async def test_a_sale_of_an_export_opens_no_soft_opt_in(local: Company) -> None:
    row = {"Customer ID": "'6001", "Email": "a@exemple.fr", "Total Orders": "5"}
    await import_rows(local, "webshop", "customers", row)
    answer = await local.check("email:a@exemple.fr", purpose="promotions")
    assert not answer.eligible


async def test_an_opt_out_without_a_time_counts_from_the_export(local: Company) -> None:
    await import_rows(local, "mailing", "subscribed", SUBSCRIBER)
    row = {"Record ID": "50039", "Email": "lou.garnier@exemple.fr"}
    opted = {"Opted out of email: Marketing Information": "true"}
    await import_rows(local, "crm", "contacts", row | opted)
    assert await local.why(LOU) == "withdrawn"


@pytest.mark.parametrize("basis", ["Legitimate interest – existing customer", "Performance of a contract"])
async def test_another_legal_basis_is_no_consent(local: Company, basis: str) -> None:
    row = {"Record ID": "5", "Email": "a@exemple.fr", "Create Date": "2026-01-01 10:00"}
    found = await import_rows(
        local, "crm", "contacts", row | {"Legal basis for processing contact's data": basis}
    )
    assert found.states == []


async def test_a_call_is_an_attempt_and_a_refusal_silences(local: Company) -> None:
    call = {"numero": "0624686501", "date_heure": "10/11/2026 15:55", "agent": "agent-c"}
    await import_rows(local, "phone-sales", "calls", call | {"issue": "refus"}, exported_at="2026-11-15")
    assert await local.why("phone:0624686501", purpose="promotions", channel="phone") in (
        "refused",
        "withdrawn",
    )


async def test_the_yes_of_a_child_is_a_claim_though_the_birth_date_stands_in_the_same_row(
    local: Company,
) -> None:
    found = await import_rows(local, "till", "loyalty", CARD | {"naissance": "01/09/2011"})
    assert set(found.states) == {"unknown", "refused"}
