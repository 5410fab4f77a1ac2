"""Promises 1, 2 and 3 for proofs and steps: the process that takes one may die in the middle of it. The same
call, with its Idempotency-Key, then gets its answer from another process, and the effect is there once.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import handed
import httpx
import pytest
from acts import Body, email, new_email, recording
from asking import eventually
from dying_calls import Point, dies
from logged_in import Webshop

from support.installation import Serving
from support.rights import code_in
from support.smtp import Sink


class Call(NamedTuple):
    request: str
    path: str
    body: Body
    event: str
    """The step that it takes, once."""
    state: tuple[str, ...]
    """One of these afterwards: what follows goes on beside us."""
    follows: str | None = None
    """The right of the one request that it leads to."""


class Place(NamedTuple):
    service: Serving
    till: httpx.Client
    webshop: Webshop
    mailbox: Sink

    def asks(self, right: str, *named: Body, **more: Any) -> str:
        """The number of a request of somebody new, who is on record."""
        who = list(named)
        if not who:
            address = new_email()
            self.till.post("/v1/consents", json=recording(address)).raise_for_status()
            who = [email(address)]
        answer = self.till.post("/v1/requests", json={"right": right, "identifiers": who, **more})
        answer.raise_for_status()
        return str(answer.json()["id"])

    def step(self, request: str, step: str, **members: str) -> Body:
        by = self.service.installation.hire()
        return {"step": step, "by": by, **members}

    def takes(self, request: str, step: str, **members: str) -> None:
        path = f"/v1/requests/{request}/steps"
        self.till.post(path, json=self.step(request, step, **members)).raise_for_status()

    def told(self, request: str) -> Any:
        return self.till.get(f"/v1/requests/{request}").json()

    def following(self, request: str) -> list[str]:
        """The rights of what follows from it."""
        found, cursor = [], None
        while True:
            page = self.till.get(
                "/v1/requests", params={"limit": 500} | ({"cursor": cursor} if cursor else {})
            )
            found += [one["id"] for one in page.json()["requests"] if one["right"] == "lifting"]
            cursor = page.json()["next"]
            if cursor is None:
                break
        told = [self.told(one) for one in found]
        return [one["right"] for one in told if one["follows"] == request]


def code(place: Place) -> Call:
    address = new_email()
    place.till.post("/v1/consents", json=recording(address)).raise_for_status()
    request = place.asks("access", email(address))
    place.till.post(f"/v1/requests/{request}/code", json={"scheme": "email"}).raise_for_status()
    to = [address.lower()]
    mails = eventually(lambda: [one for one in place.mailbox.taken if [t.lower() for t in one.to] == to])
    body = {"code": code_in(mails[0].message.get_content())}
    return Call(request, f"/v1/requests/{request}/proof", body, "proven", ("running", "reviewing"))


def login(place: Place) -> Call:
    account = place.webshop.account(place.till)
    request = place.asks("access", account)
    body = {"token": place.webshop.token(request, account)}
    return Call(request, f"/v1/requests/{request}/login", body, "proven", ("running", "reviewing"))


def _step(place: Place, request: str, event: str, state: tuple[str, ...], step: str, **members: str) -> Call:
    return Call(request, f"/v1/requests/{request}/steps", place.step(request, step, **members), event, state)


def identify(place: Place) -> Call:
    request = place.asks("access")
    return _step(place, request, "proven", ("running", "reviewing"), "identify", grounds="The card.")


def approve(place: Place) -> Call:
    request = place.asks("rectification", changes={"first_name": "Anna"})
    place.takes(request, "identify", grounds="Came to the shop with the card.")
    return _step(place, request, "started", ("running", "partial", "answered"), "approve")


def _examined(place: Place) -> str:
    request = place.asks("objection")
    handed.let_the_till_answer(place.service.installation, request)
    eventually(lambda: place.told(request)["state"] == "reviewing")
    return request


def uphold(place: Place) -> Call:
    call = _step(place, _examined(place), "released", ("answered", "partial"), "uphold")
    return call._replace(follows="lifting")


def refuse(place: Place) -> Call:
    why = {"reasons": "Procès en cours.", "article": "GDPR 21(1)"}
    return _step(place, _examined(place), "refused", ("refused",), "refuse", **why)._replace(
        follows="lifting"
    )


def release(place: Place) -> Call:
    request, who = handed.a_copy(place.service.installation)
    body = {"step": "release", "by": who}
    return Call(request, f"/v1/requests/{request}/steps", body, "released", ("answered", "partial"))


CALLS: dict[str, Callable[[Place], Call]] = {
    "code": code,
    "login": login,
    "identify": identify,
    "approve": approve,
    "uphold": uphold,
    "refuse": refuse,
    "release": release,
}
THREE = ("code", "uphold")
"""Of which the process dies at every point: a code that is used up, a step that leads to another request."""


@pytest.fixture
def place(service: Serving, till: httpx.Client, webshop: Webshop, mailbox: Sink) -> Place:
    return Place(service, till, webshop, mailbox)


@pytest.mark.parametrize("call", CALLS)
def test_promise_2_a_proof_or_step_whose_processes_died_counts_once(place: Place, call: str) -> None:
    asked = CALLS[call](place)
    headers = {"idempotency-key": str(uuid4()), "authorization": place.till.headers["authorization"]}
    assert asked.event not in _events(place, asked)
    for point in Point if call in THREE else (Point.WRITTEN, Point.COMMITTED):
        # The one call, again and again.
        assert dies(place.service.installation, point, asked.path, asked.body, headers)
        # Whole, or not at all (promises 1 and 3): what was committed is there, and nothing of what was not.
        assert _events(place, asked).count(asked.event) == (point is Point.COMMITTED)
    first = place.till.post(asked.path, json=asked.body, headers=headers)
    assert first.status_code == 200, first.text
    again = place.till.post(asked.path, json=asked.body, headers=headers)
    assert again.status_code == 200, again.text
    # What goes on beside us may be further by the second; nothing else is another.
    goes_on = {"state", "waits_for", "silos", "steps", "gaps", "answered_at", "closed_at"}
    answers = [{k: v for k, v in one.json().items() if k not in goes_on} for one in (first, again)]
    assert answers[0] == answers[1]
    assert answers[0]["id"] == asked.request
    assert place.told(asked.request)["state"] in asked.state
    events = _events(place, asked)
    assert events.count(asked.event) == 1
    assert events.count("started") <= 1
    if asked.follows is not None:
        assert place.following(asked.request) == [asked.follows]
    # The key stands for this call: another one under it does nothing.
    other = place.till.post(asked.path, json=asked.body | {"code": "00000000"}, headers=headers)
    assert other.status_code in (400, 422)


def _events(place: Place, asked: Call) -> list[str]:
    return [step["event"] for step in place.told(asked.request)["steps"]]


def test_all_that_died_left_the_log_whole(place: Place) -> None:
    found = place.service.installation.run("audit", "verify")
    assert found.code == 0, found.out
