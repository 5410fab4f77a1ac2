"""docs/law.md 6, 13 to 15, 21: facts, and what a decision makes of them."""

from consentd.kernel.instants import MINUTE, Instant, to_text
from support.builders import Company, days_ago, refused

ANA = "email:ana@exemple.fr"
PHONE = "phone:+33624686501"
OFFERS = {"purpose": "promotions"}
CALLS = {"purpose": "promotions", "channel": "phone"}
SALE = {"product": "skincare", "refusal_offered": True, "address_from_person": True, "contact_point": ANA}


async def test_a_sale_with_all_its_evidence_is_a_soft_opt_in(company: Company) -> None:
    await company.told("sale", ANA, occurred_at=days_ago(company.clock, 3), **SALE)
    answer = await company.check(ANA, **OFFERS)
    assert (answer.allow, answer.basis) == (True, "eprivacy_13_2")


async def test_a_sale_that_lacks_any_of_its_evidence_is_none(company: Company) -> None:
    lacking = [
        ("other_products", {"product": "furniture"}),
        ("refusal_not_offered", {"refusal_offered": False}),
        ("address_not_from_person", {"address_from_person": False}),
        ("other_address", {"contact_point": "email:ana@bureau.example"}),
    ]
    for number, (reason, other) in enumerate(lacking):
        who = f"email:client{number}@exemple.fr"
        said = SALE | {"contact_point": who} | other
        await company.told("sale", who, f"loyalty:{number}", occurred_at="2026-11-10", **said)
        answer = await company.check(who, **OFFERS)
        assert not answer.allow
        assert reason in [one.code for one in answer.reasons]
    assert await company.why(ANA, **OFFERS) == "unknown_person"


async def test_an_account_alone_is_no_sale(company: Company) -> None:
    await company.told("last_contact", ANA, "shopify:12", occurred_at="2026-11-10")
    answer = await company.check(ANA, **OFFERS)
    assert "no_sale" in [one.code for one in answer.reasons]


async def test_a_refusal_ends_the_soft_opt_in(company: Company) -> None:
    await company.told("sale", ANA, occurred_at=days_ago(company.clock, 3), **SALE)
    await company.says("refused", ANA, **OFFERS)
    assert await company.why(ANA, **OFFERS) == "refused"


async def test_a_soft_opt_in_ends_three_years_after_the_last_sign_of_the_person(company: Company) -> None:
    await company.told("sale", ANA, occurred_at="2023-11-18", **SALE)
    assert "inactive" in [one.code for one in (await company.check(ANA, **OFFERS)).reasons]
    await company.told("last_contact", ANA, occurred_at="2026-01-01")
    assert await company.allows(ANA, **OFFERS)


async def test_a_contract_in_progress_carries_calls_about_it_until_it_ends(company: Company) -> None:
    ends = to_text(Instant(company.clock.now + 30 * MINUTE))
    contract = {"start": "2026-01-01", "end": ends, "subject_matter": "fragrance_subscription"}
    await company.told("contract", PHONE, **contract)
    answer = await company.check(PHONE, **CALLS)
    assert (answer.basis, answer.valid_until) == ("contract", ends)
    company.clock.move(minutes=31)
    assert await company.why(PHONE, **CALLS) != "contract_in_progress"
    assert not await company.allows(PHONE, **CALLS)


async def test_a_contract_about_something_else_carries_nothing(company: Company) -> None:
    await company.told("contract", PHONE, start="2026-01-01", subject_matter="diffuser_maintenance")
    assert not await company.allows(PHONE, **CALLS)
    assert await company.allows(PHONE, purpose="after_sales", channel="phone")


async def test_a_contract_told_again_without_an_end_is_not_reopened(company: Company) -> None:
    contract = {"start": "2026-01-01", "subject_matter": "fragrance_subscription"}
    await company.told("contract", PHONE, **contract, end="2026-11-01")
    await company.told("contract", PHONE, **contract)
    assert not await company.allows(PHONE, **CALLS)


async def test_a_birth_date_told_after_a_yes_denies_at_once(company: Company) -> None:
    await company.gives(ANA)
    await company.told("birth_date", ANA, value="2013-05-04")
    assert await company.why(ANA) == "under_age"


async def test_of_two_birth_dates_the_youngest_counts(company: Company) -> None:
    await company.gives(ANA)
    await company.told("birth_date", ANA, value="1980-05-04")
    await company.told("birth_date", ANA, value="2013-05-04")
    assert await company.why(ANA) == "under_age"


async def test_a_professional_address_may_be_written_to_until_its_holder_objects(company: Company) -> None:
    await company.says("requested", ANA)
    assert not await company.allows(ANA, **OFFERS)
    await company.told("professional", ANA, contact_point=ANA)
    assert (await company.check(ANA, **OFFERS)).basis == "legitimate_interest"
    await company.objects(ANA)
    assert await company.why(ANA, **OFFERS) == "objected"


async def test_a_detail_that_bounces_is_not_used_until_it_works_again(company: Company) -> None:
    await company.gives(ANA)
    await company.told("unreachable", ANA, occurred_at=company.at(), contact_point=ANA)
    assert await company.why(ANA) == "unreachable"
    await company.told("unreachable", ANA, occurred_at=company.at(), contact_point=ANA, unreachable=False)
    assert await company.allows(ANA)


async def test_facts_that_cannot_be_are_refused(company: Company) -> None:
    with refused("invalid_fact"):
        await company.told("sale", ANA, occurred_at="2026-11-19")
    with refused("invalid_fact"):
        await company.told("birth_date", ANA, value="2013-02-30")
    with refused("invalid_fact"):
        await company.told("birth_date", ANA, value="1813-02-01")
    with refused("invalid_fact"):
        await company.told("contract", ANA, start="2026-11-10", end="2026-11-01", subject_matter="x")
    assert not await company.people(ANA)


async def test_a_fact_about_nobody_certain_is_refused(company: Company) -> None:
    await company.gives("loyalty:1", "phone:0472000000")
    await company.gives("loyalty:2", "phone:0472000000")
    with refused("ambiguous_subject"):
        await company.told("birth_date", "phone:0472000000", value="1980-01-01")


async def test_facts_are_told_once(company: Company) -> None:
    sale = {"occurred_at": days_ago(company.clock, 3), "source_event_id": "s-1"} | SALE
    first = await company.told("sale", ANA, **sale)
    second = await company.told("sale", ANA, **sale)
    assert [one.duplicate for one in first.facts + second.facts] == [False, True]
    assert first.facts[0].id == second.facts[0].id
    await company.verify_everything()
