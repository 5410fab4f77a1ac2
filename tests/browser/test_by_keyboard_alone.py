"""No mouse from the choices to a request that was asked for, and out again: Tab, Enter and Space."""

import pytest
from at_the_door import at, comes

from consentd.portal.reach import Reach
from support.customers import Customers, said
from support.installation import Serving
from support.visitor import PHONE, Look, Visitor, Visits


def strikes(visitor: Visitor, key: str, sentence: str, role: str = "button", **filled: object) -> None:
    """A control that leads on, found by Tab alone."""
    visitor.tabs_to(said(visitor.language, sentence, **filled), role)
    visitor.strikes(key)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_from_the_choices_to_a_copy_and_out_no_mouse_is_needed(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    address = customers.stranger()
    subject = customers.gives(address)["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.CHOICES, look=Look("light", PHONE))
    visitor.opens("/my/choices")
    visitor.tabs_onto(visitor.page.locator('button[value^="stop:newsletter:email:"]'), "button to stop")
    visitor.strikes("Space")
    assert customers.reason(address) == "withdrawn"
    strikes(visitor, "Enter", "Stop all marketing")
    assert said(language, "Saved.") in visitor.page.get_by_role("status").inner_text()
    strikes(visitor, "Enter", "My rights", "link")
    strikes(visitor, "Enter", "Ask for a copy", "link")
    assert at(visitor) == "/my/proof"
    hidden = address[0] + "•••" + address[address.index("@") :]
    strikes(visitor, "Enter", "To %(contact)s", contact=hidden)
    visitor.tabs_to(said(language, "Code of eight digits"), "textbox")
    visitor.page.keyboard.type(customers.code(address))
    visitor.strikes("Enter")
    assert at(visitor) == "/my/rights/access"
    strikes(visitor, "Space", "Ask for a copy")
    assert at(visitor).startswith("/my/requests/")
    strikes(visitor, "Enter", "Sign out")
    assert said(language, "You are signed out.") in visitor.page.locator("main").inner_text()
