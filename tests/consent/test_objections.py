"""An objection cannot be refused, applies at once and everywhere, and only the person lifts it."""

import pytest

from support.builders import Company, refused

ANA = "email:ana@exemple.fr"
PHONE = "phone:+33624686501"
POST = "postal:14 rue du Parfait Silence, Lyon"
MARKETING = [("newsletter", "email"), ("promotions", "email"), ("promotions", "sms"), ("promotions", "post")]
OWN_ACTS = ["portal", "double_opt_in", "signed_form", "recording"]


async def known(company: Company) -> None:
    """Somebody who may be contacted for everything."""
    for purpose, channel in MARKETING[:3]:
        await company.gives(ANA, PHONE, POST, purpose=purpose, channel=channel)
    for purpose, channel in MARKETING:
        assert await company.allows(ANA, PHONE, POST, purpose=purpose, channel=channel)


async def barred(company: Company) -> set[tuple[str, str]]:
    return {
        (purpose, channel)
        for purpose, channel in MARKETING
        if await company.why(ANA, PHONE, POST, purpose=purpose, channel=channel) == "objected"
    }


async def test_an_objection_ends_all_marketing_by_every_channel_at_once(company: Company) -> None:
    await known(company)
    await company.objects(ANA)
    assert await barred(company) == set(MARKETING)
    assert await company.why(ANA, purpose="open_tracking") == "objected"


async def test_messages_about_an_order_or_a_recall_pass(company: Company) -> None:
    await company.objects(ANA)
    assert await company.allows(ANA, purpose="orders")
    assert await company.allows(ANA, purpose="product_recall")
    assert await company.allows(ANA, purpose="customer_research")


async def test_an_objection_may_be_narrowed_by_the_person(company: Company) -> None:
    await known(company)
    await company.objects(ANA, purposes=("promotions",), channels=("email", "post"))
    assert await barred(company) == {("promotions", "email"), ("promotions", "post")}


async def test_an_objection_to_one_address_leaves_the_others(company: Company) -> None:
    other = "email:ana@bureau.example"
    await company.gives(ANA, other)
    await company.objects(ANA, contact_point=ANA)
    assert await company.why(ANA) == "objected"
    assert await company.allows(other)
    assert await company.why("loyalty:1", ANA) == "objected"


async def test_an_objection_on_other_grounds_takes_away_legitimate_interest_alone(company: Company) -> None:
    await company.gives(ANA, POST)
    await company.objects(ANA, ground="particular")
    assert await company.allows(ANA, POST)
    assert await company.why(ANA, POST, purpose="promotions", channel="post") == "objected"
    assert await company.why(ANA, POST, purpose="customer_research", channel="post") == "objected"


async def test_an_objection_on_other_grounds_to_one_purpose_ends_it_whatever_it_rests_on(
    company: Company,
) -> None:
    await company.gives(ANA)
    await company.objects(ANA, ground="particular", purposes=("newsletter",))
    assert await company.why(ANA) == "objected"


@pytest.mark.parametrize("method", OWN_ACTS)
async def test_a_later_act_of_the_persons_own_lifts_it_for_that_choice_alone(
    company: Company, method: str
) -> None:
    await known(company)
    await company.objects(ANA)
    await company.gives(ANA, method=method)
    assert await barred(company) == set(MARKETING) - {("newsletter", "email")}


async def test_nothing_less_than_an_act_of_their_own_lifts_it(company: Company) -> None:
    await company.objects(ANA)
    for method in ("checkbox", "button", "form", "spoken", "reply", "toggle"):
        await company.gives(ANA, method=method)
        assert await company.why(ANA) == "objected"
    await company.gives(ANA, state="renewed")
    await company.claims(ANA, method="portal")
    await company.add_system("crm")
    await company.gives(ANA, by="crm", method="form", collector="Mme Roux, service clients")
    assert await company.why(ANA) == "objected"


async def test_an_earlier_act_of_their_own_lifts_nothing_even_if_it_arrives_later(company: Company) -> None:
    at = company.at(10)
    await company.objects(ANA)
    await company.gives(ANA, at=at, method="portal")
    assert await company.why(ANA) == "objected"


async def test_an_act_at_the_very_instant_of_the_objection_does_not_lift_it(company: Company) -> None:
    at = company.at()
    await company.objects(ANA, at=at)
    await company.gives(ANA, at=at, method="portal")
    assert await company.why(ANA) == "objected"


async def test_a_no_that_names_an_address_is_lifted_there_alone(company: Company) -> None:
    await company.objects(ANA, contact_point=ANA)
    await company.gives(ANA, method="portal")
    assert await company.why(ANA) == "objected"
    await company.gives(ANA, method="portal", contact_point=ANA)
    assert await company.allows(ANA)


async def test_an_act_about_one_address_does_not_free_the_others(company: Company) -> None:
    other = "email:ana@bureau.example"
    await company.objects(ANA, other)
    await company.gives(ANA, other, method="portal", contact_point=ANA)
    assert await company.allows(ANA)
    assert await company.why(other) == "objected"
    assert await company.why("loyalty:1", ANA, other) == "objected"


async def test_who_objects_again_is_heard_again(company: Company) -> None:
    await company.objects(ANA)
    await company.gives(ANA, method="portal")
    await company.objects(ANA)
    assert await company.why(ANA) == "objected"


async def test_an_objection_known_to_the_day_holds_to_its_last_instant(company: Company) -> None:
    await company.objects(ANA, at="2026-11-10")
    await company.gives(ANA, at="2026-11-10T23:59:59+01:00", method="portal")
    assert await company.why(ANA) == "objected"


async def test_an_objection_survives_an_import_of_claims_and_a_new_address(company: Company) -> None:
    await company.objects(ANA, "loyalty:77")
    await company.claims(ANA, "loyalty:77")
    await company.gives("loyalty:77", "email:new@exemple.fr")
    assert await company.why("email:new@exemple.fr") == "objected"


async def test_somebody_unknown_may_object(company: Company) -> None:
    await company.objects(ANA)
    await company.gives(ANA)
    assert await company.why(ANA) == "objected"


async def test_what_an_objection_names_must_exist(company: Company) -> None:
    with refused("unknown_purpose"):
        await company.objects(ANA, purposes=("horoscope",))
    with refused("unknown_channel"):
        await company.objects(ANA, channels=("pigeon",))
    with refused("future_time"):
        await company.objects(ANA, at="2026-11-19")
    with refused("invalid_time"):
        await company.objects(ANA, at="2026-11-18T10:00:00")


async def test_a_system_limited_to_its_channel_can_pass_every_objection_on(company: Company) -> None:
    """It cannot be refused: whoever hears an objection must be able to report it."""
    await company.add_system("mailing", purposes=("newsletter",), channels=("email",))
    await company.objects(ANA, by="mailing")
    assert await company.why(ANA, purpose="promotions") == "objected"


async def test_promise_13_a_limited_system_is_told_the_objections_that_concern_it(company: Company) -> None:
    await company.add_system("mailing", purposes=("newsletter",), channels=("email",))
    await company.objects(ANA, purposes=("promotions",), channels=("phone",))
    await company.objects(ANA, channels=("sms",))
    await company.objects(ANA, purposes=("newsletter",))
    await company.objects(ANA)
    ana = await company.person(ANA)
    told = (await company.consent.consents(company.systems["mailing"], ana)).objections
    assert {(one.purpose, one.channel) for one in told} == {("newsletter", None), (None, None)}
    everything = (await company.consent.consents(company.systems["till"], ana)).objections
    assert len(everything) == 4


async def test_a_restriction_of_withdrawals_and_objections_reaches_the_stop_journal(company: Company) -> None:
    await company.withdraws(ANA)
    await company.objects(ANA)
    await company.gives(ANA)
    lines = (company.folder / "stop-journal.jsonl").read_text().splitlines()
    assert ['"withdrawn"' in line for line in lines] == [True, False]
    assert '"objected"' in lines[1]
    assert "ana" not in "".join(lines)
    await company.verify_everything()
