"""How a request ends otherwise than hoped for, and people of whom little is known, or who are too young."""

import pytest
from at_the_binder import hired
from at_the_door import at, comes

from consentd.portal.reach import Reach
from support.customers import Customers, said
from support.installation import Serving
from support.visitor import DESKTOP, PHONE, Look, Visits

in_both = pytest.mark.parametrize("language", ["fr", "en"])
TWO = (Look("light", DESKTOP), Look("dark", PHONE))
"""Both themes, both widths."""


def decides(customers: Customers, request: str, step: str, **more: str) -> None:
    """A colleague, over the interface that staff's tools use."""
    body = {"step": step, "by": hired(customers), "reasons": "Asked every week for a year.", **more}
    answer = customers.desk.post(f"/v1{request}/steps", json=body)
    assert answer.is_success, answer.text


@in_both
def test_a_request_is_prolonged_refused_and_taken_back(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    subject = customers.gives(customers.stranger())["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.PERSON)
    visitor.opens("/my/rights/objection")
    visitor.page.locator('[name="words"]').fill("On m’appelle à l’atelier.")
    visitor.clicks(visitor.page.locator("main form button").last)
    objection = at(visitor)
    decides(customers, objection.removeprefix("/my"), "extend")
    visitor.opens("/my/rights/objection")
    visitor.examines("right-under-way", TWO)
    visitor.presses(said(language, "See how far it is"), "link")
    assert at(visitor) == objection
    visitor.examines("request-extended", TWO)
    decides(customers, objection.removeprefix("/my"), "refuse", article="GDPR 21(1)")
    assert visitor.opens(objection) == 200
    assert said(language, "Refused") in visitor.page.locator("main").inner_text()
    assert said(language, "is not connected; our staff see to it") not in visitor.page.content()
    visitor.examines("request-refused", TWO)
    # What nobody began yet is taken back by whoever asked.
    visitor.opens("/my/details/name")
    visitor.page.locator('[name="right"]').fill("Nadia Renard")
    visitor.clicks(visitor.page.locator("main form button").last)
    visitor.examines("request-approving", TWO)
    visitor.presses(said(language, "Take this request back"))
    assert said(language, "Taken back by you") in visitor.page.locator("main").inner_text()
    visitor.examines("request-withdrawn", TWO)


@in_both
def test_a_child_and_whoever_nothing_is_known_of(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    address = customers.stranger()
    who = [{"scheme": "email", "value": address}]
    born = {"kind": "birth_date", "value": "2016-05-01"}
    body = {"subject": {"identifiers": who, "territory": "FR"}, "facts": [born]}
    told = customers.desk.post("/v1/facts", json=body)
    assert told.is_success, told.text
    subject = told.json()["facts"][0]["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.PERSON)
    # Nobody agreed to anything, and nobody looked.
    visitor.opens("/my/history")
    assert said(language, "There is nothing yet.") in visitor.page.locator("main").inner_text()
    visitor.examines("history-none", TWO)
    visitor.opens("/my/choices")
    visitor.examines("choices-child", TWO)
    for _ in range(21):
        visitor.opens("/my/rights")
    visitor.opens("/my/history/looks")
    visitor.presses(said(language, "What was before"), "link")
    visitor.examines("looks-before", TWO)


@in_both
def test_a_second_proof_is_wrong_and_its_link_elsewhere_leads_nowhere(
    visits: Visits, service: Serving, customers: Customers, language: str
) -> None:
    address = customers.stranger()
    subject = customers.gives(address)["subject_id"]
    visitor = comes(visits, service, subject, language, Reach.CHOICES)
    visitor.opens("/my/proof?then=/my/history")
    visitor.clicks(visitor.page.locator('main button[name="to"]').first)
    visitor.page.locator('[name="code"]').fill("0000")
    visitor.clicks(visitor.page.locator("main form button").last)
    assert visitor.status == 422
    assert address[0] + "•••" in visitor.page.locator("main").inner_text()
    visitor.examines("code-second-wrong", TWO)
    link = customers.link(address)
    visitor.opens(link)
    visitor.examines("link-proof", TWO)
    stranger = visits(language=language)
    assert stranger.opens(link) == 404
    stranger.examines("link-elsewhere", TWO)
