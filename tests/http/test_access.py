"""Who may call: tokens for clients, their limits, and access that is taken away at once, everywhere."""

import base64
import json
from pathlib import Path

import httpx
import pytest
from acts import email, given, new_email, person, question, recording

from consentd.app import Parts
from consentd.base import clock
from consentd.callers.service import authenticate
from consentd.callers.tokens import Tokens
from consentd.kernel.instants import SECOND
from support.installation import Client, Installation, Serving

GRANT = {"grant_type": "client_credentials"}


def asked(serving: Serving, **given_: object) -> httpx.Response:
    return httpx.post(f"{serving.address}/oauth/token", **given_)  # type: ignore[arg-type]


def status_of(address: str, token: str) -> tuple[int, str | None]:
    answer = httpx.post(
        f"{address}/v1/check", json=question(new_email()), headers={"authorization": f"Bearer {token}"}
    )
    return answer.status_code, answer.json().get("code")


def issued(installation: Installation, client: Client, *, seconds_ago: int = 0) -> str:
    """A token signed by the installation's own key, as it was issued some time ago."""

    async def work(parts: Parts) -> str:
        tokens = Tokens(
            parts.database,
            parts.keyring,
            issuer=parts.settings.public_url,
            seconds=parts.settings.token_seconds,
            clock=lambda: clock.now() - seconds_ago * SECOND,
        )
        caller = await parts.database.read(lambda found: authenticate(found, client.id, client.secret))
        return tokens.issue(caller, caller.scopes).access_token

    token: str = installation.within(work)
    return token


def test_a_token_comes_for_basic_credentials_and_for_those_in_the_form(service: Serving) -> None:
    client = service.installation.connect("check", "reasons")
    form = GRANT | {"client_id": client.id, "client_secret": client.secret}
    for answer in (asked(service, data=GRANT, auth=(client.id, client.secret)), asked(service, data=form)):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        issued = answer.json()
        assert (issued["token_type"], issued["scope"]) == ("Bearer", "check reasons")
        assert status_of(service.address, issued["access_token"]) == (200, None)


def test_a_token_may_be_asked_for_fewer_scopes_and_never_for_more(service: Serving) -> None:
    client = service.installation.connect("check", "consent:write")
    auth = (client.id, client.secret)
    fewer = asked(service, data=GRANT | {"scope": "consent:write"}, auth=auth).json()
    assert fewer["scope"] == "consent:write"
    assert status_of(service.address, fewer["access_token"]) == (403, "insufficient_scope")
    more = asked(service, data=GRANT | {"scope": "check reasons"}, auth=auth)
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ("", 400, "invalid_request"),
        ("grant_type", 400, "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=++", 400, "invalid_scope"),
        ("grant_type=client_credentials&client_secret=twice", 400, "invalid_request"),
    ],
)
def test_what_is_no_token_request_is_refused_in_the_words_of_rfc_6749(
    service: Serving, form: str, status: int, error: str
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = asked(service, content=form, headers=headers, auth=("nobody", "nothing"))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_request_without_credentials_is_told_how_to_send_them(service: Serving) -> None:
    answer = asked(service, data=GRANT)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_promise_13_unknown_clients_and_wrong_secrets_are_refused_in_the_same_words(service: Serving) -> None:
    client = service.installation.connect("check")
    revoked = service.installation.connect("check", name="revoked-at-once")
    assert service.installation.run("system", "revoke", "revoked-at-once").code == 0
    answers = [
        asked(service, data=GRANT, auth=credentials)
        for credentials in (
            (client.id, client.secret + "x"),
            ("01a2009b-6fb8-7583-bf03-b3a2b494654c", client.secret),
            ("till", "canary"),
            (revoked.id, revoked.secret),
        )
    ]
    told = [{**answer.json(), "instance": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert all(one == told[0] for one in told)
    assert all(answer.headers["www-authenticate"].startswith("Basic") for answer in answers)
    assert not any("canary" in answer.text or client.secret in answer.text for answer in answers)


def test_promise_17_guessing_at_a_secret_is_slowed_down(service: Serving) -> None:
    client = service.installation.connect("check")
    statuses = [asked(service, data=GRANT, auth=(client.id, f"guess {n}")).status_code for n in range(15)]
    assert set(statuses) == {401, 429}
    last = asked(service, data=GRANT, auth=(client.id, "guess"))
    assert (last.status_code, int(last.headers["retry-after"]) > 0) == (429, True)


@pytest.mark.parametrize(
    "token",
    ["x", "a.b.c", "Basic", "ey.ey.ey", "é", "a b"],
)
def test_what_is_no_token_opens_nothing(service: Serving, token: str) -> None:
    headers = {"authorization": f"Bearer {token}".encode()}
    answer = httpx.post(f"{service.address}/v1/check", json=question(new_email()), headers=headers)
    assert answer.status_code in (400, 401)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_that_was_touched_opens_nothing(service: Serving) -> None:
    token = service.token(service.installation.connect("check"))
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    more = base64.urlsafe_b64encode(json.dumps(claims | {"scope": "consent:read"}).encode()).rstrip(b"=")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for forged in (f"{header}.{more.decode()}.{signature}", f"{none}.{payload}.", f"{header}.{payload}."):
        assert status_of(service.address, forged) == (401, "token_invalid")


def test_a_token_of_another_installation_opens_nothing(service: Serving, tmp_path: Path) -> None:
    other = Installation(tmp_path, CONSENTD_PUBLIC_URL=service.installation.settings.public_url).make()
    token = issued(other, other.connect("check"))
    assert status_of(service.address, token) == (401, "token_invalid")


def test_a_token_opens_nothing_once_its_time_is_over(service: Serving) -> None:
    client = service.installation.connect("check")
    assert status_of(service.address, issued(service.installation, client)) == (200, None)
    over = issued(service.installation, client, seconds_ago=3601)
    assert status_of(service.address, over) == (401, "token_expired")


def test_a_system_acts_only_for_the_purposes_and_channels_it_was_given(service: Serving) -> None:
    address = new_email()
    with service.client("consent:write", "check", purposes=["newsletter"], channels=["email"]) as limited:
        assert limited.post("/v1/consents", json=recording(address)).status_code == 201
        assert limited.post("/v1/check", json=question(address)).status_code == 200
        for path, body in (
            ("/v1/check", question(address, purpose="promotions")),
            ("/v1/check/batch", {"items": [question(address), question(address, channel="sms")]}),
            ("/v1/consents", recording(address, purpose="promotions", state="refused")),
            (
                "/v1/attempts",
                {"subject": person(), "purpose": "promotions", "channel": "email", "outcome": "sent"},
            ),
        ):
            refused = limited.post(path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "outside_limits"), refused.text


def test_a_system_reads_nothing_of_purposes_that_it_was_not_given(
    service: Serving, till: httpx.Client
) -> None:
    address = new_email()
    events = [given(address), given(address, purpose="promotions", state="refused")]
    recorded = till.post("/v1/consents", json={"subject": person(email(address)), "events": events})
    subject = recorded.json()["subject_id"]
    with service.client("consent:read", purposes=["newsletter"]) as limited:
        states = limited.get(f"/v1/subjects/{subject}/consents").json()["states"]
        history = limited.get(f"/v1/subjects/{subject}/history").json()["events"]
    assert {one["purpose"] for one in states} == {"newsletter"}
    assert {one["event"]["purpose"] for one in history} == {"newsletter"}
