"""What the pages say between asking for the second proof and giving it."""

import re

import httpx
import pytest

from consentd.portal.reach import Reach
from support.at_home import AtHome
from support.builders import Company
from support.forms import fields, look
from support.pages import checked
from support.rights import Rights

ANA = "email:ana@exemple.fr"


@pytest.fixture
async def home(company: Company) -> AtHome:
    await company.gives(ANA)
    return AtHome(company, await Rights.of(company, {}))


async def link_of_a_proof(home: AtHome, client: httpx.AsyncClient) -> str:
    """Asks for one by mail; the link that the mail brings. From here on the browser has its cookie too."""
    page = await look(client, "/my/proof")
    (button,) = [one for one in page.all("button") if one.attributes.get("name") == "to"]
    said = fields(page, "/my/proof") | {"to": button.attributes["value"]}
    answer = await client.post("/my/proof", data=said)
    assert answer.headers["location"] == "/my/code"
    client.headers["cookie"] += f"; way={answer.cookies['way']}"
    await home.post.close()
    text = home.rights.letters.taken[-1].text
    # It is for more than choices.
    assert "choices" not in text.split("http")[0]
    (link,) = re.findall(r"http://consent\.test(/my/in/\S+)\?lang=en", text)
    return str(link)


async def test_the_page_for_the_code_says_where_it_went_to_who_is_in_and_to_nobody_else(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        await link_of_a_proof(home, client)
        went = "A code is on its way to a•••@exemple.fr."
        page = await look(client, "/my/code")
        assert went in page.text
        wrong = await client.post("/my/code", data=fields(page, "/my/code") | {"code": "0"})
        assert wrong.status_code == 422
        assert went in checked(wrong.text).text
        # Without the session, the way alone tells nothing.
        way = client.headers["cookie"].partition("; ")[2]
        stranger = await look(client, "/my/code", headers={"cookie": way})
        assert "exemple.fr" not in stranger.text
        assert "If we know this contact detail" in stranger.text


async def test_the_link_of_a_second_proof_opens_in_its_own_visit_and_says_so_elsewhere(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        link = await link_of_a_proof(home, client)
        page = await look(client, link)
        assert "you can read this contact detail" in page.text
        elsewhere = await look(client, link, 404, headers={"cookie": ""})
        assert "It belongs to a visit in another browser" in elsewhere.text
        pressed = await client.post(link, headers={"cookie": ""})
        assert pressed.status_code == 404
        assert "It belongs to a visit in another browser" in checked(pressed.text).text
        # Nothing of that used it up.
        opened = await client.post(link, data=fields(page, ""))
        assert (opened.status_code, opened.headers["location"]) == (303, "/my/choices")
        client.headers["cookie"] = f"my={opened.cookies['my']}"
        await look(client, "/my/history")
        again = await look(client, link, 404)
        assert "It was used, it is over, or it is incomplete." in again.text
