"""Rights, requests, contact details, history and receipts, as somebody meets them who proved who they are."""

import pytest
from at_the_door import at, comes_in, examines, proves

from support.customers import Customers, said
from support.visitor import Visits

PAGES = {
    "rights": "/my/rights",
    "right-erasure": "/my/rights/erasure",
    "right-objection": "/my/rights/objection",
    "requests-none": "/my/requests",
    "details": "/my/details",
    "details-name": "/my/details/name",
    "history": "/my/history",
    "looks": "/my/history/looks",
    "receipts": "/my/receipts",
}


@pytest.mark.parametrize(("language", "script"), [("fr", True), ("en", True), ("fr", False), ("en", False)])
def test_a_copy_is_asked_for_and_followed(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.new()
    visitor = visits(language=language, script=script)
    comes_in(visitor, customers, address)
    visitor.opens("/my/rights/access")
    assert at(visitor) == "/my/proof"
    proves(visitor, customers, address)
    for name, path in PAGES.items():
        assert visitor.opens(path) == 200, path
        examines(visitor, name)
    visitor.opens("/my/rights")
    visitor.tabs_to(said(language, "Ask for a copy"), "link")
    visitor.strikes("Enter")
    examines(visitor, "right-access")
    visitor.presses(said(language, "Ask for a copy"))
    assert at(visitor).startswith("/my/requests/")
    examines(visitor, "request")
    visitor.presses(said(language, "My requests"), "link")
    assert visitor.page.locator("main h2").count() == 1
    examines(visitor, "requests")
    assert address not in visitor.page.url


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_missing_is_said_and_what_was_written_is_kept(
    visits: Visits, customers: Customers, language: str
) -> None:
    address = customers.new()
    visitor = visits(language=language)
    comes_in(visitor, customers, address)
    proves(visitor, customers, address)
    visitor.opens("/my/rights/directives")
    visitor.page.get_by_label(said(language, "In your own words")).fill("Rien à mes neveux.")
    visitor.presses(said(language, "Save"))
    assert visitor.status == 422
    assert said(language, "Choose what is to be done.") in visitor.page.get_by_role("alert").inner_text()
    kept = visitor.page.get_by_label(said(language, "In your own words")).input_value()
    assert kept == "Rien à mes neveux."
    examines(visitor, "right-directives-wrong")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_all_marketing_is_stopped_by_one_press(visits: Visits, customers: Customers, language: str) -> None:
    address = customers.new()
    visitor = visits(language=language, script=False)
    comes_in(visitor, customers, address)
    assert customers.reason(address) == "consent_given"
    visitor.opens("/my/rights")
    visitor.presses(said(language, "Stop all marketing"))
    assert customers.reason(address) not in ("consent_given", "unknown_person")
