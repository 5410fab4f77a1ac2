"""Getting in and out as people do: by a code, by a link, by keyboard alone; with scripts and without."""

import pytest
from at_the_door import asks, at, examines

from support.customers import Customers, said
from support.visitor import PHONE, Look, Visitor, Visits

WAYS = [("fr", True), ("en", True), ("fr", False), ("en", False)]
"""Languages, and whether their browser runs scripts."""

WRONG_CODE = "This code is wrong, was used, or is over. After five tries a new one is needed."

in_every_way = pytest.mark.parametrize(("language", "script"), WAYS)


@in_every_way
def test_a_code_lets_in_and_a_button_lets_out(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.new()
    visitor = visits(language=language, script=script)
    assert visitor.opens("/my") == 200
    examines(visitor, "door")
    asks(visitor, address)
    assert at(visitor) == "/my/code"
    examines(visitor, "code")
    visitor.page.get_by_label(said(language, "Code of eight digits")).fill("00000000")
    visitor.presses(said(language, "Go on"))
    field = visitor.page.get_by_label(said(language, "Code of eight digits"))
    assert field.get_attribute("aria-invalid") == "true"
    assert said(language, WRONG_CODE) in visitor.page.get_by_role("alert").inner_text()
    examines(visitor, "code-wrong")
    field.fill(customers.code(address))
    visitor.presses(said(language, "Go on"))
    assert at(visitor) == "/my/choices"
    visitor.opens("/my/proof")
    examines(visitor, "proof")
    visitor.presses(said(language, "Sign out"))
    assert said(language, "You are signed out.") in visitor.page.locator("main").inner_text()
    examines(visitor, "left")
    assert visitor.context.cookies() == []


@in_every_way
def test_a_link_is_opened_by_a_button_and_once(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.new()
    asking, visitor, late = (visits(language=language, script=script) for _ in range(3))
    asking.opens("/my")
    asks(asking, address)
    link = customers.link(address)
    # A scanner that looks at the link uses nothing up.
    assert [late.opens(link), visitor.opens(link)] == [200, 200]
    examines(visitor, "link")
    visitor.presses(said(language, "Open my choices"))
    assert at(visitor) == "/my/choices"
    late.presses(said(language, "Open my choices"))
    assert said(language, "This link does not open") in late.page.locator("main").inner_text()
    examines(late, "link-dead")
    # Which way in was looked at, and the language: nothing that opens anything.
    assert {one["name"] for one in late.context.cookies()} <= {"lang", "way"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_keyboard_is_enough(visits: Visits, customers: Customers, language: str) -> None:
    address = customers.new()
    visitor = visits(language=language, script=False, look=Look("light", PHONE))
    visitor.opens("/my")
    visitor.tabs_to(said(language, "Your email address"), "textbox")
    visitor.page.keyboard.type(address)
    visitor.strikes("Enter")
    visitor.tabs_to(said(language, "Code of eight digits"), "textbox")
    visitor.page.keyboard.type("1234")
    visitor.strikes("Enter")
    # From what is said to be wrong, to where it is put right.
    visitor.tabs_to(said(language, WRONG_CODE), "link")
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.type(customers.code(address))
    visitor.tabs_to(said(language, "Go on"))
    visitor.strikes("Space")
    visitor.opens("/my/proof")
    visitor.tabs_to(said(language, "Sign out"))
    visitor.strikes("Enter")
    assert said(language, "You are signed out.") in visitor.page.locator("main").inner_text()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_no_address_is_said_beside_its_field_and_kept(visits: Visits, language: str) -> None:
    visitor = visits(language=language)
    visitor.opens("/my")
    asks(visitor, "nadia at exemple")
    field = visitor.page.get_by_label(said(language, "Your email address"))
    assert field.input_value() == "nadia at exemple"
    about = field.get_attribute("aria-describedby").split()
    told = " ".join(visitor.page.locator(f"#{one}").inner_text() for one in about)
    assert (
        said(
            language,
            "This is neither an email address nor a telephone number. Look for a typing error.",
        )
        in told
    )
    examines(visitor, "door-wrong")
    visitor.presses({"fr": "English", "en": "Français"}[language], "link")
    assert at(visitor) == "/my"
    assert visitor.page.locator("html").get_attribute("lang") != language


@in_every_way
def test_promise_13_a_stranger_sees_what_a_customer_sees(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    """Until a code is right, which theirs cannot be."""
    pages = []
    for contact in (customers.new(), "nobody@exemple.fr"):
        visitor = visits(language=language, script=script)
        visitor.opens("/my")
        asks(visitor, contact)
        seen = [visitor.page.content()]
        visitor.page.get_by_label(said(language, "Code of eight digits")).fill("00000000")
        visitor.presses(said(language, "Go on"))
        pages.append([*seen, visitor.page.content()])
    assert pages[0] == pages[1]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_second_proof_comes_back_to_where_it_was_asked_for(
    visits: Visits, customers: Customers, language: str
) -> None:
    address = customers.new()
    visitor = visits(language=language)
    visitor.opens("/my")
    asks(visitor, address)
    visitor.page.get_by_label(said(language, "Code of eight digits")).fill(customers.code(address))
    visitor.presses(said(language, "Go on"))
    before = session(visitor)
    visitor.opens("/my/proof?then=/my/proof")
    hidden = address[0] + "•••" + address[address.index("@") :]
    visitor.presses(said(language, "To %(contact)s", contact=hidden))
    visitor.page.get_by_label(said(language, "Code of eight digits")).fill(customers.code(address, 2))
    visitor.presses(said(language, "Go on"))
    assert at(visitor) == "/my/choices"
    assert session(visitor) != before


def session(visitor: Visitor) -> str:
    """What the browser holds."""
    (found,) = [one["value"] for one in visitor.context.cookies() if one["name"] == "my"]
    return str(found)
