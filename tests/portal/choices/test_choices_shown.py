"""What the page of choices tells, on both databases."""

import pytest

from consentd.kernel.instants import to_text
from consentd.portal.choices.model import Breadth, Control, Why
from consentd.portal.reach import Reach
from consentd.portal.sessions import NeedsMore, SessionOver
from support.builders import Company
from support.choosing import Choosing

ANA = "email:ana@exemple.fr"
PHONE = "phone:+33624686501"
HOME = "phone:+33472000000"


async def test_a_consent_is_told_with_its_day_its_place_and_how(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA, PHONE, method="signed_form", collection_point="Boutique de Lyon")
    session = await choosing.session(ANA)
    shown = await choosing.looks(session)
    cell = shown.grid.cell("newsletter", "email")
    assert cell is not None
    (part,) = cell.parts
    assert (part.allowed, part.why.code, part.control) == (True, "consent_given", Control.STOP)
    assert part.why.event is not None
    assert part.why.since is not None
    how = shown.hows[part.why.event]
    assert (how.method, how.place) == ("signed_form", "Boutique de Lyon")


async def test_nothing_is_allowed_by_default_and_everything_says_why(
    company: Company, choosing: Choosing
) -> None:
    await company.withdraws(ANA, purpose="open_tracking")
    session = await choosing.session(ANA)
    shown = await choosing.looks(session)
    said = {(one.purpose, one.channel): one.parts[0] for one in shown.grid.cells}
    assert said["newsletter", "email"].why == Why("no_consent")
    assert said["newsletter", "email"].control is Control.AGREE
    assert said["open_tracking", "email"].why.code == "withdrawn"
    assert said["orders", "email"].why == Why("contract")
    assert said["orders", "email"].control is Control.NONE
    assert said["product_recall", "email"].why == Why("legal_obligation")
    assert said["product_recall", "email"].control is Control.NONE
    assert said["customer_research", "email"].why == Why("legitimate_interest")
    assert said["customer_research", "email"].control is Control.STOP
    assert said["club_enfants", "email"].why == Why("age_unknown")
    assert said["club_enfants", "email"].control is Control.NONE
    assert said["energy_renovation", "email"].why.code == "sector_ban"
    assert said["energy_renovation", "email"].control is Control.NONE
    assert said["promotions", "post"].why == Why("no_contact_point")
    assert said["promotions", "phone"].why == Why("no_contact_point")
    assert said["promotions", "in_store"].control is Control.STOP


async def test_contact_methods_without_a_contact_detail_come_last(
    company: Company, choosing: Choosing
) -> None:
    await company.withdraws(ANA, purpose="promotions", channel="social")
    shown = await choosing.looks(await choosing.session(ANA))
    # They can be reached by mail and in the shop, and once said no to social networks.
    assert set(shown.grid.near) == {"email", "social", "in_store"}
    assert set(shown.grid.far) == {"sms", "phone", "post", "push"}


async def test_two_addresses_that_stand_alike_are_one_and_else_two(
    company: Company, choosing: Choosing
) -> None:
    other = "email:ana.diaz@autre.example"
    await company.gives(ANA, other)
    session = await choosing.session(ANA)
    part = await choosing.part(session, "newsletter", "email")
    assert (len(part.points), part.whole, part.allowed) == (2, True, True)
    await company.withdraws(ANA, contact_point=other)
    no = await choosing.part(session, "newsletter", "email", "a•••@autre.example")
    yes = await choosing.part(session, "newsletter", "email", "a•••@exemple.fr")
    assert (no.allowed, no.why.code, no.control) == (False, "withdrawn", Control.AGREE)
    assert (yes.allowed, yes.whole, yes.control) == (True, False, Control.STOP)


async def test_a_customer_hears_of_similar_products_until_they_object(
    company: Company, choosing: Choosing
) -> None:
    await company.told(
        "sale",
        ANA,
        occurred_at=company.at(),
        product="skincare",
        refusal_offered=True,
        address_from_person=True,
        contact_point=ANA,
    )
    part = await choosing.part(await choosing.session(ANA), "promotions", "email")
    assert (part.allowed, part.why, part.control) == (True, Why("soft_opt_in"), Control.STOP)


async def test_an_objection_is_told_with_how_far_it_goes(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA, PHONE)
    session = await choosing.session(ANA)
    await company.objects(ANA, purposes=("promotions",), channels=("in_store",))
    assert (await choosing.part(session, "promotions", "in_store")).why.breadth is Breadth.PURPOSE
    await company.objects(ANA, channels=("email",))
    part = await choosing.part(session, "newsletter", "email")
    assert (part.allowed, part.why.code, part.why.breadth) == (False, "objected", Breadth.CHANNEL)
    assert part.control is Control.AGREE
    await company.objects(ANA)
    part = await choosing.part(session, "promotions", "in_store")
    assert part.why.code == "objected"
    assert part.why.since is not None
    # Nothing there ever rested on a consent: the same button allows it again, and needs no text.
    assert part.control is Control.AGREE


async def test_what_the_law_forbids_is_not_to_be_had_by_taking_an_objection_back(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(ANA)
    await company.objects(ANA)
    part = await choosing.part(await choosing.session(ANA), "energy_renovation", "email")
    assert (part.allowed, part.why, part.control) == (False, Why("sector_ban"), Control.NONE)


async def test_a_consent_that_ran_out_says_when(company: Company, choosing: Choosing) -> None:
    long_ago = to_text(company.clock.now - 400 * 24 * 3600 * 10**6)
    await company.gives(ANA, purpose="open_tracking", at=long_ago)
    part = await choosing.part(await choosing.session(ANA), "open_tracking", "email")
    assert (part.why.code, part.why.months, part.control) == ("expired", 12, Control.AGREE)
    assert part.why.since is not None
    assert part.why.until is not None
    assert part.why.since < part.why.until < company.clock.now


async def test_a_claim_and_an_old_text_allow_nothing(company: Company, choosing: Choosing) -> None:
    await company.claims(ANA)
    session = await choosing.session(ANA)
    part = await choosing.part(session, "newsletter", "email")
    assert (part.allowed, part.why.code, part.control) == (False, "unproven", Control.AGREE)


async def test_a_consent_to_be_confirmed_can_be_stopped(company: Company, choosing: Choosing) -> None:
    await company.says("requested", ANA, contact_point=ANA)
    session = await choosing.session(ANA)
    part = await choosing.part(session, "newsletter", "email")
    assert (part.allowed, part.why.code, part.control) == (False, "requested", Control.STOP)
    await choosing.presses(session, "newsletter", "email", Control.STOP)
    part = await choosing.part(session, "newsletter", "email")
    assert (part.why.code, part.control) == ("withdrawn", Control.AGREE)


async def test_what_a_housemate_chose_is_not_told(company: Company, choosing: Choosing) -> None:
    await company.gives(
        ANA,
        HOME,
        "customer:C1",
        purpose="promotions",
        channel="phone",
        notice=None,
        on_incomplete="keep_as_claim",
    )
    await company.gives("email:bruno@exemple.fr", HOME, "customer:C2")
    session = await choosing.session(ANA)
    await choosing.presses(session, "promotions", "phone", Control.AGREE)
    part = await choosing.part(session, "promotions", "phone")
    assert (part.allowed, part.why.code) == (True, "consent_given")
    await company.objects("email:bruno@exemple.fr")
    part = await choosing.part(session, "promotions", "phone")
    assert (part.allowed, part.why, part.control) == (False, Why("elsewhere"), Control.STOP)


async def test_a_child_cannot_agree_alone(company: Company, choosing: Choosing) -> None:
    await company.told("birth_date", ANA, value="2014-05-01")
    session = await choosing.session(ANA)
    for purpose in ("club_enfants", "newsletter"):
        part = await choosing.part(session, purpose, "email")
        assert (part.allowed, part.why.code, part.control) == (False, "under_age", Control.NONE)


async def test_whoever_shares_the_address_sees_no_choices(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA)
    session = await choosing.session(ANA, Reach.STOP)
    with pytest.raises(NeedsMore):
        await choosing.looks(session)


async def test_after_an_erasure_there_is_nobody(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA)
    session = await choosing.session(ANA)
    await company.erase(ANA)
    with pytest.raises(SessionOver):
        await choosing.looks(session)


async def test_promise_8_looking_is_logged_before_anything_is_shown(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(ANA)
    await choosing.looks(await choosing.session(ANA))
    assert (await company.actions())[-1] == "choices.read"
    await company.verify_everything()


async def test_a_refusal_of_today_counts_to_the_end_of_the_day(company: Company, choosing: Choosing) -> None:
    await company.withdraws(ANA, at="2026-11-18")
    session = await choosing.session(ANA)
    part = await choosing.part(session, "newsletter", "email")
    assert (part.why.code, part.control) == ("withdrawn", Control.NONE)
    assert part.opens is not None
    company.clock.now = part.opens
    session = await choosing.session(ANA)
    assert (await choosing.part(session, "newsletter", "email")).control is Control.AGREE
