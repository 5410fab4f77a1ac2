"""Stopping all marketing is one thing, from whichever page: recorded at once, and told to the tools."""

from typing import Any

import pytest
import sqlalchemy as sa

from consentd.db.tables import requests as t
from consentd.dsr import registering
from consentd.kernel.connection import Verb
from consentd.portal.reach import Reach
from support.at_home import AtHome
from support.builders import Company
from support.forms import look, press
from support.rights import Rights
from support.silos_simulated import Silo, system

ANA = "email:ana@exemple.fr"
TELLS = (Verb.EXPORT, Verb.WRITE_PREFERENCE)


@pytest.fixture
def mailing() -> Silo:
    """A tool that keeps choices of its own and takes them from us; it asks before no contact."""
    return Silo((ANA,))


@pytest.fixture
async def home(company: Company, mailing: Silo) -> AtHome:
    await company.gives(ANA)
    silos = {
        "letters": (system("letters", "email", verbs=TELLS), mailing),
        "fair": (system("fair", "ticket", verbs=TELLS), Silo()),
        "press": (system("press", "email", verbs=(Verb.EXPORT,)), Silo()),
    }
    return AtHome(company, await Rights.of(company, silos))


async def requests(company: Company) -> list[Any]:  # Any: row mappings
    read = sa.select(t.requests).order_by(t.requests.c.created_at)
    return await company.database.read(lambda connection: list(connection.execute(read).mappings()))


@pytest.mark.parametrize(
    ("page", "action"), [("/my/choices", "/my/stop-all"), ("/my/rights", "/my/rights/marketing-objection")]
)
async def test_both_buttons_record_the_same_at_once_and_tell_the_tools(
    company: Company, home: AtHome, mailing: Silo, page: str, action: str
) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        answer = await press(client, await look(client, page), action)
        assert answer.status_code == 303
    assert await company.why(ANA) == "objected"
    assert set((await company.states(ANA)).values()) == {"withdrawn"}
    assert (await company.actions()).count("marketing.stopped") == 1
    assert "objection.recorded" not in await company.actions(), "an objection is recorded once"
    (request,) = await requests(company)
    assert (request["right"], request["came_by"]) == ("marketing_objection", "portal")
    await home.rights.carries_out()
    assert ("newsletter", "email", "withdrawn") in mailing.noted
    await company.verify_everything()


async def test_the_page_says_tool_by_tool_who_is_told_and_leads_to_the_request(
    company: Company, home: AtHome
) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        answer = await press(client, await look(client, "/my/choices"), "/my/stop-all")
        page = await look(client, answer.headers["location"])
        assert "We tell Letters that all marketing stops" in page.text
        assert "Fair knows customers by none of your contact details that we have" in page.text
        assert "Press is not connected for this" in page.text
        (request,) = await requests(company)
        where = f"/my/requests/{request['id']}"
        assert where in [one.attributes["href"] for one in page.all("a")]
        assert "No more marketing" in (await look(client, where)).text


async def test_who_stops_all_again_while_the_tools_are_told_asks_no_second_request(
    company: Company, home: AtHome
) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        for page, action in (
            ("/my/choices", "/my/stop-all"),
            ("/my/choices", "/my/stop-all"),
            ("/my/rights", "/my/rights/marketing-objection"),
        ):
            assert (await press(client, await look(client, page), action)).status_code == 303
            company.clock.move(minutes=1)
        assert len(await requests(company)) == 1
        # An objection is never refused, and each is in the log.
        assert (await company.actions()).count("marketing.stopped") == 3
        await home.rights.carries_out()
        await press(client, await look(client, "/my/choices"), "/my/stop-all")
    assert len(await requests(company)) == 2


async def test_of_a_single_stop_a_tool_that_is_told_of_all_is_not_called_unconnected(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        page = await look(client, "/my/choices")
        (button,) = [
            one.attributes["value"]
            for one in page.all("button")
            if one.attributes.get("value", "").startswith("stop:newsletter:email")
        ]
        answer = await press(client, page, "/my/choices", do=button)
        told = (await look(client, answer.headers["location"])).text
    assert "Letters is told when you stop all marketing, and not of one choice alone." in told
    assert "Letters is not connected" not in told
    assert "Press is not connected for this" in told


async def test_promise_3_objection_and_request_commit_together_or_not_at_all(
    company: Company, home: AtHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise RuntimeError("the process dies")

    session = await home.session(ANA, Reach.CHOICES)
    before = await company.actions()
    with monkeypatch.context() as broken:
        broken.setattr(registering, "begin_running", dies)
        with pytest.raises(RuntimeError):
            await home.asks(session, "marketing_objection")
    assert await company.allows(ANA)
    assert [one for one in await company.actions() if one not in before] == []
    assert await requests(company) == []
    await home.asks(session, "marketing_objection")
    assert not await company.allows(ANA)
