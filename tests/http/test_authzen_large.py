"""Many evaluations in one call are decided beside the server, and say what one alone says."""

import time
from threading import Thread

import httpx
import pytest
from acts import Body, email, evaluation, given, new_email, person

from support.installation import Serving

MANY = 300
PATH = "/access/v1/evaluations"


@pytest.fixture
def addresses(till: httpx.Client) -> list[str]:
    """Three people, the second of whom refused."""
    addresses = [new_email() for _ in range(3)]
    for number, address in enumerate(addresses):
        state = {"state": "refused"} if number == 1 else {}
        body = {"subject": person(email(address)), "events": [given(address, **state)]}
        assert till.post("/v1/consents", json=body).status_code == 201
    return addresses


def several(addresses: list[str], count: int = MANY) -> Body:
    return {"evaluations": [evaluation(addresses[number % len(addresses)]) for number in range(count)]}


def told(answer: httpx.Response) -> list[Body]:
    assert answer.status_code == 200, answer.text
    found: list[Body] = answer.json()["evaluations"]
    for one in found:
        one.get("context", {}).pop("decision_id", None)
    return found


def test_a_large_call_says_what_a_small_one_says(till: httpx.Client, addresses: list[str]) -> None:
    small = told(till.post(PATH, json=several(addresses, 3)))
    assert [one["decision"] for one in small] == [True, False, True]
    assert told(till.post(PATH, json=several(addresses))) == small * (MANY // 3)
    alone = [till.post("/access/v1/evaluation", json=evaluation(one)).json() for one in addresses]
    assert [one["decision"] for one in alone] == [True, False, True]


def test_short_evaluations_are_as_many(till: httpx.Client, addresses: list[str]) -> None:
    """Empty ones take three bytes each: a small body, and much to decide."""
    body = evaluation(addresses[0]) | {"evaluations": [{}] * 2000}
    assert [one["decision"] for one in told(till.post(PATH, json=body))] == [True] * 2000


def test_a_large_call_stops_where_the_standard_says(till: httpx.Client, addresses: list[str]) -> None:
    body = several(addresses) | {"options": {"evaluations_semantic": "deny_on_first_deny"}}
    assert [one["decision"] for one in told(till.post(PATH, json=body))] == [True, False]


def test_promise_5_a_no_counts_in_the_next_large_call(till: httpx.Client, addresses: list[str]) -> None:
    told(till.post(PATH, json=several(addresses)))
    refusal = {"subject": person(email(addresses[0])), "events": [given(addresses[0], state="withdrawn")]}
    refusal["events"][0].pop("occurred_at")
    assert till.post("/v1/consents", json=refusal).status_code == 201
    decisions = [one["decision"] for one in told(till.post(PATH, json=several(addresses)))]
    assert decisions == [False, False, True] * (MANY // 3)


def test_more_than_ten_thousand_are_refused(till: httpx.Client) -> None:
    answer = till.post(PATH, json=evaluation(new_email()) | {"evaluations": [{}] * 10_001})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")


def test_what_is_no_json_is_said_to_be_none_beside_the_server_too(till: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    answer = till.post(PATH, content=b'{"evaluations": [' + b" " * 20_000, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_single_checks_are_answered_beside_a_large_call(
    service: Serving, till: httpx.Client, addresses: list[str]
) -> None:
    till.post(PATH, json=several(addresses)).raise_for_status()
    waited: list[float] = []
    with service.client("check") as other:
        large = Thread(target=lambda: other.post(PATH, json=several(addresses, 5000)).raise_for_status())
        large.start()
        while large.is_alive():
            started = time.monotonic()
            till.post("/access/v1/evaluation", json=evaluation(addresses[0])).raise_for_status()
            waited.append(time.monotonic() - started)
        large.join()
    # Held up by the call, one of them would have waited for all of it.
    assert len(waited) > 5


@pytest.mark.parametrize("missing", ["check", "consent:read"])
def test_promise_8_a_search_for_people_takes_both_scopes(service: Serving, missing: str) -> None:
    body = evaluation(new_email(), subject={"type": "email"})
    with service.client(*{"check", "consent:read"} - {missing}) as client:
        answer = client.post("/access/v1/search/subject", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert missing in answer.json()["detail"]
