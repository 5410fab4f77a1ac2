"""The page of choices over a socket: looking, pressing, and what is told after it, without any script."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from consentd.portal.reach import Reach
from support.customers import signed_in
from support.installation import Serving
from support.pages import MOST_BYTES, Element, checked

BROWSER = "Mozilla/5.0 (Linux; Android 7.0) an old telephone"


class Shopper(httpx.Client):
    """Somebody's browser, signed in."""

    def look(self, query: str = "", language: str = "fr") -> Element:
        answer = self.get(f"/my/choices{query}", headers={"accept-language": language})
        assert answer.status_code == 200, answer.text
        assert len(answer.content) < MOST_BYTES
        assert answer.headers["cache-control"] == "no-store"
        return checked(answer.text, language)

    def press(self, words: str, use: str = "", path: str = "/my/choices") -> httpx.Response:
        """The button of these words, of a use by a contact method."""
        page = self.look()
        (csrf,) = {
            one.attributes["value"] for one in page.all("input") if one.attributes.get("name") == "csrf"
        }
        said = {"csrf": csrf}
        if use:
            (button,) = [one for one in page.all("button") if one.text.startswith(words) and use in one.text]
            said["do"] = button.attributes["value"]
        return self.post(path, data=said, headers={"accept-language": "fr"})


@contextmanager
def shopper(service: Serving, subject: str | None, reach: Reach, identifier: Any = None) -> Iterator[Shopper]:
    cookie = signed_in(service.installation, BROWSER, subject, reach, identifier)
    headers = {"user-agent": BROWSER, "cookie": f"my={cookie}", "sec-fetch-site": "same-origin"}
    with Shopper(base_url=service.address, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def ana(till: httpx.Client) -> dict[str, Any]:
    """A customer with a newsletter and an address of their own."""
    number = uuid4().hex[:10]
    email = {"scheme": "email", "value": f"ana.{number}@exemple.fr"}
    body = {
        "subject": {"identifiers": [email], "territory": "FR"},
        "events": [
            {
                "purpose": "newsletter",
                "channel": "email",
                "state": "given",
                "occurred_at": "2025-03-03T10:00:00+01:00",
                "contact_point": email,
                "notice": {"id": "newsletter", "version": "2", "language": "fr"},
                "method": "signed_form",
                "collector": "till",
                "collection_point": "Boutique de Lyon",
            }
        ],
    }
    answer = till.post("/v1/consents", json=body)
    assert answer.status_code == 201, answer.text
    return {"email": email, "subject": answer.json()["subject_id"], "point": answer.json()["events"][0]}


def allowed(till: httpx.Client, email: dict[str, str], purpose: str) -> bool:
    answer = till.post("/v1/check", json={"subject": email, "purpose": purpose, "channel": "email"})
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["allow"])


def test_the_page_tells_why_and_a_press_changes_it_at_once(
    service: Serving, till: httpx.Client, ana: dict[str, Any]
) -> None:
    with shopper(service, ana["subject"], Reach.CHOICES) as client:
        page = client.look()
        assert "Vous avez accepté le 3 mars 2025 (Boutique de Lyon, formulaire signé)." in page.text
        assert "You agreed on 3 March 2025 (Boutique de Lyon" in client.look(language="en").text
        answer = client.press("Arrêter", "La lettre de Maison Lavande, e-mail")
        assert answer.status_code == 303
        assert not allowed(till, ana["email"], "newsletter")
        where = answer.headers["location"]
        assert re.fullmatch(r"/my/choices\?saved=[0-9a-f-]{36}", where)
        told = client.look(where.removeprefix("/my/choices")).text
        assert "C’est enregistré." in told
        assert "Mailchimp n’est pas relié pour cela" in told
        assert "Ce qui était parti avant cet instant peut encore vous parvenir." in told
        assert client.press("Accepter", "La lettre de Maison Lavande, e-mail").status_code == 303
        assert allowed(till, ana["email"], "newsletter")
        assert "sur cette page" in client.look().text


def test_agreeing_and_stopping_take_one_press_of_buttons_alike(service: Serving, ana: dict[str, Any]) -> None:
    with shopper(service, ana["subject"], Reach.CHOICES) as client:
        page = client.look()
        buttons = [one for one in page.all("button") if one.attributes.get("name") == "do"]
        ways: dict[str, set[tuple[str, str]]] = {"agree": set(), "stop": set()}
        for one in buttons:
            kind = one.attributes["value"].split(":")[0]
            assert one.parent is not None
            assert one.within("form")
            ways[kind].add((one.attributes.get("class", ""), one.parent.name))
        # The same class, or rather none, in the same place; neither opens another page.
        assert ways["agree"] == ways["stop"] == {("", "p")}
        # Whoever agrees has the text in full on the page, and the button says which.
        for one in buttons:
            if one.attributes["value"].startswith("agree"):
                (text,) = [
                    td
                    for td in page.all("td")
                    if td.attributes.get("id") == one.attributes["aria-describedby"]
                ]
                assert len(text.text) > 200


def test_one_press_stops_all_marketing_on_the_page(
    service: Serving, till: httpx.Client, ana: dict[str, Any]
) -> None:
    with shopper(service, ana["subject"], Reach.CHOICES) as client:
        answer = client.press("", path="/my/stop-all")
        assert answer.status_code == 303
        assert not allowed(till, ana["email"], "newsletter")
        told = client.look(answer.headers["location"].removeprefix("/my/choices")).text
        assert "Vous avez fait opposition le" in told
        assert allowed(till, ana["email"], "orders")


def test_a_page_for_a_shared_contact_detail_shows_one_button_and_nobody(
    service: Serving, till: httpx.Client, ana: dict[str, Any]
) -> None:
    point = UUID(ana["point"]["contact_point_id"])
    with shopper(service, None, Reach.STOP, point) as client:
        page = client.look()
        assert "Arrêter les messages à cette coordonnée" in page.text
        assert "Lyon" not in page.all("main")[0].text
        assert ana["email"]["value"][:5] not in page.text
        assert client.press("", path="/my/choices").headers["location"] == "/my/choices"
        assert allowed(till, ana["email"], "newsletter")
        answer = client.press("", path="/my/stop-all")
        assert answer.headers["location"] == "/my/choices?stopped=1"
        assert "C’est fait" in client.look("?stopped=1").text
        assert not allowed(till, ana["email"], "newsletter")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "stop",
        "stop:nonsense:email::",
        "stop:orders:email::",
        "stop:newsletter:nonsense::",
        "stop:newsletter:email:no-uuid:",
        "erase:newsletter:email::",
        "agree:wellness_advice:email::" + "0" * 64,
        "agree:energy_renovation:email::",
        "stop:newsletter:email:00000000-0000-0000-0000-000000000001:",
        "agree:newsletter:email::\x00",
    ],
)
def test_what_no_button_says_changes_nothing(
    service: Serving, till: httpx.Client, ana: dict[str, Any], said: str
) -> None:
    with shopper(service, ana["subject"], Reach.CHOICES) as client:
        page = client.look()
        csrf = next(one.attributes["value"] for one in page.all("input") if one.attributes["name"] == "csrf")
        answer = client.post(
            "/my/choices", data={"csrf": csrf, "do": said}, headers={"accept-language": "fr"}
        )
        if answer.status_code == 303:
            assert answer.headers["location"] == "/my/choices?saved=before"
        else:
            assert answer.status_code == 422, answer.text
            assert "Rien n’a été changé." in checked(answer.text, "fr").text
        assert allowed(till, ana["email"], "newsletter")
        assert not allowed(till, ana["email"], "wellness_advice")


def test_a_form_of_another_page_changes_nothing(
    service: Serving, till: httpx.Client, ana: dict[str, Any]
) -> None:
    with shopper(service, ana["subject"], Reach.CHOICES) as client:
        for said in ({"do": "stop:newsletter:email::"}, {"csrf": "x", "do": "stop:newsletter:email::"}):
            assert client.post("/my/choices", data=said).status_code == 403
        assert client.post("/my/stop-all", data={}).status_code == 403
        assert allowed(till, ana["email"], "newsletter")


def test_promise_13_the_receipt_of_somebody_else_tells_nothing(
    service: Serving, ana: dict[str, Any], till: httpx.Client
) -> None:
    other = till.post(
        "/v1/consents",
        json={
            "subject": {"identifiers": [{"scheme": "email", "value": f"b.{uuid4().hex[:10]}@exemple.fr"}]},
            "events": [{"purpose": "newsletter", "channel": "email", "state": "withdrawn"}],
        },
    ).json()
    with shopper(service, ana["subject"], Reach.CHOICES) as client:
        told = client.look(f"?saved={other['receipt_id']}").text
        assert "C’est enregistré" not in told
        assert client.look(f"?saved={uuid4()}").text == client.look("?saved=x").text
