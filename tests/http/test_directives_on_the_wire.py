"""Directives for after death over HTTP: left with a code, heeded when heirs ask by letter."""

from typing import Any

import httpx
import pytest
from acts import email, new_email, recording
from asking import eventually
from test_every_route import a_code

from support.installation import Serving
from support.smtp import Sink

HEIR = {"name": "Rose Martin", "mandate": "Acte de notoriété du 3 novembre"}


class Person:
    """Known by an address, at which they read their codes."""

    def __init__(self, till: httpx.Client, mailbox: Sink) -> None:
        self.till, self.mailbox, self.address = till, mailbox, new_email()
        till.post("/v1/consents", json=recording(self.address)).raise_for_status()

    def asked(self, right: str, **body: Any) -> httpx.Response:
        said = {"right": right, "identifiers": [email(self.address)]} | body
        return self.till.post("/v1/requests", json=said)

    def leaves(self, **directive: Any) -> str:
        """The number of the request that left it."""
        asked = self.asked("directives", directive=directive)
        asked.raise_for_status()
        request: str = asked.json()["id"]
        code = a_code(self.till, request, self.mailbox)
        self.till.post(f"/v1/requests/{request}/proof", json={"code": code}).raise_for_status()
        return request

    def heirs(self, right: str, who: str) -> str:
        asked = self.asked(right, agent=HEIR, came_by="letter")
        asked.raise_for_status()
        request: str = asked.json()["id"]
        self.step(request, "identify", who, grounds="Acte de décès.").raise_for_status()
        return request

    def step(self, request: str, step: str, who: str, **members: Any) -> httpx.Response:
        return self.till.post(f"/v1/requests/{request}/steps", json={"step": step, "by": who} | members)

    def told(self, request: str) -> dict[str, Any]:
        found: dict[str, Any] = self.till.get(f"/v1/requests/{request}").json()
        return found


@pytest.fixture
def person(till: httpx.Client, mailbox: Sink) -> Person:
    return Person(till, mailbox)


def test_heirs_get_nothing_past_a_directive_that_nobody_named(service: Serving, person: Person) -> None:
    who = service.installation.hire()
    left = person.leaves(wish="erase", to={"name": "Paul Diaz", "contact": "06 12 34 56 78"}, words="Merci.")
    assert person.told(left)["state"] == "answered"
    assert "Paul" not in person.till.get(f"/v1/requests/{left}").text
    request = person.heirs("post_mortem", who)
    (seen,) = {tuple(s["because"]) for s in person.told(request)["steps"] if s["event"] == "directive"}
    assert seen[1:] == ("to_be_erased", "another_is_named")
    told = person.till.get(f"/v1/requests/{request}/directive", params={"by": who}).json()
    assert (told["wish"], told["to"]["name"], told["words"]) == ("erase", "Paul Diaz", "Merci.")
    assert seen[0] == f"directive:{told['id']}"
    refused = person.step(request, "approve", who)
    assert (refused.status_code, refused.json()["code"]) == (409, "directive_in_the_way")
    wrong = person.step(request, "approve", who, directive=request, note="x")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "no_directive")
    named = {"directive": told["id"], "note": "Ordonnance du tribunal."}
    assert person.step(request, "approve", who, **named).status_code == 200
    assert "directive.read" in service.installation.entries()


def test_what_was_taken_back_stands_in_nobodys_way(service: Serving, person: Person) -> None:
    who = service.installation.hire()
    person.leaves(wish="keep")
    person.leaves(wish="revoke")
    request = person.heirs("post_mortem_erasure", who)
    none = person.till.get(f"/v1/requests/{request}/directive", params={"by": who})
    assert (none.status_code, none.json()["code"]) == (404, "no_directive")
    assert person.step(request, "approve", who).status_code == 200


def test_on_paper_staff_say_who_it_is(service: Serving, person: Person) -> None:
    who = service.installation.hire()
    asked = person.asked("directives", directive={"wish": "keep"}, came_by="letter").json()["id"]
    assert person.told(asked)["state"] == "received"
    person.step(asked, "identify", who, grounds="Signature compared.").raise_for_status()
    assert eventually(lambda: person.told(asked)["state"] == "answered")
    assert [one["tells"] for one in person.told(asked)["to_write"]] == ["answer"]


@pytest.mark.parametrize(
    ("right", "body", "code"),
    [
        ("directives", {}, "directive_missing"),
        ("directives", {"directive": {"wish": "keep"}, "agent": HEIR}, "agent_not_here"),
        ("access", {"directive": {"wish": "keep"}}, "directive_not_here"),
    ],
)
def test_what_is_no_directive_is_refused(person: Person, right: str, body: dict[str, Any], code: str) -> None:
    refused = person.asked(right, **body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
