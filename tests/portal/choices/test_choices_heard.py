"""Which tools hear of a change, by what is registered and nothing else."""

from uuid import uuid4

from msgspec.structs import replace

from consentd.callers.service import SystemRow
from consentd.kernel.ids import SystemId
from consentd.kernel.policy import sealed
from consentd.portal.choices.heard import Hears, heard
from support.builders import demo_policy


def system(name: str, *scopes: str, purposes: tuple[str, ...] = ()) -> SystemRow:
    return SystemRow(SystemId(uuid4()), name, scopes, purposes, (), "UTC", 0, None)


def told(*systems: SystemRow, about: tuple[str | None, str | None]) -> dict[str, Hears]:
    return {one.name: one.how for one in heard(demo_policy(), systems, [about])}


def test_tools_of_one_name_are_told_apart() -> None:
    demo = demo_policy()
    twin = replace(demo.systems["mailing"], id="mailing_annecy", name="mailchimp")
    policy = sealed(replace(demo, systems={**demo.systems, twin.id: twin}))
    found = {
        one.name: one.how for one in heard(policy, [system("mailing", "check")], [("newsletter", "email")])
    }
    assert found["Mailchimp (mailing)"] is Hears.ASKS
    assert found["mailchimp (mailing_annecy)"] is Hears.UNTOLD
    assert "HubSpot" in found


def test_only_tools_that_have_to_do_with_it_are_named() -> None:
    assert set(told(about=("open_tracking", "email"))) == {"Mailchimp"}
    assert "Mailchimp" not in told(about=("promotions", "phone"))


def test_a_tool_that_nobody_connected_is_told_nothing() -> None:
    assert told(about=("newsletter", "email"))["Mailchimp"] is Hears.UNTOLD


def test_a_tool_that_asks_is_bound_already() -> None:
    found = told(system("mailing", "check", "consent:write"), about=("newsletter", "email"))
    assert found["Mailchimp"] is Hears.ASKS
    # One that may only write does not hear.
    found = told(system("mailing", "consent:write"), about=("newsletter", "email"))
    assert found["Mailchimp"] is Hears.UNTOLD
    # Nor one whose access is for something else.
    found = told(system("mailing", "check", purposes=("orders",)), about=("newsletter", "email"))
    assert found["Mailchimp"] is Hears.UNTOLD


def test_a_tool_with_a_copy_renews_it() -> None:
    found = told(system("mailing", "check", "replica"), about=("newsletter", "email"))
    assert found["Mailchimp"] is Hears.COPY


def test_a_tool_that_asks_and_is_in_no_file_is_named_too() -> None:
    assert told(system("kiosk", "check"), about=("newsletter", "email"))["kiosk"] is Hears.ASKS
    assert "press" not in told(system("press", "consent:read"), about=("newsletter", "email"))


def test_all_marketing_concerns_every_tool() -> None:
    assert {"Mailchimp", "HubSpot", "Appels sortants"} <= set(told(about=(None, None)))
