"""What waits to be confirmed, as the page of choices tells it: before, after a no, and once it lapsed."""

from zoneinfo import ZoneInfo

import pytest

from consentd.consent.service import ConsentService
from consentd.portal.choices.model import Control
from consentd.portal.choices.words import said
from consentd.portal.sessions import Session
from consentd.web.pages.speech import Speech
from support.builders import Company
from support.builders_requests import yes
from support.choosing import Choosing

ANA = "email:ana@exemple.fr"
ENGLISH = Speech("en", ZoneInfo("Europe/Paris"))


async def asks(company: Company) -> None:
    """By a form of the shop's, as they came to it."""
    company.consent = ConsentService(company.doing, sends=True)
    company.clock.move(minutes=1)
    form = yes("newsletter", "email", company.at(), confirm="email", method="form")
    await company.send((ANA,), form)


async def told(choosing: Choosing, session: Session) -> tuple[Control, str]:
    shown = await choosing.looks(session)
    cell = shown.grid.cell("newsletter", "email")
    assert cell is not None
    (part,) = cell.parts
    return part.control, " ".join(said(shown, cell, part, ENGLISH))


async def test_what_waits_is_told_with_its_last_day(company: Company, choosing: Choosing) -> None:
    await asks(company)
    control, words = await told(choosing, await choosing.session(ANA))
    assert control is Control.STOP
    assert words.startswith("Waiting for you to confirm: a mail is on its way to a•••@exemple.fr.")
    assert "Unconfirmed, it lapses on" in words


async def test_what_waits_after_a_no_is_told_too(company: Company, choosing: Choosing) -> None:
    await company.withdraws(ANA)
    await asks(company)
    _, words = await told(choosing, await choosing.session(ANA))
    assert words.startswith("You said no on")
    assert "Waiting for you to confirm" in words


async def test_what_was_not_confirmed_in_time_waits_no_more(company: Company, choosing: Choosing) -> None:
    await asks(company)
    company.clock.move(days=30)
    session = await choosing.session(ANA)
    control, words = await told(choosing, session)
    assert (control, words) == (Control.AGREE, "You did not confirm in time. Nothing is sent.")
    await choosing.presses(session, "newsletter", "email", Control.AGREE)
    assert await company.allows(ANA)


@pytest.mark.parametrize("days", [0, 30])
async def test_it_is_no_yes_before_and_after(company: Company, choosing: Choosing, days: int) -> None:
    await asks(company)
    company.clock.move(days=days)
    assert not await company.allows(ANA)
