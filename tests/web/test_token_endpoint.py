"""POST /oauth/token and its documents, over a socket."""

import httpx
import pytest
from serving import PUBLIC_URL, Service

from consentd.callers.service import NewSystem

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def till(service: Service) -> NewSystem:
    return await service.add_system("till", "check", "consent:write")


async def ask(http: httpx.AsyncClient, client: object, secret: str, **fields: str) -> httpx.Response:
    return await http.post("/oauth/token", data=GRANT | fields, auth=(str(client), secret))


async def test_a_system_gets_a_token_that_opens_what_it_may_call(
    http: httpx.AsyncClient, till: NewSystem
) -> None:
    answer = await ask(http, till.id, till.secret)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 600)
    assert issued["scope"] == "check consent:write"
    done = await http.post(
        "/v1/acts", json={"note": ""}, headers={"authorization": f"Bearer {issued['access_token']}"}
    )
    assert done.status_code == 201


async def test_a_token_may_be_asked_for_less_and_not_for_more(
    http: httpx.AsyncClient, till: NewSystem, service: Service
) -> None:
    less = (await ask(http, till.id, till.secret, scope="check")).json()
    assert less["scope"] == "check"
    denied = await http.post(
        "/v1/acts", json={"note": ""}, headers={"authorization": f"Bearer {less['access_token']}"}
    )
    assert denied.status_code == 403
    more = await ask(http, till.id, till.secret, scope="check reasons")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    assert (await service.actions()).count("caller.refused") == 2


async def test_a_refusal_is_a_problem_that_oauth_clients_understand(
    http: httpx.AsyncClient, till: NewSystem
) -> None:
    answer = await ask(http, till.id, "cs_wrong")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Basic ")
    problem = answer.json()
    assert problem["error"] == problem["code"] == "invalid_client"
    assert problem["error_description"] == problem["detail"]


async def test_promise_13_unknown_and_wrong_are_refused_alike(
    http: httpx.AsyncClient, till: NewSystem
) -> None:
    unknown, wrong = await ask(http, "nobody", "cs_wrong"), await ask(http, till.id, "cs_wrong")
    shown = [{**answer.json(), "instance": ""} for answer in (unknown, wrong)]
    assert shown[0] == shown[1]
    assert unknown.status_code == wrong.status_code


async def test_promise_17_failed_attempts_are_limited_and_successes_are_not(
    http: httpx.AsyncClient, till: NewSystem
) -> None:
    for _ in range(12):
        assert (await ask(http, till.id, till.secret)).status_code == 200
    answers = [await ask(http, till.id, "cs_wrong") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[-1].json()["error"] == "too_many_attempts"
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_a_form_larger_than_any_token_request_is_refused(
    http: httpx.AsyncClient, till: NewSystem
) -> None:
    assert (await ask(http, till.id, till.secret, scope="x" * 20_000)).status_code == 413


async def test_clients_find_everything_by_the_documents(http: httpx.AsyncClient) -> None:
    server = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert server["issuer"] == PUBLIC_URL
    assert server["token_endpoint"] == f"{PUBLIC_URL}/oauth/token"
    assert "check" in server["scopes_supported"]
    keys = (await http.get("/.well-known/jwks.json")).json()["keys"]
    assert {key["alg"] for key in keys} == {"EdDSA"}
    assert not any("d" in key for key in keys)
