"""What the network does to calls: each is tried again or not, in bounded time, with the same number."""

import time
from collections.abc import Callable

import pytest
from both import Program, answer, scripted, somebody, yes

from consentd.client import Conflict, Overloaded, Question, TimedOut, Unavailable, Unreadable

Make = Callable[..., Program]
NEWSLETTER = ("newsletter", "email")
YES = answer(200, '{"allow": true, "eligible": true, "reasons": [{"code": "consent_given", "text": ""}]}')
RECORDED = answer(
    201, '{"receipt_id": "01a2009b-6fb8-7583-bf03-b3a2b494654c", "events": [{"duplicate": false}]}'
)
HANG_UP = b""


def problem(status: int, code: str, **headers: str) -> bytes:
    return answer(status, f'{{"code": "{code}", "detail": "why", "status": {status}}}', **headers)


@pytest.mark.parametrize(
    "first", [HANG_UP, problem(503, "busy"), problem(429, "too_many"), answer(502, "<html>"), 9.0]
)
def test_a_check_that_was_not_answered_is_asked_again(program: Make, first: bytes | float) -> None:
    with scripted(first, YES) as server:
        client = program(server.url, "id", "secret", timeout=0.3, total=5)
        assert client.call("check", somebody(), *NEWSLETTER).allow
        assert len(server.asked("/v1/check")) == 2


def test_promise_2_a_recording_that_was_not_answered_is_sent_again_under_the_same_number(
    program: Make,
) -> None:
    running = problem(409, "still_running", retry_after="0")
    with scripted(HANG_UP, running, 9.0, problem(503, "busy", retry_after="0"), RECORDED) as server:
        client = program(server.url, "id", "secret", timeout=0.3, total=8, retries=5)
        assert not client.call("record", somebody(), yes()).duplicate
        assert len(server.asked("/v1/consents")) == 5
        assert len(server.numbers()) == 1
    with scripted(RECORDED, RECORDED) as server:
        client = program(server.url, "id", "secret")
        client.call("record", somebody(), yes())
        client.call("record", somebody(), yes(), idempotency_key="mine")
        assert len(server.numbers()) == 2
        assert "mine" in server.numbers()


def test_what_was_refused_is_not_sent_again(program: Make) -> None:
    with scripted(problem(409, "idempotency_key_reused"), RECORDED) as server:
        client = program(server.url, "id", "secret")
        with pytest.raises(Conflict):
            client.call("record", somebody(), yes())
        assert len(server.asked("/v1/consents")) == 1


def test_retry_after_is_waited_for(program: Make) -> None:
    with scripted(problem(429, "too_many", retry_after="1"), YES) as server:
        client = program(server.url, "id", "secret", total=5)
        assert client.call("check", somebody(), *NEWSLETTER).allow
        first, second = server.at[-2:]
        assert second - first >= 1


def test_a_wait_that_is_too_long_is_not_begun(program: Make) -> None:
    with scripted(problem(503, "busy", retry_after="60"), YES) as server:
        client = program(server.url, "id", "secret", total=2)
        begun = time.monotonic()
        assert client.call("check", somebody(), *NEWSLETTER).reason == "overloaded"
        assert time.monotonic() - begun < 1
        assert len(server.asked("/v1/check")) == 1
    with (
        scripted(problem(503, "busy", retry_after="60")) as server,
        pytest.raises(Overloaded, match="60 seconds"),
    ):
        program(server.url, "id", "secret", total=2).call("record", somebody(), yes())


@pytest.mark.parametrize("answers", [[9.0] * 9, ["drip"] * 9])
def test_a_call_with_all_its_tries_takes_no_longer_than_it_may(
    program: Make, answers: list[float | str]
) -> None:
    with scripted(*answers) as server:
        client = program(server.url, "id", "secret", timeout=0.4, total=1.0, retries=9)
        begun = time.monotonic()
        assert client.call("check", somebody(), *NEWSLETTER).reason == "timeout"
        assert time.monotonic() - begun < 1.6
        begun = time.monotonic()
        found = client.call("check_many", [Question(somebody(), *NEWSLETTER)] * 3000)
        assert {one.reason for one in found} == {"timeout"}
        assert len(found) == 3000
        assert time.monotonic() - begun < 2.2
        with pytest.raises(TimedOut):
            client.call("record", somebody(), yes())


def test_no_server_is_a_denial_and_no_recording(program: Make) -> None:
    with scripted() as server:
        url = server.url
    client = program(url, "id", "secret", total=1)
    assert client.call("check", somebody(), *NEWSLETTER).reason == "unavailable"
    with pytest.raises(Unavailable):
        client.call("record", somebody(), yes())


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        '{"allow": "true", "eligible": true, "reasons": []}',
        '{"allow": 1}',
        '{"allow": true}',
    ],
)
def test_an_answer_that_is_none_denies(program: Make, body: str) -> None:
    with scripted(answer(200, body)) as server:
        assert (
            program(server.url, "id", "secret").call("check", somebody(), *NEWSLETTER).reason
            == "unreadable_answer"
        )
    with scripted(answer(200, body)) as server, pytest.raises(Unreadable):
        program(server.url, "id", "secret").call("record", somebody(), yes())


def test_a_redirect_is_not_followed(program: Make) -> None:
    with (
        scripted(YES) as elsewhere,
        scripted(*[answer(307, location=elsewhere.url + "/v1/check")] * 4) as server,
    ):
        client = program(server.url, "id", "secret", total=2, retries=0)
        assert client.call("check", somebody(), *NEWSLETTER).reason == "unavailable"
        assert elsewhere.heads == []


def test_a_token_that_is_over_is_renewed_once(program: Make) -> None:
    over = problem(401, "token_expired")
    with scripted(over, YES, over, over) as server:
        client = program(server.url, "id", "secret")
        assert client.call("check", somebody(), *NEWSLETTER).allow
        assert len(server.asked("/oauth/token")) == 2
        assert client.call("check", somebody(), *NEWSLETTER).reason == "unauthorised"
        assert len(server.asked("/oauth/token")) == 3


def test_a_batch_is_not_asked_again_for_a_question_that_it_did_not_have(program: Make) -> None:
    """Whatever answers is not trusted to end the asking."""
    fault = '{"pointer": "/items/77/subject", "code": "invalid_body", "detail": ""}'
    refusal = answer(422, f'{{"code": "invalid_body", "detail": "", "errors": [{fault}]}}')
    with scripted(*[refusal] * 3) as server:
        client = program(server.url, "id", "secret")
        told = client.call("check_many", [Question(somebody(), *NEWSLETTER)])
        assert [one.reason for one in told] == ["invalid_question"]
        assert len(server.asked("/v1/check/batch")) == 1
