"""Where a company sends text messages and no mail, telephones open the pages; nobody learns who is known."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from consentd.net.mail import NoMail
from consentd.net.texting import TextMessage
from consentd.portal.post import CodePost
from consentd.portal.reach import Reach
from support.at_home import HERE, AtHome
from support.builders import Company
from support.forms import fields, look
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.visiting import BROWSER

ANA, PHONE = "email:ana@exemple.fr", "phone:+33624686501"
STRANGER = "06 12 34 56 78"


class Gateway:
    """A company's own, which takes everything."""

    available = True

    def __init__(self) -> None:
        self.taken: list[TextMessage] = []

    async def send(self, message: TextMessage) -> None:
        self.taken.append(message)

    async def close(self) -> None:
        pass


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def home(company: Company, gateway: Gateway) -> AtHome:
    await company.gives(ANA, PHONE)
    found = AtHome(company, await Rights.of(company, {"shop": (system("shop", "email"), Silo())}))
    found.post = CodePost(NoMail(), gateway, HERE)
    return found


@pytest.fixture
async def client(home: AtHome) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"user-agent": BROWSER, "accept-language": "en"}
    transport = httpx.ASGITransport(home.app())
    async with httpx.AsyncClient(transport=transport, base_url=HERE, headers=headers) as found:
        yield found


async def test_a_telephone_gets_a_code_which_opens(
    home: AtHome, client: httpx.AsyncClient, gateway: Gateway
) -> None:
    assert "Your telephone number" in (await look(client, "/my")).text
    answer = await client.post("/my", data={"contact": "+33 6 24 68 65 01"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/my/code")
    await home.post.close()
    (message,) = gateway.taken
    code = re.search(r"[0-9]{4} [0-9]{4}", message.text)
    assert code
    entered = await client.post("/my/code", data={"code": code[0]})
    assert (entered.status_code, entered.headers["location"]) == (303, "/my/choices")


@pytest.mark.parametrize(
    "typed", [(("+33624686501", STRANGER), 303), (("ana@exemple.fr", "x@exemple.fr"), 503)]
)
async def test_known_and_unknown_are_answered_alike(
    client: httpx.AsyncClient, typed: tuple[tuple[str, str], int]
) -> None:
    (known, unknown), status = typed
    first, second = [await client.post("/my", data={"contact": one}) for one in (known, unknown)]
    assert first.status_code == second.status_code == status
    assert first.text == second.text
    assert first.headers.get("location") == second.headers.get("location")


async def test_the_second_proof_offers_no_address_that_no_code_reaches(home: AtHome) -> None:
    async with home.browser(PHONE, Reach.CHOICES) as client:
        page = await look(client, "/my/proof")
        (button,) = [one for one in page.all("button") if one.attributes.get("name") == "to"]
        assert button.text == "To •••• 01"
        said = fields(page, "/my/proof") | {"to": button.attributes["value"]}
        assert (await client.post("/my/proof", data=said)).status_code == 303
