"""POST /oauth/token and its documents, over a socket."""

import asyncio
import base64
import json
import secrets

import httpx
import jwt
import pytest
from serving import PUBLIC_URL, Service

from consentd.base.clock import now
from consentd.callers import service as callers
from consentd.callers.service import NewSystem
from consentd.crypto import jwk
from consentd.evidence.model import OPERATOR
from consentd.kernel.ids import SecretId
from consentd.kernel.instants import SECOND

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


# --- by a key instead of a secret (RFC 7523)

PRIVATE, PUBLIC = jwk.generate()
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def with_key(service: Service, system: NewSystem) -> SecretId:
    return await service.database.change(
        lambda unit: callers.add_key(unit, service.keyring, system.id, PUBLIC, OPERATOR)
    )


def assertion(client: object, **more: object) -> str:
    claims = {"iss": str(client), "sub": str(client), "aud": f"{PUBLIC_URL}/oauth/token"}
    claims |= {"exp": now() // SECOND + 60, "jti": secrets.token_hex(8), **more}
    return jwt.encode(claims, jwt.PyJWK(json.loads(PRIVATE.reveal())), headers={"kid": PUBLIC.kid})


async def ask_by(http: httpx.AsyncClient, signed: str, **fields: str) -> httpx.Response:
    form = GRANT | {"client_assertion_type": TYPE, "client_assertion": signed}
    return await http.post("/oauth/token", data=form | fields)


async def test_a_signed_assertion_gets_a_token_until_its_key_is_revoked(
    http: httpx.AsyncClient, till: NewSystem, service: Service
) -> None:
    key = await with_key(service, till)
    issued = (await ask_by(http, assertion(till.id), scope="consent:write")).json()
    assert issued["scope"] == "consent:write"
    http.headers["authorization"] = f"Bearer {issued['access_token']}"
    assert (await http.post("/v1/acts", json={"note": ""})).status_code == 201
    await service.database.change(
        lambda unit: callers.revoke(unit, service.keyring, till.id, OPERATOR, secret_id=key)
    )
    # Promise 5: the very next call, though the token is known and not over.
    denied = await http.post("/v1/acts", json={"note": ""})
    assert (denied.status_code, denied.json()["code"]) == (401, "token_revoked")
    del http.headers["authorization"]
    assert (await ask_by(http, assertion(till.id))).status_code == 401
    assert (await ask(http, till.id, till.secret)).status_code == 200
    actions = await service.actions()
    assert [one for one in actions if ".key_" in one] == ["system.key_added", "system.key_revoked"]
    assert actions[-1] == "caller.refused"


async def test_promise_14_an_assertion_sent_again_is_refused_and_logged(
    http: httpx.AsyncClient, till: NewSystem, service: Service
) -> None:
    await with_key(service, till)
    once = assertion(till.id)
    assert (await ask_by(http, once)).status_code == 200
    again = await ask_by(http, once)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "www-authenticate" not in again.headers
    assert "used before" in again.json()["error_description"]
    assert once not in again.text
    assert (await service.actions())[-1] == "caller.refused"


async def test_promise_14_of_one_assertion_sent_ten_times_at_once_one_counts(
    http: httpx.AsyncClient, till: NewSystem, service: Service
) -> None:
    await with_key(service, till)
    once = assertion(till.id)
    answers = await asyncio.gather(*(ask_by(http, once) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9


async def test_promise_17_failed_assertions_are_limited_like_wrong_secrets(
    http: httpx.AsyncClient, till: NewSystem, service: Service
) -> None:
    await with_key(service, till)
    for _ in range(12):
        assert (await ask_by(http, assertion(till.id))).status_code == 200
    wrong = assertion(till.id, aud="https://else.test")
    answers = [await ask_by(http, wrong) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    # The same client, by whatever it tries.
    assert (await ask(http, till.id, "cs_wrong")).status_code == 429


async def test_promise_17_a_stranger_cannot_make_the_endpoint_fail(
    http: httpx.AsyncClient, service: Service
) -> None:
    """JSON that is nested deeper than any reader goes, signed by nobody."""
    header, _, signature = assertion("nobody").split(".")
    nested = b'{"sub":' + b"[" * 4_000 + b"]" * 4_000 + b"}"
    payload = base64.urlsafe_b64encode(nested).rstrip(b"=").decode()
    answer = await ask_by(http, f"{header}.{payload}.{signature}")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    await service.refusals.flush()
    assert (await service.actions())[-1] == "strangers.refused"


async def test_promise_8_strangers_with_assertions_are_counted_like_others(
    http: httpx.AsyncClient, till: NewSystem, service: Service
) -> None:
    assert (await ask_by(http, assertion(till.id))).status_code == 401
    await service.refusals.flush()
    assert (await service.actions())[-1] == "strangers.refused"


async def test_clients_find_that_keys_are_taken(http: httpx.AsyncClient) -> None:
    server = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert "private_key_jwt" in server["token_endpoint_auth_methods_supported"]
    assert server["token_endpoint_auth_signing_alg_values_supported"] == [
        "EdDSA",
        "ES256",
        "PS256",
        "RS256",
    ]
