"""What the page of a stop link says of messages that go on: by what they rest on, and no more than that."""

import httpx
import msgspec
import pytest

from consentd.base.settings import from_environment
from consentd.consent.stopping.asking import Linking
from consentd.consent.stopping.pressing import Stopping
from consentd.consent.stopping.shapes import MessageRecipient, StopLinksAsked
from consentd.kernel.law import Basis
from consentd.kernel.policy import sealed
from consentd.portal.stop_pages import routes
from consentd.web.application import build
from support.at_home import HERE, Nobody
from support.builders import Company, demo_policy
from support.builders_requests import identifier
from support.pages import read

ANA = "email:ana@exemple.fr"


@pytest.mark.parametrize(
    ("basis", "kind", "says"),
    [
        ("contract", "service", "They are needed for what you asked for or bought"),
        ("legal_obligation", "service", "The law makes us send them"),
        ("legal_obligation", "legal", "The law makes us send them"),
        ("vital_interests", "service", "because somebody’s health or safety is at stake"),
    ],
)
async def test_messages_that_go_on_say_on_what_they_rest(
    company: Company, basis: Basis, kind: str, says: str
) -> None:
    policy = demo_policy()
    about = msgspec.structs.replace(policy.purposes["orders"], kind=kind, bases={"email": (basis,)})
    await company.activate(
        sealed(msgspec.structs.replace(policy, purposes={**policy.purposes, "orders": about}))
    )
    await company.gives(ANA)
    asked = StopLinksAsked("orders", "email", (MessageRecipient((identifier(ANA),)),))
    told = await Linking(company.doing, HERE, company.clock).links(company.systems["till"], asked)
    url = told.links[0].url
    assert url
    stopping = Stopping(company.doing, HERE, company.clock)
    app = build(routes(stopping), settings=from_environment({}), tokens=Nobody())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client:
        page = read((await client.get(url, headers={"accept-language": "en"})).text)
    assert says in page.all("main")[0].text
