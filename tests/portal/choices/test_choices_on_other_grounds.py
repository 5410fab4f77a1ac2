"""Uses that rest on more than a consent, or on none: each is ended, and allowed again, by one press."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from consentd.kernel.policy import sealed
from consentd.portal.choices.model import Control
from consentd.portal.choices.words import said
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session
from consentd.web.pages.speech import Speech
from support.builders import Company, demo_policy, refused
from support.builders_requests import notice
from support.choosing import Choosing

ANA = "email:ana@exemple.fr"
BOTH = (ANA, "email:ana.diaz@autre.example")
AGREE, STOP, NONE = Control.AGREE, Control.STOP, Control.NONE
SURVEY, AFTER_SALES = "customer_research", "after_sales"


@dataclass
class Told:
    """What the page says of the cell after-sales × email."""

    allowed: bool
    code: str
    control: Control
    last: str


def yes() -> dict[str, Any]:
    """To after-sales, with the text that is shown for it here."""
    return {"purpose": AFTER_SALES, "contact_point": ANA, "notice": notice("newsletter")}


async def rests_on(company: Company, *bases: str) -> None:
    """From now on after-sales e-mail does; and a contract of Ana's is running."""
    policy = demo_policy()
    about = msgspec.structs.replace(
        policy.purposes[AFTER_SALES], bases={"email": bases}, notices=policy.purposes["newsletter"].notices
    )
    versions = {
        id_: tuple(
            msgspec.structs.replace(one, purposes=(*one.purposes, AFTER_SALES)) for one in policy.notices[id_]
        )
        for id_ in about.notices
    }
    purposes = {**policy.purposes, AFTER_SALES: about}
    notices = {**policy.notices, **versions}
    await company.activate(sealed(msgspec.structs.replace(policy, purposes=purposes, notices=notices)))
    await company.told("contract", ANA, start="2026-01-01", subject_matter="fragrance_subscription")


async def told(choosing: Choosing, session: Session) -> Told:
    shown = await choosing.looks(session)
    cell = shown.grid.cell(AFTER_SALES, "email")
    assert cell is not None
    (part,) = cell.parts
    sentences = said(shown, cell, part, Speech("en", ZoneInfo("Europe/Paris")))
    return Told(part.allowed, part.why.code, part.control, sentences[-1])


async def test_what_the_law_wants_a_consent_for_and_nobody_asks_is_said_to_be_so(
    company: Company, choosing: Choosing
) -> None:
    policy = demo_policy()
    promotions = policy.purposes["promotions"]
    about = msgspec.structs.replace(promotions, bases={"push": ("legitimate_interest",)}, notices=())
    purposes = {**policy.purposes, "promotions": msgspec.structs.replace(about, notice_by_channel={})}
    await company.activate(sealed(msgspec.structs.replace(policy, purposes=purposes)))
    await company.gives(ANA, "device:abc")
    shown = await choosing.looks(await choosing.session(ANA))
    cell = shown.grid.cell("promotions", "push")
    assert cell is not None
    (part,) = cell.parts
    assert (part.allowed, part.control) == (False, NONE)
    assert said(shown, cell, part, Speech("en", ZoneInfo("Europe/Paris"))) == [
        "The law wants a consent for this, and we ask for none: nothing is sent."
    ]


async def test_what_never_rested_on_a_consent_is_allowed_again_by_one_press(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(*BOTH)
    session = await choosing.session(ANA)
    for _ in range(2):
        await choosing.presses(session, SURVEY, "email", STOP)
        assert await company.why(ANA, purpose=SURVEY) == "objected"
        part = await choosing.part(session, SURVEY, "email")
        assert (part.allowed, part.control) == (False, AGREE)
        assert (await choosing.presses(session, SURVEY, "email", AGREE)).receipt is not None
        assert await company.why(ANA, purpose=SURVEY) == "legitimate_interest"
        assert (await choosing.presses(session, SURVEY, "email", AGREE)).receipt is None
    await company.verify_everything()


async def test_after_all_marketing_was_stopped_each_use_is_allowed_again_alone(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(ANA)
    session = await choosing.session(ANA)
    await choosing.saving.stop_all(session, "fr")
    assert await company.why(ANA, purpose="promotions", channel="in_store") == "objected"
    await choosing.presses(session, "promotions", "in_store", AGREE)
    assert await company.allows(ANA, purpose="promotions", channel="in_store")
    assert not await company.allows(ANA, purpose="newsletter")
    assert await company.why(ANA, purpose="promotions") == "objected"


async def test_one_contact_detail_of_two_is_allowed_again_alone(company: Company, choosing: Choosing) -> None:
    await company.gives(*BOTH)
    session = await choosing.session(ANA)
    for who in BOTH:
        await company.objects(ANA, ground="particular", purposes=(SURVEY,), contact_point=who)
    shown = await choosing.looks(session)
    first, second = shown.masked
    await choosing.presses(session, SURVEY, "email", AGREE, first)
    shown = await choosing.looks(session)
    cell = shown.grid.cell(SURVEY, "email")
    assert cell is not None
    assert {part.points[0]: part.allowed for part in cell.parts} == {first: True, second: False}


async def test_what_is_allowed_again_without_a_text_is_no_consent(
    company: Company, choosing: Choosing
) -> None:
    """Should the use rest on consent one day, a new one is needed."""
    await company.gives(ANA)
    session = await choosing.session(ANA)
    await choosing.presses(session, SURVEY, "email", STOP)
    await choosing.presses(session, SURVEY, "email", AGREE)
    policy = demo_policy()
    survey = msgspec.structs.replace(policy.purposes[SURVEY], bases={"email": ("consent",)})
    await company.activate(
        sealed(msgspec.structs.replace(policy, purposes={**policy.purposes, SURVEY: survey}))
    )
    assert await company.why(ANA, purpose=SURVEY) == "unproven"


async def test_a_system_needs_the_text_where_there_is_something_to_consent_to(company: Company) -> None:
    await company.gives(ANA)
    await company.objects(ANA)
    with refused("notice_missing"):
        await company.gives(ANA, notice=None, method="portal")
    await company.claims(ANA, method="portal")
    assert await company.why(ANA) == "objected"


@pytest.mark.parametrize("bases", [("legitimate_interest", "contract"), ("consent", "contract")])
async def test_what_a_contract_carries_too_can_be_refused_as_far_as_it_is_theirs(
    company: Company, choosing: Choosing, bases: tuple[str, ...]
) -> None:
    await company.gives(ANA)
    await rests_on(company, *bases)
    session = await choosing.session(ANA)
    if bases[0] == "consent":
        await company.gives(ANA, **yes())
    before = await told(choosing, session)
    assert (before.allowed, before.control) == (True, STOP)
    await choosing.presses(session, AFTER_SALES, "email", STOP)
    after = await told(choosing, session)
    assert (after.allowed, after.code, after.control) == (True, "contract_in_progress", NONE)
    assert after.last == "So it cannot be switched off."


async def test_a_consent_to_a_service_is_taken_back_by_one_press(
    company: Company, choosing: Choosing
) -> None:
    await company.gives(ANA)
    await rests_on(company, "consent")
    await company.gives(ANA, **yes())
    session = await choosing.session(ANA, Reach.CHOICES)
    assert (await told(choosing, session)).control is STOP
    await choosing.presses(session, AFTER_SALES, "email", STOP)
    after = await told(choosing, session)
    assert (after.allowed, after.code, after.control) == (False, "withdrawn", AGREE)
    await choosing.presses(session, AFTER_SALES, "email", AGREE)
    assert (await told(choosing, session)).control is STOP
