"""Permits over the wire: verified by anybody, given once, reported once, by whichever server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree
from uuid import uuid4

import httpx
import jwt
import pytest
from acts import email, new_email, person, question, recording

from support.installation import POLICIES, Installation, Serving, free_port
from support.postgres import Server

PEOPLE = 6


def known(till: httpx.Client) -> str:
    """The address of somebody who said yes."""
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    return address


def asked(client: httpx.Client, address: str, **headers: str) -> httpx.Response:
    return client.post("/v1/check", json=question(address, permit=True), headers=headers)


def used(client: httpx.Client, permit: str, outcome: str, **headers: str) -> httpx.Response:
    return client.post(f"/v1/permits/{permit}/used", json={"outcome": outcome}, headers=headers)


def test_anybody_verifies_a_permit_with_the_published_keys(service: Serving, till: httpx.Client) -> None:
    told = asked(till, known(till)).json()
    with service.stranger() as anybody:
        keys = jwt.PyJWKSet.from_dict(anybody.get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(told["permit"])
    assert header["typ"] == "contact-permit+jwt"
    system = jwt.decode(told["permit"], options={"verify_signature": False})["aud"]
    claims = jwt.decode(
        told["permit"],
        keys[header["kid"]],
        algorithms=["EdDSA"],
        audience=system,
        issuer=service.installation.settings.public_url,
        options={"require": ["exp", "iat", "jti", "aud", "iss"]},
    )
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert (claims["jti"], claims["decision_id"]) == (told["permit_id"], told["decision_id"])
    assert (claims["purpose"], claims["channel"], claims["policy"]) == ("newsletter", "email", told["policy"])


def test_a_permit_opens_nothing_and_a_token_is_no_permit(service: Serving, till: httpx.Client) -> None:
    told = asked(till, known(till)).json()
    with service.stranger() as client:
        client.headers["authorization"] = f"Bearer {told['permit']}"
        answer = asked(client, new_email())
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


def test_only_an_answer_that_allows_and_was_asked_for_one_has_a_permit(till: httpx.Client) -> None:
    address = known(till)
    for answer in (till.post("/v1/check", json=question(address)), asked(till, new_email())):
        assert answer.status_code == 200
        assert not {"permit", "permit_id"} & answer.json().keys()
    assert asked(till, address).json()["allow"] is True


def test_a_batch_gives_none_small_or_large(till: httpx.Client) -> None:
    for count in (1, 500):
        items = [question(new_email()) for _ in range(count)] + [question(new_email(), permit=True)]
        answer = till.post("/v1/check/batch", json={"items": items})
        assert (answer.status_code, answer.json()["code"]) == (422, "permit_in_batch")
        assert answer.json()["errors"][0]["pointer"] == f"/items/{count}/permit"


def test_promise_2_a_repeated_call_gets_its_permit_again(service: Serving, till: httpx.Client) -> None:
    address, number = known(till), str(uuid4())
    first, again = (asked(till, address, **{"idempotency-key": number}) for _ in range(2))
    assert first.json() == again.json()
    permit = first.json()["permit_id"]
    reports = [used(till, permit, "sent", **{"idempotency-key": number}) for _ in range(2)]
    assert [one.status_code for one in reports] == [201, 201]
    assert reports[0].json() == reports[1].json()
    assert used(till, permit, "sent").json()["duplicate"] is True
    otherwise = used(till, permit, "failed")
    assert (otherwise.status_code, otherwise.json()["code"]) == (409, "permit_used")


def test_promise_8_a_check_with_a_permit_is_in_the_log(service: Serving, till: httpx.Client) -> None:
    address = known(till)
    before = service.installation.entries()
    till.post("/v1/check", json=question(address))
    asked(till, address)
    since = service.installation.entries()[len(before) :]
    # What strangers did before is noted beside it.
    assert [one for one in since if one != "strangers.refused"] == ["permit.issued"]


def test_promise_13_another_systems_permit_is_answered_like_one_that_never_was(
    service: Serving, till: httpx.Client
) -> None:
    permit = asked(till, known(till)).json()["permit_id"]
    with service.client("check") as other:
        answers = [used(other, id_, "sent") for id_ in (permit, str(uuid4()))]
    assert [answer.status_code for answer in answers] == [404, 404]
    bodies = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
    assert bodies[0] == bodies[1]


def test_a_refusal_under_a_permit_counts_for_the_next_check(till: httpx.Client) -> None:
    address = known(till)
    permit = asked(till, address).json()["permit_id"]
    assert used(till, permit, "refused").json()["withdrawn"] is True
    told = till.post("/v1/check", json=question(address)).json()
    assert told["reasons"][0]["code"] == "withdrawn"


@pytest.fixture(params=["sqlite", "postgresql"])
def two_servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Serving, Serving]]:
    """Two processes on one database, under a law that counts mails as France counts calls: at any hour."""
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.migrated()
    policies = tmp_path / "policies"
    copytree(POLICIES, policies)
    law = policies / "law" / "fr.yaml"
    rule = (
        "  - id: fr.email.caps\n    cites: [Conso. D.223-9]\n    mark: M\n    source: a law for this test\n"
        "    since: 2023-03-01\n    channels: [email]\n    attempts: 4\n    days: 30\n    silence_days: 60\n"
    )
    law.write_text(law.read_text().replace("\ncaps:\n", f"\ncaps:\n{rule}"))
    installation = Installation(tmp_path / "data", url, policies=policies).make()
    with installation.served() as first, installation.served(free_port()) as second:
        yield first, second


def test_promise_5_two_servers_never_give_the_last_attempt_twice(
    two_servers: tuple[Serving, Serving],
) -> None:
    """Four agents of two systems, at three of four attempts."""
    first, second = two_servers
    scopes = ("consent:write", "check", "reasons")
    with first.client(*scopes) as till, second.client(*scopes) as centre, ThreadPoolExecutor(4) as agents:
        for _ in range(PEOPLE):
            address = known(till)
            tried = {"subject": person(email(address)), "purpose": "newsletter", "channel": "email"}
            for _ in range(3):
                till.post("/v1/attempts", json=tried | {"outcome": "sent"}).raise_for_status()
            answers = [
                answer.json()
                for answer in agents.map(
                    lambda one, address=address: asked(one, address), (till, centre, till, centre)
                )
            ]
            given = [answer for answer in answers if answer["allow"]]
            assert len(given) == 1
            assert {answer["reasons"][0]["code"] for answer in answers if not answer["allow"]} == {
                "attempts_exhausted"
            }
            for client in (till, centre):
                assert client.post("/v1/check", json=question(address)).json()["allow"] is False
