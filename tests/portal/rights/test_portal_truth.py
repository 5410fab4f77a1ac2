"""What the pages of rights say before a press is what the press then does."""

import pytest
from msgspec.structs import replace

from consentd.kernel.policy import sealed
from support.at_home import AtHome
from support.builders import Company, demo_policy
from support.forms import chosen, look, press
from support.pages import checked
from support.rights import Rights
from support.silos_simulated import Silo, system

ANA = "email:ana@exemple.fr"


@pytest.fixture
async def home(company: Company) -> AtHome:
    await company.gives(ANA)
    return AtHome(company, await Rights.of(company, {"webshop": (system("webshop", "email"), Silo((ANA,)))}))


async def test_a_form_that_is_put_right_objects_to_the_uses_chosen_before_and_to_no_other(
    home: AtHome,
) -> None:
    policy = demo_policy()
    research = policy.purposes["customer_research"]
    more = {id_: replace(research, id=id_) for id_ in ("panel", "statistics")}
    await home.company.activate(sealed(replace(policy, purposes={**policy.purposes, **more})))
    async with home.browser(ANA) as client:
        at = "/my/rights/objection"
        page = await look(client, at)
        assert chosen(page, "purposes") == []
        answer = await press(client, page, at, purposes=["panel", "statistics"])
        assert answer.status_code == 422
        assert chosen(checked(answer.text), "purposes") == ["panel", "statistics"]
