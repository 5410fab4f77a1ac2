"""The page of choices, as somebody meets it: one press either way, in whatever language, theme and width."""

from typing import Any

import pytest
from at_the_door import at, comes_in, examines

from support.customers import Customers, said
from support.measured import measured
from support.visitor import Visitor, Visits

in_every_way = pytest.mark.parametrize(
    ("language", "script"), [("fr", True), ("en", True), ("fr", False), ("en", False)]
)


def of_newsletter(visitor: Visitor, wish: str) -> Any:
    return visitor.page.locator(f'button[value^="{wish}:newsletter:email:"]').first


@in_every_way
def test_a_choice_is_one_press_away_and_so_is_the_other(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.new()
    visitor = visits(language=language, script=script)
    comes_in(visitor, customers, address)
    assert at(visitor) == "/my/choices"
    examines(visitor, "choices")
    assert address not in visitor.page.content()
    visitor.clicks(of_newsletter(visitor, "stop"))
    assert customers.reason(address) != "consent_given"
    assert said(language, "Saved.") in visitor.page.get_by_role("status").inner_text()
    examines(visitor, "choices-stopped")
    visitor.clicks(of_newsletter(visitor, "agree"))
    assert customers.reason(address) == "consent_given"
    examines(visitor, "choices-agreed")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_to_agree_and_to_stop_weigh_the_same(visits: Visits, customers: Customers, language: str) -> None:
    visitor = visits(language=language)
    comes_in(visitor, customers, customers.new())
    stop = measured(of_newsletter(visitor, "stop"))
    visitor.clicks(of_newsletter(visitor, "stop"))
    agree = measured(of_newsletter(visitor, "agree"))
    assert (stop.height, stop.letters, stop.border) == (agree.height, agree.letters, agree.border)
    assert (stop.contrast, stop.stands_out) == (agree.contrast, agree.stands_out)


@in_every_way
def test_all_marketing_stops_by_one_press_at_the_top(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.new()
    visitor = visits(language=language, script=script)
    comes_in(visitor, customers, address)
    visitor.tabs_to(said(language, "Stop all marketing"))
    visitor.strikes("Enter")
    assert customers.reason(address) != "consent_given"
    examines(visitor, "choices-none")


def test_a_yes_that_waits_is_shown_and_asks_for_nothing(visits: Visits, customers: Customers) -> None:
    address = customers.stranger()
    customers.gives(address, confirm="email")
    visitor = visits(language="en")
    comes_in_second(visitor, customers, address)
    assert "Waiting for you to confirm" in visitor.page.content()
    examines(visitor, "choices-waiting")


def comes_in_second(visitor: Visitor, customers: Customers, address: str) -> None:
    """By the second mail: the first one asks to confirm."""
    visitor.opens("/my")
    visitor.page.get_by_label(said(visitor.language, "Your email address")).fill(address)
    visitor.presses(said(visitor.language, "Send me a code"))
    visitor.page.get_by_label(said(visitor.language, "Code of eight digits")).fill(customers.code(address, 2))
    visitor.presses(said(visitor.language, "Go on"))


@in_every_way
def test_who_shares_an_address_can_stop_messages_to_it_and_sees_nobody(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.shared()
    visitor = visits(language=language, script=script)
    comes_in(visitor, customers, address)
    assert at(visitor) == "/my/choices"
    assert visitor.page.locator("table").count() == 0
    examines(visitor, "stop-here")
    for path in ("/my/rights", "/my/history", "/my/requests", "/my/details", "/my/proof"):
        visitor.opens(path)
        assert at(visitor) == "/my/choices", path
    visitor.clicks(visitor.page.locator("main form button").first)
    assert customers.reason(address) not in ("consent_given", "unknown_person")
    examines(visitor, "stop-here-done")
