"""Two contact details of one person are never called the same, on whichever page they stand."""

import pytest

from consentd.portal.reach import Reach
from support.at_home import AtHome
from support.builders import Company
from support.forms import look
from support.rights import Rights
from support.silos_simulated import Silo, system

NADIA, NADINE = "email:nadia@exemple.fr", "email:nadine@exemple.fr"
SHORT = ("n•••a@exemple.fr", "n•••e@exemple.fr")
WHOLE = ("nadia@exemple.fr", "nadine@exemple.fr")


@pytest.fixture
async def home(company: Company) -> AtHome:
    await company.gives(NADIA, NADINE)
    await company.withdraws(NADIA, contact_point=NADINE)
    return AtHome(company, await Rights.of(company, {"shop": (system("shop", "email"), Silo())}))


@pytest.mark.parametrize("page", ["/my/choices", "/my/details"])
async def test_they_are_told_apart_in_part_and_whole_with_the_second_proof(home: AtHome, page: str) -> None:
    for reach, shown in ((Reach.CHOICES, SHORT), (Reach.PERSON, WHOLE)):
        async with home.browser(NADIA, reach) as client:
            said = (await look(client, page)).text
        assert all(one in said for one in shown)
        assert not any(one in said for one in {*SHORT, *WHOLE} - {*shown})
        assert "n•••@" not in said


async def test_so_are_the_names_of_buttons(home: AtHome) -> None:
    async with home.browser(NADIA, Reach.CHOICES) as client:
        page = await look(client, "/my/choices")
    names = [one.text for one in page.all("button") if one.attributes.get("name") == "do"]
    assert len(names) == len({*names})
    assert any(SHORT[0] in one for one in names)


async def test_the_second_proof_offers_the_other_by_the_same_name(home: AtHome) -> None:
    async with home.browser(NADIA, Reach.CHOICES) as client:
        page = await look(client, "/my/proof")
    assert [one.text for one in page.all("button") if one.attributes.get("name") == "to"] == [
        f"To {SHORT[1]}"
    ]
