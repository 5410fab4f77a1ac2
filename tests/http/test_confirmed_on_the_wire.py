"""Double opt-in as a form, a mail program, a scanner and a person see it, on both databases."""

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from acts import Body, email, given, new_card, new_email, person, question
from asking import eventually
from dying_calls import Point, dies

from support.installation import Serving
from support.smtp import Sink, Taken


def asking(address: str, **changed: object) -> Body:
    """The body of somebody's own form, by which they subscribe."""
    event = given(address, confirm="email", method="form", source_event_id=str(uuid4())) | changed
    return {"subject": person(email(address)), "events": [event]}


class Form:
    """The web shop's, and the mailbox of whoever fills it in."""

    def __init__(self, till: httpx.Client, mailbox: Sink) -> None:
        self.till = till
        self.mailbox = mailbox
        self.address = new_email()

    def sends(self, **changed: object) -> Body:
        answer = self.till.post("/v1/consents", json=asking(self.address, **changed))
        assert answer.status_code == 201, answer.text
        (event,) = answer.json()["events"]
        return dict(event)

    def mails(self) -> list[Taken]:
        mine = [self.address.lower()]
        return [one for one in self.mailbox.taken if [to.lower() for to in one.to] == mine]

    def mail(self) -> str:
        eventually(self.mails)
        return str(self.mails()[0].message.get_content())

    def link(self) -> str:
        found = re.search(r"https?://\S+", self.mail())
        assert found
        return urlsplit(found[0]).path

    def reason(self, **changed: str) -> str:
        answer = self.till.post("/v1/check", json=question(self.address, **changed)).json()
        return str(answer["reasons"][0]["code"])

    def history(self, event: Body) -> list[Body]:
        found: list[Body] = self.till.get(f"/v1/subjects/{event['subject_id']}/history").json()["events"]
        return found


@pytest.fixture
def form(till: httpx.Client, mailbox: Sink) -> Form:
    return Form(till, mailbox)


@pytest.fixture
def stranger(service: Serving) -> Iterator[httpx.Client]:
    with service.stranger() as client:
        yield client


def test_a_yes_waits_until_the_button_is_pressed(form: Form, stranger: httpx.Client) -> None:
    event = form.sends()
    assert (event["state"], event["claim"]) == ("requested", "given")
    assert form.reason() == "requested"
    path = form.link()
    for method in ("GET", "HEAD", "GET"):
        stranger.request(method, path)
    assert form.reason() == "requested"
    page = stranger.get(path, params={"lang": "fr"})
    assert page.status_code == 200
    assert "La lettre de Maison Lavande" in page.text
    assert page.text.count("<button") == 1
    assert form.address.lower() not in page.text.lower()
    done = stranger.post(path, params={"lang": "fr"})
    assert done.status_code == 200
    assert "C’est confirmé" in done.text
    assert form.reason() == "consent_given"


def test_both_events_are_evidence(form: Form, stranger: httpx.Client) -> None:
    first = form.sends()
    stranger.post(form.link())
    second, before = form.history(first)
    assert (second["event"]["state"], second["method"]) == ("given", "double_opt_in")
    assert (before["event"]["state"], before["event"]["claim"]) == ("requested", "given")
    assert before["event"]["id"] == first["id"]
    assert second["notice"] == before["notice"]
    # Both have their place in the log.
    assert second["entry_id"] != before["entry_id"]


def test_pressing_again_says_so_and_writes_nothing(
    service: Serving, form: Form, stranger: httpx.Client
) -> None:
    form.sends()
    path = form.link()

    async def press() -> list[str]:
        async with httpx.AsyncClient(base_url=service.address, timeout=60) as client:
            answers = await asyncio.gather(*(client.post(path, params={"lang": "en"}) for _ in range(8)))
        return [found[1] for one in answers if (found := re.search("<h1>(.*)</h1>", one.text))]

    before = service.installation.entries().count("consent.confirmed")
    said = asyncio.run(press())
    assert sorted(said) == ["It is confirmed"] + ["You confirmed before"] * 7
    assert "You confirmed before" in stranger.get(path, params={"lang": "en"}).text
    assert service.installation.entries().count("consent.confirmed") == before + 1


def test_one_mail_goes_out_however_often_the_form_is_sent(form: Form) -> None:
    body = asking(form.address)
    key = {"idempotency-key": str(uuid4())}
    for _ in range(3):
        form.till.post("/v1/consents", json=body, headers=key).raise_for_status()
    form.till.post("/v1/consents", json=body).raise_for_status()
    # A second press of the form's own button is another event, and no other mail.
    form.sends()
    form.link()
    other = Form(form.till, form.mailbox)
    other.sends()
    other.link()
    assert len(form.mails()) == 1


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ("Si ce n’est pas vous, ne faites rien", "La lettre de Maison Lavande", "Rien ne commence")),
        ("en", ("If it was not you, do nothing", "The Maison Lavande newsletter", "Nothing begins")),
    ],
)
def test_the_mail_is_short_and_says_who_asks_what_and_until_when(
    form: Form, language: str, said: tuple[str, ...]
) -> None:
    form.sends(notice={"id": "newsletter", "version": "3", "language": language})
    text = form.mail()
    assert all(one in text for one in (*said, "Maison Lavande SAS"))
    assert re.search(r"20\d\d\.", text)
    assert len(text) < 800
    (mail,) = form.mails()
    assert mail.message["content-language"] == language
    assert mail.message["auto-submitted"] == "auto-generated"


def test_another_channel_is_confirmed_by_the_persons_own_address(form: Form, stranger: httpx.Client) -> None:
    device = {"scheme": "device", "value": new_card()}
    event = given(channel="push", confirm="email", method="toggle") | {"contact_point": device}
    body = {"subject": person(email(form.address), device), "events": [event]}
    form.till.post("/v1/consents", json=body).raise_for_status()
    assert form.reason(channel="push") == "requested"
    stranger.post(form.link())
    assert form.reason(channel="push") == "consent_given"


def test_a_confirmed_yes_lifts_an_objection_made_before(form: Form, stranger: httpx.Client) -> None:
    body = {"subject": person(email(form.address)), "method": "spoken", "occurred_at": "2026-11-02"}
    form.till.post("/v1/objections", json=body).raise_for_status()
    form.sends()
    assert form.reason() == "objected"
    stranger.post(form.link())
    assert form.reason() == "consent_given"
    assert form.reason(purpose="promotions") == "objected"


def test_who_objected_after_they_filled_in_a_form_is_not_written_to(form: Form) -> None:
    body = {"subject": person(email(form.address)), "method": "spoken"}
    form.till.post("/v1/objections", json=body).raise_for_status()
    answer = form.till.post("/v1/consents", json=asking(form.address))
    assert (answer.status_code, answer.json()["code"]) == (422, "not_asked_again")


def test_a_press_counts_after_a_no_that_came_between(form: Form, stranger: httpx.Client) -> None:
    event = form.sends()
    path = form.link()
    no = given(state="withdrawn", occurred_at=None) | {"notice": None, "method": "spoken"}
    body = {"subject": person(email(form.address)), "events": [{k: v for k, v in no.items() if v}]}
    form.till.post("/v1/consents", json=body).raise_for_status()
    assert form.reason() == "withdrawn"
    stranger.post(path)
    assert form.reason() == "consent_given"
    assert len(form.history(event)) == 3


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"purpose": "gone"}, "unknown_purpose", "/events/0/purpose"),
        ({"notice": None}, "notice_missing", "/events/0/notice"),
        ({"collector": None}, "collector_missing", "/events/0/collector"),
        ({"method": None, "on_incomplete": "keep_as_claim"}, "method_missing", "/events/0/method"),
        ({"occurred_at": None}, "time_missing", "/events/0/occurred_at"),
        ({"state": "withdrawn"}, "nothing_to_confirm", "/events/0/confirm"),
        ({"state": "requested"}, "nothing_to_confirm", "/events/0/confirm"),
        ({"method": "prechecked"}, "prechecked", "/events/0/method"),
        ({"confirm": "sms"}, "invalid_body", "/events/0/confirm"),
    ],
)
def test_what_no_button_could_make_a_yes_is_refused_whole(
    service: Serving, form: Form, changed: dict[str, object], code: str, pointer: str
) -> None:
    before = service.installation.entries()
    body = asking(form.address, **changed)
    body["events"][0] = {name: value for name, value in body["events"][0].items() if value is not None}
    answer = form.till.post("/v1/consents", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert service.installation.entries() == before


def test_without_an_address_to_write_to_nothing_is_recorded(service: Serving, till: httpx.Client) -> None:
    before = service.installation.entries()
    card = {"scheme": "loyalty", "value": new_card()}
    body = {"subject": person(card), "events": [given(confirm="email", channel="push")]}
    answer = till.post("/v1/consents", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_email_to_confirm")
    assert service.installation.entries() == before


def test_who_is_meant_must_be_clear(till: httpx.Client) -> None:
    shared = new_email()
    for _ in range(2):
        who = person(email(shared), {"scheme": "loyalty", "value": new_card()})
        till.post("/v1/consents", json={"subject": who, "events": [given(shared)]}).raise_for_status()
    answer = till.post("/v1/consents", json=asking(shared))
    assert (answer.status_code, answer.json()["code"]) == (422, "ambiguous_subject")


def test_promise_13_a_link_that_is_none_leads_nowhere_in_the_same_words(
    form: Form, stranger: httpx.Client
) -> None:
    form.sends()
    path = form.link()
    other = "B" if path[-1] == "A" else "A"
    paths = ["/confirm/x", "/confirm/" + "A" * 66, path[:-1] + other, path + "A", "/confirm/%00"]
    pages = [stranger.get(one) for one in paths] + [stranger.post(one) for one in paths]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert form.reason() == "requested"


def test_promise_1_a_press_that_was_committed_before_the_process_died_counts_once(
    service: Serving, form: Form, stranger: httpx.Client
) -> None:
    form.sends()
    path = form.link()
    assert dies(service.installation, Point.COMMITTED, path, {}, {})
    assert form.reason() == "consent_given"
    before = service.installation.entries()
    assert "You confirmed before" in stranger.post(path, params={"lang": "en"}).text
    assert service.installation.entries() == before


def test_promise_1_an_event_whose_process_died_still_gets_its_mail(service: Serving, form: Form) -> None:
    headers = {"authorization": form.till.headers["authorization"]}
    assert dies(service.installation, Point.COMMITTED, "/v1/consents", asking(form.address), headers)
    assert form.link()
    assert len(form.mails()) == 1
