"""What comes late, twice, too long or from somebody half known: pages that few meet, and those when tired."""

import pytest
from at_the_binder import hired
from at_the_door import at, comes

from consentd.portal.reach import Reach
from support.customers import Customers, said
from support.installation import Serving
from support.visitor import DESKTOP, PHONE, Look, Visitor, Visits

in_both = pytest.mark.parametrize("language", ["fr", "en"])
TWO = (Look("light", DESKTOP), Look("dark", PHONE))
"""Both themes, both widths."""

_KEEPS_OFF_THE_BORDER = """(one) => {
    const words = document.createRange(), box = one.getBoundingClientRect();
    words.selectNodeContents(one);
    const {left, right} = words.getBoundingClientRect();
    return left >= box.left + 8 && right <= box.right - 8;
}"""


def main(visitor: Visitor) -> str:
    text: str = visitor.page.locator("main").inner_text()
    return text


def sends_as_it_is(visitor: Visitor, form: int = 0) -> None:
    """As a browser does that looks at nothing itself."""
    visitor.page.evaluate(
        "document.querySelectorAll('main form').forEach((one) => { one.noValidate = true })"
    )
    visitor.clicks(visitor.page.locator("main form").nth(form).locator("button").last)


def fills(visitor: Visitor, name: str, text: str) -> None:
    """Whatever its length, as a browser that heeds no bound."""
    visitor.page.locator(f'[name="{name}"]').evaluate("(one, text) => { one.value = text }", text)


@in_both
def test_forms_come_back_with_what_is_wrong_in_them(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    subject = customers.gives(customers.stranger())["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.PERSON)
    visitor.opens("/my/details/name")
    sends_as_it_is(visitor)
    assert visitor.status == 422
    visitor.examines("details-name-wrong", TWO)
    # Every field of a form at once, and a line without a space in it.
    visitor.opens("/my/rights/directives")
    for name, most in (("name", 200), ("contact", 500), ("words", 5000)):
        fills(visitor, name, "a" * (most + 1))
    sends_as_it_is(visitor)
    assert visitor.status == 422
    # Said in the order of the fields.
    led = (
        visitor.page.get_by_role("alert")
        .locator("a")
        .evaluate_all("(all) => all.map((one) => one.hash.slice(1))")
    )
    assert led == ["field-wish", "field-name", "field-contact", "field-words"]
    visitor.examines("right-directives-all-wrong", TWO)
    visitor.opens("/my/rights/objection")
    fills(visitor, "words", "Je ne veux plus. " * 400)
    visitor.page.locator('[name="purposes"]').first.evaluate(
        "(one) => { one.value = 'nothing'; one.checked = true }"
    )
    sends_as_it_is(visitor)
    assert visitor.page.get_by_role("alert").locator("a").count() == 2
    visitor.examines("right-objection-all-wrong", TWO)


@in_both
def test_what_comes_too_late_or_twice_is_said(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    address = customers.stranger()
    subject = customers.gives(address)["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.PERSON)
    late = comes(visits, service, subject, language, Reach.PERSON)
    # Two pages are open, and both are told the same.
    for one in (visitor, late):
        one.opens("/my/choices")
    for one in (visitor, late):
        one.clicks(one.page.locator('button[value^="stop:newsletter:email:"]').first)
    assert said(language, "It was so already.") in late.page.get_by_role("status").inner_text()
    late.examines("choices-twice", TWO)
    # Somebody takes back what staff agreed to meanwhile.
    visitor.opens("/my/details/name")
    fills(visitor, "right", "Nadia Renard")
    sends_as_it_is(visitor)
    request = at(visitor)
    step = {"step": "approve", "by": hired(customers)}
    answer = customers.desk.post(f"/v1{request.removeprefix('/my')}/steps", json=step)
    assert answer.is_success, answer.text
    visitor.presses(said(language, "Take this request back"))
    assert visitor.status == 409
    visitor.examines("request-too-late", TWO)
    assert main(visitor).count(said(language, "Our staff agreed.")) == 1
    visitor.opens("/my/requests")
    visitor.examines("requests-approved", TWO)


@in_both
def test_a_parent_agreed_and_mail_comes_back(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    address = customers.stranger()
    who = {"scheme": "email", "value": address}
    facts = [
        {"kind": "birth_date", "value": "2014-05-01"},
        {"kind": "unreachable", "occurred_at": "2026-11-21T10:15:00+01:00", "contact_point": who},
    ]
    body = {"subject": {"identifiers": [who], "territory": "FR"}, "facts": facts[:1]}
    assert customers.desk.post("/v1/facts", json=body).is_success
    agreed = {"holder": "Samira Renard", "method": "signed_form"}
    subject = customers.gives(address, parental=agreed)["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.PERSON)
    visitor.opens("/my/choices")
    assert said(language, "with a parent’s agreement") in main(visitor)
    visitor.examines("choices-parent", TWO)
    visitor.opens("/my/history")
    assert said(language, "A parent agreed too.") in main(visitor)
    assert agreed["holder"] not in visitor.page.content()
    visitor.examines("history-parent", TWO)
    body = {"subject": {"identifiers": [who], "territory": "FR"}, "facts": facts[1:]}
    assert customers.desk.post("/v1/facts", json=body).is_success
    visitor.opens("/my/choices")
    visitor.examines("choices-unreachable", TWO)
    visitor.opens("/my/details")
    assert said(language, "Messages to it come back.") in main(visitor)
    visitor.examines("details-unreachable", TWO)
    visitor.looks(Look("dark", PHONE))
    assert visitor.page.locator("main .button").last.evaluate(_KEEPS_OFF_THE_BORDER)


@in_both
def test_whom_no_code_reaches_is_told_where_to_write(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    who = [{"scheme": "device", "value": customers.stranger()}]
    born = {"kind": "birth_date", "value": "1980-05-01"}
    answer = customers.desk.post(
        "/v1/facts", json={"subject": {"identifiers": who, "territory": "FR"}, "facts": [born]}
    )
    assert answer.is_success, answer.text
    subject = answer.json()["facts"][0]["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.CHOICES)
    visitor.opens("/my/proof")
    assert visitor.page.locator('main button[name="to"]').count() == 0
    visitor.examines("proof-none", TWO)
    visitor.opens("/my/choices")
    visitor.examines("choices-unreached", TWO)
