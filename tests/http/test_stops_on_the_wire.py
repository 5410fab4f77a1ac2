"""Stop links as mail programs, scanners and people use them (RFC 8058), over a socket, on both databases."""

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from acts import Body, email, new_email, person, question, recording
from dying_calls import Point, dies

from support.installation import Serving

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Reader:
    """Somebody who consented, and has a message."""

    def __init__(self, till: httpx.Client, **message: str) -> None:
        self.address = new_email()
        self.till = till
        till.post("/v1/consents", json=recording(self.address)).raise_for_status()
        self.headers = links(till, email(self.address), **message)[0]["headers"]
        found = re.fullmatch(r"<(https?://[^<>, ]+)>", self.headers["List-Unsubscribe"])
        assert found
        self.path = urlsplit(found[1]).path

    def reason(self, **changed: str) -> str:
        answer = self.till.post("/v1/check", json=question(self.address, **changed)).json()
        return str(answer["reasons"][0]["code"])


def links(till: httpx.Client, *who: Body, purpose: str = "newsletter", channel: str = "email") -> list[Body]:
    body = {"purpose": purpose, "channel": channel, "recipients": [{"subject": one} for one in who]}
    answer = till.post("/v1/links", json=body)
    assert answer.status_code == 200, answer.text
    found: list[Body] = answer.json()["links"]
    return found


@pytest.fixture
def stranger(service: Serving) -> Iterator[httpx.Client]:
    with service.stranger() as client:
        yield client


def test_one_click_is_a_form_without_login_cookie_or_redirect(
    till: httpx.Client, stranger: httpx.Client
) -> None:
    reader = Reader(till)
    assert reader.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert reader.reason() == "consent_given"
    answer = stranger.post(reader.path, data=ONE_CLICK)
    assert (answer.status_code, answer.history) == (200, [])
    assert "set-cookie" not in answer.headers
    assert len(answer.content) < 6_000
    assert "<form" not in answer.text
    assert reader.reason() == "withdrawn"


@pytest.mark.parametrize(
    "sent",
    [
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"data": {}},
        {"content": b""},
        {"content": b"\x00\xff=&=%zz", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
        {"data": {"do": "everything and more"}},
        {"data": ONE_CLICK, "headers": {"cookie": "consentd=no", "authorization": "Basic x"}},
        {"content": b"x" * 70_000, "headers": {"content-type": "application/x-www-form-urlencoded"}},
    ],
    ids=lambda sent: str(sent)[:40],
)
def test_promise_14_whatever_a_mail_program_sends_a_link_that_holds_stops(
    till: httpx.Client, stranger: httpx.Client, sent: dict[str, object]
) -> None:
    reader = Reader(till)
    assert stranger.post(reader.path, **sent).status_code == 200
    assert reader.reason() == "withdrawn"


def test_a_scanner_that_follows_the_link_changes_nothing(
    service: Serving, till: httpx.Client, stranger: httpx.Client
) -> None:
    reader = Reader(till)
    before = service.installation.entries()
    for method in ("GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        answer = stranger.request(method, reader.path)
        assert answer.status_code in (200, 204, 405)
    page = stranger.get(reader.path, params={"do": "all", **ONE_CLICK})
    assert page.status_code == 200
    looked = stranger.head(reader.path)
    assert (looked.status_code, looked.content) == (200, b"")
    assert looked.headers["cache-control"] == "no-store"
    assert stranger.head("/v1/links").status_code == 405
    assert service.installation.entries() == before
    assert reader.reason() == "consent_given"


def test_promise_14_a_second_press_is_answered_alike_and_writes_nothing(
    service: Serving, till: httpx.Client, stranger: httpx.Client
) -> None:
    reader = Reader(till)
    first = stranger.post(reader.path, data=ONE_CLICK)
    before = service.installation.entries()
    second = stranger.post(reader.path, data=ONE_CLICK)
    assert (second.status_code, second.text) == (200, first.text)
    assert service.installation.entries() == before


def test_presses_at_the_same_time_write_one_event(service: Serving, till: httpx.Client) -> None:
    reader = Reader(till, purpose="promotions")
    before = service.installation.entries().count("stop.recorded")

    async def press() -> list[int]:
        async with httpx.AsyncClient(base_url=service.address, timeout=60) as client:
            answers = await asyncio.gather(*(client.post(reader.path, data=ONE_CLICK) for _ in range(12)))
        return [one.status_code for one in answers]

    assert asyncio.run(press()) == [200] * 12
    assert service.installation.entries().count("stop.recorded") == before + 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_says_what_the_message_was_for_and_is_the_same_for_everybody(
    till: httpx.Client, stranger: httpx.Client, language: str
) -> None:
    ana, ben = Reader(till), Reader(till)
    stranger.post(ben.path, data={"do": "all"})
    pages = [stranger.get(one.path, params={"lang": language}) for one in (ana, ben)]
    # But for its own address, by which the other language is reached.
    assert pages[0].text.replace(ana.path, "") == pages[1].text.replace(ben.path, "")
    said = {"fr": "La lettre de Maison Lavande", "en": "The Maison Lavande newsletter"}
    assert said[language] in pages[0].text
    assert pages[0].text.count('name="do"') == 3
    assert ana.address.lower() not in pages[0].text.lower()
    assert pages[0].headers["content-language"] == language
    assert pages[0].headers["referrer-policy"] == "no-referrer"
    assert pages[0].headers["cache-control"] == "no-store"
    assert "script" not in pages[0].headers["content-security-policy"]


def test_the_buttons_stop_as_much_as_they_say(till: httpx.Client, stranger: httpx.Client) -> None:
    reader = Reader(till)
    page = stranger.post(reader.path, params={"lang": "fr"}, data={"do": "channel"})
    assert "e-mail" in page.text
    assert reader.reason(purpose="promotions") == "objected"
    assert reader.reason(purpose="promotions", channel="post") != "objected"
    page = stranger.post(reader.path, params={"lang": "fr"}, data={"do": "all"})
    assert page.text.count('name="do"') == 0
    assert reader.reason(purpose="promotions", channel="in_store") == "objected"
    assert reader.reason(purpose="orders") == "contract"


@pytest.mark.parametrize(
    ("purpose", "why"),
    [("orders", "nécessaires à ce que vous avez"), ("product_recall", "La loi nous oblige")],
)
def test_what_cannot_be_stopped_says_why_with_200(
    service: Serving, till: httpx.Client, stranger: httpx.Client, purpose: str, why: str
) -> None:
    reader = Reader(till, purpose=purpose)
    before = service.installation.entries()
    for page in (
        stranger.get(reader.path, params={"lang": "fr"}),
        stranger.post(reader.path, params={"lang": "fr"}, data=ONE_CLICK),
    ):
        assert page.status_code == 200
        assert why in page.text
    assert service.installation.entries() == before
    assert reader.reason(purpose=purpose) in ("contract", "legal_obligation")


def test_promise_13_a_link_that_does_not_hold_leads_nowhere_in_the_same_words(
    till: httpx.Client, stranger: httpx.Client
) -> None:
    reader = Reader(till)
    other = "B" if reader.path[-1] == "A" else "A"
    paths = [f"/stop/{'A' * 98}", reader.path[:-1] + other, "/stop/x", "/stop/%00", reader.path + "A"]
    pages = [stranger.get(path) for path in paths] + [stranger.post(path, data=ONE_CLICK) for path in paths]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "leads nowhere" in pages[0].text
    assert reader.reason() == "consent_given"


def test_links_are_made_for_a_thousand_at_once_and_name_nobody(till: httpx.Client) -> None:
    known = [email(new_email()) for _ in range(3)]
    for one in known:
        till.post("/v1/consents", json=recording(one["value"])).raise_for_status()
    found = links(till, *([*known, email(new_email())] * 250))
    assert [one["code"] for one in found] == [None, None, None, "unknown_person"] * 250
    assert len({one["url"] for one in found[:4]}) == 4
    assert found[0]["url"] == found[4]["url"]
    assert not any("exemple" in (one["url"] or "") for one in found)
    too_many = {"purpose": "newsletter", "channel": "email", "recipients": [{"subject": known[0]}] * 1001}
    assert till.post("/v1/links", json=too_many).status_code == 422


def test_links_are_made_within_the_limits_of_a_system(service: Serving) -> None:
    body = {"channel": "email", "recipients": [{"subject": person()["identifiers"]}]}
    with service.client("check", purposes=["newsletter"]) as mailer:
        assert mailer.post("/v1/links", json={"purpose": "newsletter", **body}).status_code == 200
        refused = mailer.post("/v1/links", json={"purpose": "promotions", **body})
    assert (refused.status_code, refused.json()["code"]) == (403, "outside_limits")
    with service.client("consent:write") as other:
        assert other.post("/v1/links", json={"purpose": "newsletter", **body}).status_code == 403


def test_promise_1_a_stop_that_was_committed_before_the_process_died_counts_once(
    service: Serving, till: httpx.Client, stranger: httpx.Client
) -> None:
    reader = Reader(till)
    assert dies(service.installation, Point.COMMITTED, reader.path, {}, {})
    assert reader.reason() == "withdrawn"
    before = service.installation.entries()
    assert stranger.post(reader.path, data=ONE_CLICK).status_code == 200
    assert service.installation.entries() == before
