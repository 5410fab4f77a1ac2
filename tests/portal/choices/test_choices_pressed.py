"""Pressing the buttons of the page of choices, on both databases."""

from typing import Any

import pytest

from consentd.kernel.errors import Conflict, NotFound
from consentd.portal.choices.model import Control
from consentd.portal.choices.saving import Press
from consentd.portal.reach import Reach
from consentd.portal.sessions import NeedsMore
from support.builders import Company
from support.choosing import Choosing

ANA = "email:ana@exemple.fr"
OTHER = "email:ana.diaz@autre.example"
BRUNO = "email:bruno@exemple.fr"
PHONE = "phone:+33624686501"
AGREE, STOP = Control.AGREE, Control.STOP


async def test_promise_5_a_stop_counts_from_the_next_check_on(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA)
    session = await choosing.session(ANA)
    saved = await choosing.presses(session, "newsletter", "email", STOP)
    assert saved.receipt is not None
    assert await company.why(ANA) == "withdrawn"
    assert "choice.recorded" in await company.actions()
    await company.verify_everything()


async def test_an_agreement_counts_with_the_text_that_was_shown(company: Company, choosing: Choosing) -> None:
    await company.withdraws(ANA)
    session = await choosing.session(ANA)
    await choosing.presses(session, "newsletter", "email", AGREE)
    assert await company.allows(ANA)
    shown = await choosing.looks(session)
    cell = shown.grid.cell("newsletter", "email")
    assert cell is not None
    (part,) = cell.parts
    assert part.why.event is not None
    how = shown.hows[part.why.event]
    assert (how.method, how.place) == ("portal", "portal")
    await company.verify_everything()


async def test_promise_2_pressing_twice_records_once(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA)
    session = await choosing.session(ANA)
    assert (await choosing.presses(session, "newsletter", "email", STOP)).receipt is not None
    assert (await choosing.presses(session, "newsletter", "email", STOP)).receipt is None
    assert (await choosing.presses(session, "newsletter", "email", AGREE)).receipt is not None
    assert (await choosing.presses(session, "newsletter", "email", AGREE)).receipt is None
    assert (await company.actions()).count("choice.recorded") == 2


async def test_what_rests_on_a_sale_ends_by_an_objection_and_comes_back_by_a_consent(
    company: Company, choosing: Choosing
) -> None:
    sale: dict[str, Any] = {"product": "skincare", "refusal_offered": True, "address_from_person": True}
    await company.told("sale", ANA, occurred_at=company.at(), contact_point=ANA, **sale)
    session = await choosing.session(ANA)
    assert await company.allows(ANA, purpose="promotions")
    await choosing.presses(session, "promotions", "email", STOP)
    assert not await company.allows(ANA, purpose="promotions")
    # A later sale does not bring it back: only they do.
    await company.told("sale", ANA, occurred_at=company.at(), contact_point=ANA, **sale)
    assert not await company.allows(ANA, purpose="promotions")
    await choosing.presses(session, "promotions", "email", AGREE)
    answer = await company.check(ANA, purpose="promotions")
    assert (answer.allow, answer.reasons[0].code) == (True, "consent_given")
    await company.verify_everything()


async def test_a_survey_ends_by_an_objection_of_its_own(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA)
    session = await choosing.session(ANA)
    await choosing.presses(session, "customer_research", "email", STOP)
    assert await company.why(ANA, purpose="customer_research") == "objected"
    assert await company.allows(ANA)
    assert await company.allows(ANA, purpose="customer_research", channel="in_store")


async def test_what_cannot_be_switched_off_is_not(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA)
    session = await choosing.session(ANA)
    for purpose in ("orders", "product_recall"):
        with pytest.raises(Conflict):
            await choosing.presses(session, purpose, "email", STOP)
    with pytest.raises(Conflict):
        await choosing.presses(session, "promotions", "post", AGREE)
    with pytest.raises(NotFound):
        await choosing.presses(session, "newsletter", "phone", AGREE)
    with pytest.raises(NotFound):
        await choosing.presses(session, "nonsense", "email", AGREE)
    assert "choice.recorded" not in await company.actions()


async def test_one_of_two_addresses_is_stopped_alone(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA, OTHER, purpose="promotions")
    session = await choosing.session(ANA)
    shown = await choosing.looks(session)
    (other,) = [id_ for id_, told in shown.masked.items() if told == "a•••@autre.example"]
    await choosing.presses(session, "promotions", "email", STOP, other)
    assert await company.allows(ANA, purpose="promotions")
    assert not await company.allows(OTHER, purpose="promotions")
    await choosing.presses(session, "promotions", "email", STOP)
    assert not await company.allows(ANA, purpose="promotions")
    await choosing.presses(session, "promotions", "email", AGREE)
    assert await company.allows(ANA, purpose="promotions")
    assert await company.allows(OTHER, purpose="promotions")
    await company.verify_everything()


async def test_one_press_stops_all_marketing(company: Company, choosing: Choosing) -> None:
    await company.gives(ANA, PHONE)
    await company.gives(ANA, purpose="open_tracking")
    await company.gives(ANA, purpose="loyalty_profile")
    await company.claims(ANA, purpose="promotions", channel="sms")
    session = await choosing.session(ANA)
    saved = await choosing.saving.stop_all(session, "fr")
    assert saved.receipt is not None
    shown = await choosing.looks(session)
    for cell in shown.grid.cells:
        kind = company.policies.get(shown.compiled.hash)
        assert kind is not None
        marketing = kind.purposes[cell.purpose].kind in ("direct_marketing", "profiling", "tracking")
        if marketing:
            assert not any(part.allowed for part in cell.parts), cell
            assert not any(part.control is STOP for part in cell.parts), cell
    assert await company.why(ANA) == "objected"
    assert await company.allows(ANA, purpose="orders")
    assert await company.allows(ANA, purpose="customer_research")
    # Said again, it is recorded again: nobody has to wonder whether it counts.
    company.clock.move(minutes=1)
    assert (await choosing.saving.stop_all(session, "fr")).receipt not in (None, saved.receipt)
    # And one thing can be agreed to again.
    await choosing.presses(session, "newsletter", "email", AGREE)
    assert await company.allows(ANA)
    assert not await company.allows(ANA, purpose="open_tracking")
    await company.verify_everything()


async def test_an_old_page_agrees_to_nothing_new(company: Company, choosing: Choosing) -> None:
    await company.withdraws(ANA)
    session = await choosing.session(ANA)
    old = "0" * 64
    company.clock.move(minutes=1)
    with pytest.raises(Conflict) as refusal:
        await choosing.saving.press(
            session, Press("newsletter", "email", None, AGREE, "fr", old, "J’accepte")
        )
    assert refusal.value.code == "notice_changed"
    assert not await company.allows(ANA)


async def test_a_stop_on_an_old_page_outlasts_a_yes_that_comes_in_late(
    company: Company, choosing: Choosing
) -> None:
    await company.withdraws(ANA, purpose="wellness_advice")
    session = await choosing.session(ANA)
    before = company.at()
    company.clock.move(minutes=1)
    assert (await choosing.presses(session, "newsletter", "email", STOP)).receipt is not None
    assert (await choosing.presses(session, "newsletter", "email", STOP)).receipt is None
    await company.gives(ANA, at=before)
    assert await company.why(ANA) == "withdrawn"


async def test_health_data_take_an_express_consent(company: Company, choosing: Choosing) -> None:
    await company.withdraws(ANA)
    session = await choosing.session(ANA)
    await choosing.presses(session, "wellness_advice", "email", AGREE)
    assert await company.why(ANA, purpose="wellness_advice") == "explicit_consent_given"


async def test_a_yes_whose_clock_was_ahead_does_not_outlive_a_stop(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(ANA, at=company.at(-5))
    session = await choosing.session(ANA)
    company.clock.move(minutes=4)
    await choosing.presses(session, "newsletter", "email", STOP)
    company.clock.move(minutes=10)
    assert not await company.allows(ANA)


async def test_whoever_shares_an_address_can_stop_it_and_see_nothing(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(ANA, "customer:C1", OTHER)
    await company.gives(BRUNO, ANA, "customer:C2")
    assert await company.allows(OTHER)
    session = await choosing.visiting.comes_in("ana@exemple.fr")
    assert (session.reach, session.subject) == (Reach.STOP, None)
    with pytest.raises(NeedsMore):
        await choosing.saving.stop_all(session, "fr")
    with pytest.raises(NeedsMore):
        await choosing.presses(session, "newsletter", "email", AGREE)
    await choosing.saving.stop_here(session)
    assert await company.why(ANA) == "objected"
    assert await company.why("customer:C1", point=ANA) == "objected"
    # Only there: what goes to their own addresses goes on.
    assert await company.allows(OTHER)
    assert await company.allows(BRUNO)
    assert (await company.actions()).count("marketing.stopped") == 2
    await company.verify_everything()


async def test_stopping_an_address_that_nobody_holds_any_more_is_answered_alike(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(ANA, "customer:C1")
    await company.gives(BRUNO, ANA, "customer:C2")
    session = await choosing.visiting.comes_in("ana@exemple.fr")
    await company.erase("customer:C1")
    await company.erase("customer:C2")
    await choosing.saving.stop_here(session)
    assert "marketing.stopped" not in await company.actions()
