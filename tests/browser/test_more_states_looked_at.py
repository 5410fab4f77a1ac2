"""States of the customers' own pages that few meet: every contact method at once, frozen data, mistakes.

They come by a cookie that was opened beside the service: getting in has tests of its own.
"""

from typing import Any
from uuid import uuid4

import pytest
from at_the_door import at, comes

from consentd.portal.reach import Reach
from support.customers import Customers, said
from support.installation import Serving
from support.visitor import DESKTOP, PHONE, Look, Visitor, Visits

in_both = pytest.mark.parametrize("language", ["fr", "en"])
TWO = (Look("light", DESKTOP), Look("dark", PHONE))
"""Both themes, both widths."""


def everything(customers: Customers) -> tuple[str, str]:
    """Somebody who is reached by all contact methods, at two addresses: their address and the record's id."""
    address = customers.stranger()
    number = uuid4().int
    also = [
        {"scheme": "email", "value": f"autre.{address}"},
        {"scheme": "phone", "value": f"+3361234{number % 10_000:04}"},
        {"scheme": "postal", "value": f"{number % 1000} rue du Puits, 69007 Lyon"},
        {"scheme": "device", "value": f"device-{number}"},
        {"scheme": "social", "value": f"insta:{number}"},
    ]
    point = {"scheme": "email", "value": address}
    told = customers.gives(address, *also, contact_point=point)
    customers.gives(address, contact_point=also[0], state="refused", notice=None)
    return address, told["subject_id"]


def sends_as_it_is(visitor: Visitor) -> None:
    """The first form of the page, as a browser does that looks at nothing itself."""
    visitor.page.evaluate("document.querySelector('main form').noValidate = true")
    visitor.clicks(visitor.page.locator("main form button").first)


def field(visitor: Visitor, name: str) -> Any:
    return visitor.page.locator(f'[name="{name}"]')


@in_both
def test_many_contact_methods_fit_on_whatever_screen(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    _, subject = everything(customers)
    visitor = comes(visits, service, subject, language, Reach.CHOICES)
    for path, name in (("/my/choices", "choices-many"), ("/my/choices?each=1", "choices-each")):
        assert visitor.opens(path) == 200
        visitor.examines(name, TWO)
        for width in (1024, 1366, 1600):
            visitor.looks(Look("light", width))
            assert not visitor.too_wide(), (path, width)


@in_both
def test_nobody_is_shut_out_of_what_few_meet(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    address, subject = everything(customers)
    masked = comes(visits, service, subject, language, Reach.CHOICES)
    assert masked.opens("/my/details") == 200
    masked.examines("details-masked", TWO)
    visitor = comes(visits, service, subject, language, Reach.PERSON)
    assert visitor.opens("/my/history") == 200
    visitor.clicks(visitor.page.locator('a[href^="/my/history/0"]').first)
    visitor.page.locator("summary").click()
    visitor.examines("notice")
    for path in ("/my/rights/portability", "/my/rights/restriction", "/my/rights/directives"):
        assert visitor.opens(path) == 200
        visitor.examines(path.removeprefix("/my/").replace("/", "-"), TWO)
    visitor.opens("/my/rights/objection")
    sends_as_it_is(visitor)
    assert field(visitor, "words").get_attribute("aria-invalid") == "true"
    visitor.examines("right-objection-wrong", TWO)
    # A contact detail, a mistake in it, and the code that a new one takes.
    visitor.opens("/my/details")
    visitor.clicks(visitor.page.locator('main a[href^="/my/details/0"]').first)
    visitor.examines("detail", TWO)
    detail = at(visitor)
    field(visitor, "right").first.fill("no address")
    sends_as_it_is(visitor)
    visitor.examines("detail-wrong", TWO)
    visitor.opens(detail)
    field(visitor, "right").first.fill(f"neuve.{address}")
    sends_as_it_is(visitor)
    visitor.examines("detail-code", TWO)


@in_both
def test_frozen_data_look_frozen(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    _, subject = everything(customers)
    visitor = comes(visits, service, subject, language, Reach.PERSON)
    visitor.opens("/my/rights/access")
    visitor.presses(said(language, "Ask for a copy"))
    visitor.opens("/my/rights/restriction")
    visitor.presses(said(language, "Freeze my data"))
    visitor.examines("request-restriction", TWO)
    for path, name in (
        ("/my/choices", "choices-frozen"),
        ("/my/rights", "rights-frozen"),
        ("/my/rights/lifting", "right-lifting"),
        ("/my/requests", "requests-two"),
    ):
        assert visitor.opens(path) == 200, path
        visitor.examines(name, TWO)


@in_both
def test_what_goes_wrong_looks_like_the_other_pages(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    _, subject = everything(customers)
    visitor = comes(visits, service, subject, language, Reach.CHOICES)
    assert visitor.opens("/my/nowhere") == 404
    visitor.examines("sorry-nothing")
    visitor.opens("/my/choices")
    visitor.page.evaluate("document.querySelector('main [name=csrf]').value = 'x'")
    visitor.clicks(visitor.page.locator('form[action="/my/stop-all"] button'))
    assert visitor.status == 403
    visitor.examines("sorry-form", TWO)
    visitor.context.clear_cookies()
    visitor.opens("/my/choices")
    assert at(visitor) == "/my"
    visitor.examines("door-over", TWO)
    visitor.opens("/my/receipts")
    visitor.examines("receipts-stranger", TWO)


@in_both
def test_a_press_for_nothing_a_long_history_and_a_withdrawal(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    address = customers.stranger()
    for day in range(1, 23):
        told = customers.gives(address, occurred_at=f"2026-10-{day:02}T10:15:00+02:00")
    visitor = comes(visits, service, told["subject_id"], language, Reach.PERSON)
    visitor.opens("/my/choices")
    press = visitor.page.locator("table button").first
    press.evaluate("(one) => { one.value = 'stop:nothing:email::' }")
    visitor.clicks(press)
    assert said(language, "Nothing was changed.") in visitor.page.locator("main").inner_text()
    visitor.examines("choices-wrong", TWO)
    visitor.opens("/my/history")
    visitor.presses(said(language, "What was before"), "link")
    visitor.examines("history-before", TWO)
    visitor.opens("/my/rights")
    visitor.presses(said(language, "Withdraw all my consents"))
    visitor.examines("request-withdrawal", TWO)
    assert customers.reason(address) == "withdrawn"
