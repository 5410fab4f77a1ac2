"""What the pages of rights say before a press is what the press then does."""

import re

import pytest
from msgspec.structs import replace

from consentd.kernel.policy import sealed
from consentd.kernel.request_rules import RequestRules
from consentd.portal.reach import Reach
from support.at_home import AtHome
from support.builders import Company, demo_policy
from support.forms import asks, chosen, look, press
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


async def test_tools_and_uses_of_one_name_are_told_apart_or_named_once(home: AtHome) -> None:
    policy = demo_policy()
    tools = {id_: replace(system("webshop", "email"), id=id_, name="Mews") for id_ in ("mews_a", "mews_b")}
    twin = replace(policy.purposes["newsletter"], id="newsletter_b")
    purposes = {**policy.purposes, "newsletter_b": twin}
    await home.company.activate(sealed(replace(policy, systems=tools, purposes=purposes)))
    async with home.browser(ANA) as client:
        said = (await look(client, "/my/rights/erasure")).text
        assert "Mews (mews_a)" in said
        assert "Mews (mews_b)" in said
        (concerns, *_) = re.findall(r"It concerns: ([^.]*)", (await look(client, "/my/rights")).text)
        assert concerns.count("newsletter") == 1


async def test_a_text_that_was_shown_goes_by_its_title(home: AtHome) -> None:
    title = demo_policy().notices["newsletter"][-1].titles["en"]
    async with home.browser(ANA) as client:
        said = (await look(client, "/my/history")).text
    assert f"The text that was shown: {title}, version 3" in said


async def test_a_receipt_says_once_what_was_said_of_several_addresses_at_once(
    company: Company, home: AtHome
) -> None:
    await company.gives(ANA, "email:ana.diaz@autre.example")
    research = "agree:customer_research:email::"
    await company.objects(ANA, ground="particular", purposes=("customer_research",))
    company.clock.move(minutes=5)
    async with home.browser(ANA) as client:
        answer = await press(client, await look(client, "/my/choices"), "/my/choices", do=research)
        (saved,) = re.findall(r"saved=([0-9a-f-]{36})", answer.headers["location"])
        lines = (await look(client, f"/my/receipts/{saved}")).all("main")[0].all("strong")
    assert [one.text for one in lines] == ["Consent given"]


async def test_who_looks_through_a_copy_is_said_as_the_company_has_it(home: AtHome) -> None:
    async with home.browser(ANA) as client:
        page = "/my/rights/access"
        assert "Our staff look through it for what is about other people." in (await look(client, page)).text
        rules = RequestRules(release={"access": "automatic"})
        await home.company.activate(sealed(replace(demo_policy(), requests=rules)))
        said = (await look(client, page)).text
        assert "for what is about other people" not in said
        assert "Our staff look through it first only where something calls for it." in said


@pytest.mark.parametrize("slug", ["withdrawal", "marketing-objection"])
async def test_what_one_press_does_is_said_above_its_button(home: AtHome, slug: str) -> None:
    async with home.browser(ANA) as client:
        assert "From now on" in (await look(client, f"/my/rights/{slug}")).all("main")[0].text


async def test_the_form_of_an_objection_says_that_everything_is_frozen_and_how_it_ends(home: AtHome) -> None:
    async with home.browser(ANA) as client:
        said = (await look(client, "/my/rights/objection")).text
        assert "all your data are frozen, also for the uses that you do not name" in said
        assert "You have their answer by 18 December 2026 at the latest, and then the freeze ends." in said
        assert "What rests on our own interest stops at once" not in said
        assert "All use of your data is frozen" in (await look(client, "/my/rights")).text


async def test_the_form_of_a_freeze_says_that_its_end_is_asked_for_and_checked(home: AtHome) -> None:
    async with home.browser(ANA) as client:
        said = (await look(client, "/my/rights/restriction")).text
        assert "whenever you like" not in said
        assert "Our staff check it: asked today, it would end by 18 December 2026 at the latest." in said


async def test_the_choices_say_what_froze_them_an_objection_or_a_wish(company: Company, home: AtHome) -> None:
    asked = "Your data are frozen, as you asked."
    examined = "Your data are frozen because of your objection, until our staff have dealt with it."
    session = await home.session(ANA)

    async def said() -> set[str]:
        async with home.browser(ANA, Reach.CHOICES) as client:
            text = (await look(client, "/my/choices")).text
        return {one for one in (asked, examined) if one in text}

    assert await said() == set()
    objection = await home.asks(session, "objection", words="My case.", purposes=("customer_research",))
    assert await said() == {examined}
    await home.rights.carries_out()
    who = await home.rights.hire()
    # Refused, they stay frozen until they were told, and what it came from stays the same.
    await home.rights.step(objection, "refuse", who, reasons="A trial.", article="GDPR 21(1)")
    assert await said() == {examined}
    await home.asks(session, "restriction")
    assert await said() == {asked}
    await home.asks(session, "lifting")
    await home.rights.carries_out()
    for request in await home.service.requests(session):
        if request.right == "lifting" and request.state == "approving":
            await home.rights.step(request.id, "approve", who)
    await home.rights.carries_out()
    assert await said() == set()
    await home.asks(session, "objection", words="Once more.")
    assert await said() == {examined}


async def test_an_erasure_says_the_same_last_day_before_it_and_in_its_certificate(
    company: Company, home: AtHome
) -> None:
    policy = demo_policy()
    # A place whose midnight lies on the next day of the log's clock, so that the two could differ.
    for zone in ("Europe/Paris", "America/Guadeloupe"):
        controller = replace(policy.controller, zone=zone)
        systems = home.rights.silos.keys()
        await company.activate(
            sealed(replace(policy, controller=controller, systems={s: system(s, "email") for s in systems}))
        )
        who = f"email:{zone[-4:].lower()}@exemple.fr"
        await company.gives(who)
        async with home.browser(who) as client:
            preview = (await look(client, "/my/rights/erasure")).text
            (foreseen,) = re.findall(r"under seal, until (\d+ \w+ \d+)", preview)
            request = await asks(client, "erasure")
            await home.rights.carries_out()
            (kept,) = re.findall(
                r"sealed, [^,]*, [^,]*, until (\d+ \w+ \d+)", (await look(client, request)).text
            )
        assert foreseen == kept == "18 November 2029"
        assert any(f"until {kept}" in letter.text for letter in home.rights.letters.taken)


@pytest.mark.parametrize("connected", [True, False])
async def test_an_erasure_names_the_tools_that_erase_and_where_there_is_none_promises_none(
    company: Company, home: AtHome, connected: bool
) -> None:
    if not connected:
        lone = replace(system("webshop", "email"), connection=None)
        await company.activate(sealed(replace(demo_policy(), systems={"webshop": lone})))
    async with home.browser(ANA) as client:
        page = await look(client, "/my/rights/erasure")
    assert ("and what these tools hold:" in page.text) is connected
    assert all(one.all("li") for one in page.all("ul")), "a list of nothing"
    assert ("our staff see to it by hand: Webshop." in page.text) is not connected


async def test_the_rights_say_that_and_how_one_asks_who_received_the_data(home: AtHome) -> None:
    async with home.browser(ANA, Reach.CHOICES) as client:
        page = await look(client, "/my/rights")
    (line,) = [one for one in page.all("section") if one.attributes["aria-labelledby"] == "right-recipients"]
    assert (
        "Write to us to know who they were: you have an answer by 18 December 2026 at the latest."
        in line.text
    )
    (link,) = line.all("a")
    assert link.attributes["href"] == f"mailto:{demo_policy().controller.dpo.email}"
