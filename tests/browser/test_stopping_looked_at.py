"""Stopping by the link of a message, and confirming by the link of a mail: by a button, never by looking."""

from urllib.parse import urlsplit

import pytest

from support.customers import Customers, said
from support.measured import measured
from support.visitor import DESKTOP, MOST_BYTES, PHONE, Look, Visitor, Visits

in_every_way = pytest.mark.parametrize(
    ("language", "script"), [("fr", True), ("en", True), ("fr", False), ("en", False)]
)

TWO = (Look("light", DESKTOP), Look("dark", PHONE))
"""Both themes, both widths."""


def stop_link(customers: Customers, address: str, purpose: str = "newsletter") -> str:
    recipient = {"subject": {"scheme": "email", "value": address}}
    body = {"purpose": purpose, "channel": "email", "recipients": [recipient]}
    answer = customers.desk.post("/v1/links", json=body)
    assert answer.is_success, answer.text
    return urlsplit(answer.json()["links"][0]["url"]).path


def examines(visitor: Visitor, name: str) -> None:
    assert visitor.weight() <= MOST_BYTES
    if visitor.script:
        visitor.examines(name)


def heading(visitor: Visitor) -> str:
    return str(visitor.page.locator("h1").inner_text())


@in_every_way
def test_a_link_in_a_message_stops_by_a_button(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.new()
    path = stop_link(customers, address)
    visitor = visits(language=language, script=script)
    for _ in range(2):
        assert visitor.opens(path) == 200
    assert customers.reason(address) == "consent_given"
    examines(visitor, "stop")
    buttons = visitor.page.locator("main button")
    weights = [measured(buttons.nth(number)) for number in range(buttons.count())]
    assert len({(one.height, one.letters, one.contrast, one.stands_out) for one in weights}) == 1
    visitor.tabs_to(said(language, "Stop these messages"))
    visitor.strikes("Enter")
    assert heading(visitor) == said(language, "It is stopped")
    assert customers.reason(address) == "withdrawn"
    examines(visitor, "stop-done")
    visitor.presses(said(language, "Stop all marketing"))
    assert heading(visitor) == said(language, "It is stopped")
    assert address not in visitor.page.content()
    assert visitor.opens(f"{path}A") == 404
    examines(visitor, "stop-gone")
    assert visitor.context.cookies() == []


@in_every_way
def test_a_yes_is_confirmed_by_a_button(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.stranger()
    customers.gives(address, confirm="email")
    path = customers.link(address, leads="/confirm/")
    visitor = visits(language=language, script=script)
    for _ in range(2):
        assert visitor.opens(path.partition("?")[0]) == 200
    assert customers.reason(address) != "consent_given"
    examines(visitor, "confirm")
    visitor.tabs_to(said(language, "Yes, I confirm"))
    visitor.strikes("Enter")
    assert heading(visitor) == said(language, "It is confirmed")
    assert customers.reason(address) == "consent_given"
    examines(visitor, "confirm-done")
    visitor.opens(path.partition("?")[0])
    assert heading(visitor) == said(language, "You confirmed before")
    examines(visitor, "confirm-already")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_more_can_be_stopped_and_what_must_go_on_says_so(
    visits: Visits, customers: Customers, language: str
) -> None:
    address = customers.new()
    visitor = visits(language=language)
    assert visitor.opens(stop_link(customers, address, "orders")) == 200
    assert heading(visitor) == said(language, "These messages go on")
    visitor.examines("stop-goes-on", TWO)
    for wider in ("channel", "all"):
        visitor.opens(stop_link(customers, address))
        visitor.clicks(visitor.page.locator(f'main button[value="{wider}"]'))
        assert heading(visitor) == said(language, "It is stopped")
        visitor.examines(f"stop-done-{wider}", TWO)
    assert customers.reason(address) not in ("consent_given", "unknown_person")
    assert visitor.opens("/confirm/" + "A" * 43) == 404
    assert heading(visitor) == said(language, "This link leads nowhere")
    visitor.examines("confirm-gone", TWO)
