"""AuthZEN 1.0 by the working group's own certification scenario: see authzen_certification.yaml."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from acts import Body, email, given, new_email, person

from support.installation import Serving

SCENARIO: dict[str, Any] = msgspec.yaml.decode(
    Path(__file__).with_name("authzen_certification.yaml").read_bytes()
)
CASES: list[dict[str, Any]] = SCENARIO["cases"]
PAGES = {"subject", "resource", "action"}


@pytest.fixture(scope="session")
def people(till: httpx.Client) -> dict[str, str]:
    """The scenario's two subjects."""
    addresses = {"{alice}": new_email().lower(), "{bob}": new_email().lower()}
    for who, promotions in (("{alice}", "given"), ("{bob}", "refused")):
        address = addresses[who]
        notice = {"id": "promotions", "version": "1", "language": "fr"}
        body = {
            "subject": person(email(address)),
            "events": [
                given(address),
                given(address, purpose="promotions", state=promotions, notice=notice),
            ],
        }
        assert till.post("/v1/consents", json=body).status_code == 201
    return addresses


def filled(value: Any, people: dict[str, str]) -> Any:
    text = json.dumps(value)
    for who, address in people.items():
        text = text.replace(who, address)
    return json.loads(text)


def asked(till: httpx.Client, case: dict[str, Any], people: dict[str, str]) -> httpx.Response:
    content = case["raw"] if "raw" in case else json.dumps(filled(case["body"], people))
    headers = {"content-type": case.get("media", "application/json")}
    return till.post(SCENARIO[case["to"]], content=content, headers=headers)


def pages(till: httpx.Client, path: str, body: Body) -> Iterator[Body]:
    """A search to its end."""
    token = ""
    while True:
        answer = till.post(path, json=body | {"page": body.get("page", {"limit": 1000}) | {"token": token}})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["page"]["count"] == len(page["results"])
        yield page
        token = page["page"]["next_token"]
        if not token:
            return


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_of_the_scenario(till: httpx.Client, people: dict[str, str], case: dict[str, Any]) -> None:
    answer = asked(till, case, people)
    assert answer.status_code == case.get("status", 200), answer.text
    if answer.status_code == 400:
        assert answer.headers["content-type"] == "application/problem+json"
        return
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    if "decision" in case:
        assert told["decision"] is case["decision"]
        assert isinstance(told["context"], dict)
        assert "evaluations" not in told
    if "evaluations" in case:
        assert "decision" not in told
        decisions = [one["decision"] for one in told["evaluations"]]
        assert all(isinstance(one, bool) for one in decisions)
        assert [w if w == "?" else d for w, d in zip(case["evaluations"], decisions, strict=True)] == case[
            "evaluations"
        ]
    if "exactly" in case:
        assert (told["results"], told["page"]["next_token"]) == (filled(case["exactly"], people), "")
    if "results" in case:
        found = [
            one
            for page in pages(till, SCENARIO[case["to"]], filled(case["body"], people))
            for one in page["results"]
        ]
        assert [one for one in filled(case["results"], people) if one not in found] == []
        wanted = {"type", "id"} if case["to"] != "action" else {"name"}
        assert all(one.keys() == wanted for one in found)
        kind = case["body"][case["to"]]["type"] if case["to"] != "action" else None
        assert {one.get("type") for one in found} <= {kind}


def test_every_part_of_the_scenario_is_here() -> None:
    numbers = {case["id"].split()[0] for case in CASES}
    basic = {"2.2.1", "2.2.2", "2.2.3", "2.2.8", "2.2.9", *(f"2.4.{n}" for n in range(1, 7))}
    batch = {"3.2.1", "3.2.2", "3.2.5", "3.2.6", "3.2.7", "3.4.1", "3.4.2", "3.4.3"}
    search = {"4.2.1", "4.2.2", "4.3.1", "4.4.1", "4.4.2", "4.5.1", "4.6.1", "4.6.2", "4.7.1", "4.7.2"}
    assert basic | batch | search <= numbers
    assert all(case["note"] for case in CASES)


@pytest.mark.parametrize(
    "number", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "7", "my own number: 0624686501", "n" * 256]
)
def test_2_5_1_the_number_of_a_request_comes_back_as_it_was(
    service: Serving, till: httpx.Client, people: dict[str, str], number: str
) -> None:
    body = filled(CASES[0]["body"], people)
    with service.stranger() as stranger:
        for client, status in ((till, 200), (stranger, 401)):
            answer = client.post(SCENARIO["evaluation"], json=body, headers={"x-request-id": number})
            assert (answer.status_code, answer.headers["x-request-id"]) == (status, number)


def test_promise_18_a_number_that_came_short_is_sent_back_and_not_logged(
    service: Serving, till: httpx.Client, people: dict[str, str]
) -> None:
    since = service.log_size()
    body = filled(CASES[0]["body"], people)
    till.post(SCENARIO["evaluation"], json=body, headers={"x-request-id": "0624686501"})
    last = till.post(SCENARIO["evaluation"], json=body, headers={"x-request-id": "a-number-to-wait-for"})
    assert last.status_code == 200
    assert "0624686501" not in service.log(since, "a-number-to-wait-for")


def test_a_number_longer_than_256_characters_is_not_taken(till: httpx.Client, people: dict[str, str]) -> None:
    body, number = filled(CASES[0]["body"], people), "n" * 257
    answer = till.post(SCENARIO["evaluation"], json=body, headers={"x-request-id": number})
    assert (answer.status_code, len(answer.headers["x-request-id"])) == (200, 36)


def test_2_5_2_a_request_without_a_number_is_given_one(till: httpx.Client, people: dict[str, str]) -> None:
    assert till.post(SCENARIO["evaluation"], json=filled(CASES[0]["body"], people)).headers["x-request-id"]


def test_2_6_the_same_question_has_the_same_answer(till: httpx.Client, people: dict[str, str]) -> None:
    body = filled(CASES[0]["body"], people)
    assert {till.post(SCENARIO["evaluation"], json=body).json()["decision"] for _ in range(5)} == {True}


def test_4_5_2_the_next_page_follows_with_the_token(till: httpx.Client, people: dict[str, str]) -> None:
    body = filled(next(case for case in CASES if case["id"] == "4.2.1")["body"], people)
    whole = [one for page in pages(till, SCENARIO["subject"], body) for one in page["results"]]
    singly = [
        one
        for page in pages(till, SCENARIO["subject"], body | {"page": {"limit": 1}})
        for one in page["results"]
    ]
    assert singly == whole
    assert len(whole) >= 2


def test_6_the_metadata_name_this_service_and_its_addresses(service: Serving) -> None:
    with service.stranger() as client:
        answer = client.get("/.well-known/authzen-configuration", headers={"x-request-id": "number 7"})
    assert answer.headers["x-request-id"] == "number 7"
    base = service.installation.settings.public_url
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "policy_decision_point": base,
        "access_evaluation_endpoint": base + SCENARIO["evaluation"],
        "access_evaluations_endpoint": base + SCENARIO["evaluations"],
        "search_subject_endpoint": base + SCENARIO["subject"],
        "search_resource_endpoint": base + SCENARIO["resource"],
        "search_action_endpoint": base + SCENARIO["action"],
    }
