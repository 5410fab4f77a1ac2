"""Promise 5 across processes: two servers on one database, and the command line beside them."""

from collections.abc import Iterator

import httpx
import pytest
from acts import email, new_email, question, recording

from support.installation import Client, Installation, Serving, free_port
from support.postgres import Server

DOCUMENTED = {
    "subject": {
        "identifiers": [
            {"scheme": "email", "value": "Ana.Diaz@exemple.fr"},
            {"scheme": "loyalty", "value": "ML100007"},
        ],
        "territory": "FR",
    },
    "events": [
        {
            "purpose": "newsletter",
            "channel": "email",
            "state": "given",
            "occurred_at": "2026-11-20T10:15:00+01:00",
            "contact_point": {"scheme": "email", "value": "Ana.Diaz@exemple.fr"},
            "source_event_id": "till-2-000123",
            "notice": {"id": "newsletter", "version": "3", "language": "fr"},
            "method": "checkbox",
            "collector": "till-2",
            "evidence": {"form": "loyalty-form-7", "wording": "…"},
        }
    ],
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def two_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Serving, Serving]]:
    """Two processes on one database."""
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.migrated()
    installation = Installation(tmp_path_factory.mktemp("two"), url).make()
    with installation.served() as first, installation.served(free_port()) as second:
        yield first, second


def status_of(address: str, token: str) -> tuple[int, str | None]:
    answer = httpx.post(
        f"{address}/v1/check", json=question(new_email()), headers={"authorization": f"Bearer {token}"}
    )
    return answer.status_code, answer.json().get("code")


def refused(serving: Serving, client: Client) -> bool:
    form = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{serving.address}/oauth/token", data=form, auth=(client.id, client.secret))
    return answer.status_code == 401


def test_the_documented_consent_is_recorded_once_and_allows_contact(
    two_servers: tuple[Serving, Serving],
) -> None:
    """Recorded through one process and asked of the other, with nobody else about."""
    first, second = two_servers
    client = first.installation.connect("consent:write", "check")
    with first.client_of(client) as till, second.client_of(client) as mailing:
        answer = till.post("/v1/consents", json=DOCUMENTED)
        assert answer.status_code == 201, answer.text
        recorded = answer.json()
        (event,) = recorded["events"]
        assert (event["state"], event["duplicate"]) == ("given", False)
        assert event["occurred_at"] == "2026-11-20T09:15:00Z"
        assert [(one["purpose"], one["channel"], one["state"]) for one in recorded["states"]] == [
            ("newsletter", "email", "given")
        ]
        assert "exemple.fr" not in answer.text

        again = till.post("/v1/consents", json=DOCUMENTED)
        assert (again.status_code, again.json()["events"][0]["id"]) == (200, event["id"])
        assert again.json()["events"][0]["duplicate"] is True

        for subject in (
            email("ana.diaz@exemple.fr"),
            [email("ANA.DIAZ@exemple.fr")],
            [{"scheme": "loyalty", "value": "ml 100007"}],
            [email("ana.diaz@exemple.fr"), {"scheme": "loyalty", "value": "ML100007"}],
        ):
            asked = {"subject": subject, "purpose": "newsletter", "channel": "email"}
            answer = mailing.post("/v1/check", json=asked)
            assert answer.status_code == 200, answer.text
            assert answer.json()["allow"] is True, answer.text


def test_promise_5_what_is_revoked_in_one_place_opens_nothing_in_any_process(
    two_servers: tuple[Serving, Serving],
) -> None:
    first, second = two_servers
    installation = first.installation
    clients = {name: installation.connect("check", "consent:write", name=name) for name in ("gone", "stays")}
    tokens = {name: first.token(client) for name, client in clients.items()}
    for serving in two_servers:
        assert [status_of(serving.address, token)[0] for token in tokens.values()] == [200, 200]
    assert installation.run("system", "revoke", "gone").code == 0
    for serving in two_servers:
        assert status_of(serving.address, tokens["gone"]) == (401, "token_revoked")
        assert status_of(serving.address, tokens["stays"]) == (200, None)
        written = httpx.post(
            f"{serving.address}/v1/consents",
            json=recording(),
            headers={"authorization": f"Bearer {tokens['gone']}"},
        )
        assert (written.status_code, written.json()["code"]) == (401, "token_revoked")
    assert refused(second, clients["gone"])


def test_two_secrets_live_side_by_side_until_the_old_one_is_revoked(
    two_servers: tuple[Serving, Serving],
) -> None:
    first, second = two_servers
    installation = first.installation
    old = installation.connect("check", name="rotating")
    made = installation.run("system", "rotate", "rotating", "--json").json
    new = Client(made["id"], made["secret"])
    old_token, new_token = first.token(old), second.token(new)
    third = installation.run("system", "rotate", "rotating")
    assert (third.code, "--retire-old" in third.err) == (1, True)

    listed = installation.run("system", "list", "--json").json
    (rotating,) = [one for one in listed if one["name"] == "rotating"]
    (old_secret,) = [one["id"] for one in rotating["secrets"] if one["id"] != made["secret_id"]]
    assert installation.run("system", "revoke", "rotating", "--secret", old_secret).code == 0
    for serving in two_servers:
        assert status_of(serving.address, old_token) == (401, "token_revoked")
        assert status_of(serving.address, new_token) == (200, None)
    assert refused(second, old)
