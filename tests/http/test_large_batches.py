"""A batch too large to be decided between two other answers is decided by a process of its own, just so."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from acts import Body, email, given, new_email, person, question

from support.installation import Installation, Serving

MANY = 200


@pytest.fixture
def addresses(till: httpx.Client) -> list[str]:
    """Five people with a yes, one of them with a later no."""
    addresses = [new_email() for _ in range(5)]
    for address in addresses:
        body = {"subject": person(email(address)), "events": [given(address)]}
        assert till.post("/v1/consents", json=body).status_code == 201
    gone = {"subject": person(email(addresses[2])), "events": [withdrawn()]}
    assert till.post("/v1/consents", json=gone).status_code == 201
    return addresses


def withdrawn() -> Body:
    return {"purpose": "newsletter", "channel": "email", "state": "withdrawn", "method": "web_form"}


def batch(addresses: list[str], count: int = MANY) -> Body:
    return {"items": [question(addresses[number % len(addresses)]) for number in range(count)]}


def told(answer: httpx.Response) -> list[Body]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return [{k: v for k, v in one.items() if k != "decision_id"} for one in answer.json()["answers"]]


def test_a_large_batch_says_what_small_ones_say(till: httpx.Client, addresses: list[str]) -> None:
    large = told(till.post("/v1/check/batch", json=batch(addresses)))
    small = told(till.post("/v1/check/batch", json=batch(addresses, 5)))
    assert [one["allow"] for one in small] == [True, True, False, True, True]
    assert large == small * (MANY // 5)
    french = till.post("/v1/check/batch", json=batch(addresses), headers={"Accept-Language": "fr"})
    assert told(french)[2]["reasons"] != large[2]["reasons"]


def test_promise_5_a_no_counts_in_the_next_large_batch(till: httpx.Client, addresses: list[str]) -> None:
    told(till.post("/v1/check/batch", json=batch(addresses)))
    body = {"subject": person(email(addresses[0])), "events": [withdrawn()]}
    assert till.post("/v1/consents", json=body).status_code == 201
    answers = told(till.post("/v1/check/batch", json=batch(addresses)))
    assert [one["allow"] for one in answers[:5]] == [False, True, False, True, True]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"purpose": 7}, 422, "invalid_body"),
        ({"unheard": "of"}, 422, "invalid_body"),
        ({"at": "2020-01-01T10:00:00Z"}, 422, "at_out_of_range"),
    ],
)
def test_what_is_wrong_in_a_large_batch_is_named(
    till: httpx.Client, addresses: list[str], change: Body, status: int, code: str
) -> None:
    body = batch(addresses)
    body["items"][150] |= change
    answer = till.post("/v1/check/batch", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert told(till.post("/v1/check/batch", json=batch(addresses)))


def test_what_is_no_json_is_said_to_be_none(till: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = till.post("/v1/check/batch", content=b'{"items": [' + b" " * 20_000, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_a_system_learns_no_more_from_a_large_batch(service: Serving, addresses: list[str]) -> None:
    with service.client("check", channels=["sms"]) as limited:
        answer = limited.post("/v1/check/batch", json=batch(addresses))
        assert (answer.status_code, answer.json()["code"]) == (403, "outside_limits")
    with service.client("check") as vendor:
        coarse = told(vendor.post("/v1/check/batch", json=batch(addresses)))
        assert coarse[2]["reasons"][0]["code"] in {"no_consent", "objected"}


def test_a_batch_process_that_is_killed_is_started_again(
    service: Serving, till: httpx.Client, addresses: list[str]
) -> None:
    told(till.post("/v1/check/batch", json=batch(addresses)))
    (process,) = batch_processes(service.pid)
    os.kill(process, signal.SIGKILL)
    until = time.monotonic() + 30
    while (answer := till.post("/v1/check/batch", json=batch(addresses))).status_code == 503:
        assert answer.json()["code"] == "batch_interrupted"
        assert time.monotonic() < until
    assert len(told(answer)) == MANY
    assert list(batch_processes(service.pid)) != [process]


def test_a_batch_process_ends_with_its_server(tmp_path: Path) -> None:
    with Installation(tmp_path).make().served() as service, service.client("check") as client:
        told(client.post("/v1/check/batch", json=batch([new_email()])))
        (process,) = batch_processes(service.pid)
        os.kill(service.pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while Path(f"/proc/{process}/cmdline").exists():
            assert time.monotonic() < until
            time.sleep(0.05)


def batch_processes(parent: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(status[1]) == parent and b"consentd.batches" in command and status[0] != "Z":
            yield int(folder.name)
