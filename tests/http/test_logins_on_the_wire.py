"""A person logged in at the web shop is handed over to a request of theirs, over HTTP."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from acts import CANARY, email, new_email
from logged_in import Webshop

from support.installation import Serving


def asked(till: httpx.Client, *identifiers: dict[str, Any], right: str = "access") -> str:
    answer = till.post("/v1/requests", json={"right": right, "identifiers": list(identifiers)})
    id_: str = answer.raise_for_status().json()["id"]
    return id_


def hand_over(till: httpx.Client, request: str, token: str) -> httpx.Response:
    return till.post(f"/v1/requests/{request}/login", json={"token": token})


def told(till: httpx.Client, request: str) -> Any:
    return till.get(f"/v1/requests/{request}").raise_for_status().json()


def test_a_login_at_the_web_shop_proves_who_asks(till: httpx.Client, webshop: Webshop) -> None:
    mail = email(new_email())
    account = webshop.account(till, mail)
    request = asked(till, mail)
    answer = hand_over(till, request, webshop.token(request, account))
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == request
    found = told(till, request)
    assert [step["event"] for step in found["steps"]][:3] == ["received", "proven", "started"]
    assert found["state"] in ("running", "reviewing", "partial")


def test_promise_13_somebody_elses_account_is_answered_like_nobodys(
    till: httpx.Client, webshop: Webshop
) -> None:
    mine, other = email(new_email()), webshop.account(till)
    webshop.account(till, mine)
    known, unknown = asked(till, mine), asked(till, email(new_email()))
    nobody = {"scheme": "shopify", "value": "nobody"}
    answers = [
        hand_over(till, known, webshop.token(known, other)),
        hand_over(till, unknown, webshop.token(unknown, nobody)),
    ]
    assert {answer.status_code for answer in answers} == {200}
    first, second = (answer.json() for answer in answers)
    assert first | {"id": ""} == second | {"id": ""}
    for request in (known, unknown):
        found = told(till, request)
        assert found["state"] == "identifying"
        assert [step["event"] for step in found["steps"]] == ["received", "proof_given"]


@pytest.mark.parametrize("what", ["rubbish", "another request", "used before"])
def test_what_is_refused_says_so_and_is_in_the_log(
    service: Serving, till: httpx.Client, webshop: Webshop, what: str
) -> None:
    mail = email(new_email())
    account = webshop.account(till, mail)
    request = asked(till, mail)
    token = webshop.token(str(uuid4()) if what == "another request" else request, account)
    if what == "rubbish":
        token = token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")
    if what == "used before":
        assert hand_over(till, request, token).status_code == 200
    before = service.installation.entries()
    answer = hand_over(till, request, token)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_login")
    assert CANARY not in answer.text
    assert "request.login_refused" in service.installation.entries()[len(before) :]


def test_a_key_that_was_revoked_hands_nobody_over(till: httpx.Client, service: Serving) -> None:
    """Also in a service that verified one by it a moment ago."""
    mail = email(new_email())
    with_key = Webshop(service, name=f"shop-{uuid4().hex[:8]}")
    account = with_key.account(till, mail)
    request = asked(till, mail)
    # Its logins are in no policy: taken, and worth nothing.
    assert hand_over(till, request, with_key.token(request, account)).status_code == 200
    good = with_key.token(request, account)
    revoked = service.installation.run("system", "revoke", with_key.name)
    assert revoked.code == 0, revoked.err
    answer = hand_over(till, request, good)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_login")
    assert told(till, request)["state"] == "identifying"
