"""What cannot be taken is refused with a stable code and the place of the fault, and never repeated.

Promise 18: whatever was sent, its canary is looked for in every answer and in all that the server wrote.
"""

import base64
import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from acts import CANARY, email, given, new_email, person, question, recording

from support.installation import Serving

JSON = {"content-type": "application/json"}
PROBLEM = "application/problem+json"
MARK = f"{CANARY}.0624686501@exemple.fr"


@pytest.fixture(autouse=True)
def nothing_is_written(service: Serving) -> Iterator[None]:
    """After each test: nothing failed unexpectedly, and no identifier is in what the server wrote."""
    before = service.log_size()
    yield
    with service.stranger() as client:
        number = client.get("/health/live").headers["x-request-id"]
    written = service.log(before, until=number)
    assert '"failed"' not in written
    assert "Traceback" not in written
    assert CANARY not in written
    assert "exemple" not in written


def refused(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}")
    assert problem["instance"] == answer.headers["x-request-id"]
    if pointer is not None:
        assert pointer in [one["pointer"] for one in problem["errors"]], problem
    assert CANARY not in answer.text
    assert "0624686501" not in answer.text


BODY = json.dumps({"subject": email(MARK), "purpose": "newsletter", "channel": "email"})
UNREADABLE = {
    "nothing": (b"", 400, "empty_body"),
    "a truncated object": (BODY[:-4].encode(), 400, "not_json"),
    "two objects": ((BODY + BODY).encode(), 400, "not_json"),
    "a byte order mark": (b"\xef\xbb\xbf" + BODY.encode(), 400, "not_json"),
    "UTF-16": (BODY.encode("utf-16"), 400, "not_json"),
    "Latin-1": (BODY.replace("email", "é", 1).encode("latin-1"), 400, "not_json"),
    "NaN": (BODY.replace('"email"', "NaN", 1).encode(), 400, "not_json"),
    "Infinity": (b'{"subject": Infinity}', 400, "not_json"),
    "a comment": (b"/* hello */" + BODY.encode(), 400, "not_json"),
    "a lone surrogate": (BODY.replace("email", "\\ud800", 1).encode(), 400, "not_json"),
    "a member that comes twice": (
        BODY.replace("{", '{"purpose": "orders", ', 1).encode(),
        400,
        "duplicate_member",
    ),
    "a member that comes twice, escaped": (
        BODY.replace("{", '{"purp\\u006fse": "orders", ', 1).encode(),
        400,
        "duplicate_member",
    ),
    "the character U+0000": (BODY.replace(CANARY, "\\u0000", 1).encode(), 400, "nul_character"),
    "text": (b'"' + MARK.encode() + b'"', 422, "invalid_body"),
    "a list": (b"[]", 422, "invalid_body"),
    "null": (b"null", 422, "invalid_body"),
    "a huge number": (b"1" + b"0" * 5000, 400, "not_json"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_body_that_cannot_be_read_is_refused(till: httpx.Client, what: str) -> None:
    body, status, code = UNREADABLE[what]
    refused(till.post("/v1/check", content=body, headers=JSON), status, code)


def test_a_body_of_ten_thousand_levels_is_refused(till: httpx.Client) -> None:
    body = b'{"subject":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    refused(till.post("/v1/check", content=body, headers=JSON), 400, "body_too_deep")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "wrong_media_type"),
        ({"content-type": "text/plain"}, "wrong_media_type"),
        ({"content-type": "application/x-www-form-urlencoded"}, "wrong_media_type"),
        ({"content-type": "application/json; charset=latin-1"}, "wrong_charset"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "compressed_body"),
    ],
)
def test_a_body_announced_as_something_else_is_refused(
    till: httpx.Client, headers: dict[str, str], code: str
) -> None:
    refused(till.post("/v1/check", content=BODY, headers=headers), 415, code)


@pytest.mark.parametrize("announced", [True, False], ids=["with its length", "in chunks"])
def test_promise_17_a_body_that_is_too_large_is_refused(
    service: Serving, till: httpx.Client, announced: bool
) -> None:
    limit = service.installation.settings.max_body_bytes
    body = b'{"subject": "' + b"x" * limit + b'"}'
    parts = body if announced else (body[at : at + 65536] for at in range(0, len(body), 65536))
    try:
        answer = till.post("/v1/check", content=parts, headers=JSON)
    except httpx.TransportError:
        # The server hung up before all was sent, which is its right.
        return
    refused(answer, 413, "body_too_large")


def test_a_content_length_that_is_no_number_reaches_no_handler(service: Serving, till: httpx.Client) -> None:
    host, port = service.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        raw.sendall(
            b"POST /v1/check HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"content-length: 4_2\r\nauthorization: " + till.headers["authorization"].encode() + b"\r\n\r\n{}"
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/check", 405, "method_not_allowed"),
        ("DELETE", "/v1/consents", 405, "method_not_allowed"),
        ("PUT", "/oauth/token", 405, "method_not_allowed"),
        ("TRACE", "/v1/check", 405, "method_not_allowed"),
        ("GET", f"/v1/{MARK}", 404, "no_such_address"),
        ("GET", f"/v1/subjects/{MARK}/consents", 404, None),
        ("GET", "/v1/subjects/01a2009b6fb87583bf03b3a2b494654/history", 404, None),
        ("GET", f"/v1/subjects/{uuid.UUID(int=7)}/consents", 404, None),
        ("GET", f"/v1/subjects/{uuid.UUID(int=7)}/history", 404, None),
        ("GET", "/v1/merge-candidates?limit=0", 422, "invalid_parameter"),
        ("GET", "/v1/merge-candidates?limit=501", 422, "invalid_parameter"),
        ("GET", f"/v1/merge-candidates?limit={MARK}", 422, "invalid_parameter"),
        ("GET", f"/v1/merge-candidates?cursor={MARK}", 422, "bad_cursor"),
        ("GET", "/v1/merge-candidates?cursor=bnVsbA", 422, "bad_cursor"),
        ("GET", "/v1/merge-candidates?cursor=%00", 422, "bad_cursor"),
        ("GET", f"/v1/log/proofs/inclusion?entry={MARK}", 422, "bad_entry"),
        ("GET", f"/v1/log/proofs/inclusion?index={MARK}", 422, "bad_number"),
    ],
)
def test_what_is_not_there_or_not_so_is_refused(
    till: httpx.Client, method: str, path: str, status: int, code: str | None
) -> None:
    answer = till.request(method, path)
    refused(answer, status, code or answer.json()["code"])
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    "cursor",
    ["WzEsMl0", "WyJ4IiwiMDFhMjAwOWItNmZiOC03NTgzLWJmMDMtYjNhMmI0OTQ2NTRjIl0", "e30", "===", "☃"],
)
def test_a_cursor_of_ones_own_making_opens_no_history(till: httpx.Client, cursor: str) -> None:
    recorded = till.post("/v1/consents", json=recording()).json()
    path = f"/v1/subjects/{recorded['subject_id']}/history"
    refused(till.get(path, params={"cursor": cursor}), 422, "bad_cursor")


def test_a_cursor_far_out_of_range_finds_nothing_and_breaks_nothing(till: httpx.Client) -> None:
    recorded = till.post("/v1/consents", json=recording()).json()
    path = f"/v1/subjects/{recorded['subject_id']}/history"
    for number in (10**30, -(10**30), 2**63, -(2**63) - 1):
        content = json.dumps([number, str(uuid.UUID(int=1))]).encode()
        cursor = base64.urlsafe_b64encode(content).decode().rstrip("=")
        assert till.get(path, params={"cursor": cursor}).status_code in (200, 422)


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
def test_an_idempotency_key_that_is_none_is_refused(till: httpx.Client, key: str) -> None:
    answer = till.post("/v1/consents", json=recording(), headers={"idempotency-key": key.encode()})
    refused(answer, 422, "bad_idempotency_key")


def changed(path: str, value: Any) -> dict[str, Any]:
    """A good body with one member made another: `/events/0/state`."""
    body: Any = recording(new_email())
    *way, last = path.strip("/").split("/")
    at = body
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    at[last] = value
    result: dict[str, Any] = body
    return result


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("/surprise", MARK, "unknown_member"),
        ("/subject/surprise", 1, "unknown_member"),
        ("/events/0/surprise", 1, "unknown_member"),
        ("/events", [], "out_of_bounds"),
        ("/events", [given()] * 101, "out_of_bounds"),
        ("/events", {"0": given()}, "wrong_type"),
        ("/subject", None, "wrong_type"),
        ("/subject/identifiers", [], "out_of_bounds"),
        ("/subject/identifiers", [email(MARK)] * 21, "out_of_bounds"),
        ("/subject/identifiers/0/value", 624686501, "wrong_type"),
        ("/subject/identifiers/0/value", "x" * 1001, "out_of_bounds"),
        ("/subject/territory", "france", "out_of_bounds"),
        ("/subject/name", "x" * 201, "out_of_bounds"),
        ("/events/0/state", MARK, "not_allowed"),
        ("/events/0/state", True, "wrong_type"),
        ("/events/0/explicit", "true", "wrong_type"),
        ("/events/0/explicit", 1, "wrong_type"),
        ("/events/0/purpose", MARK, "out_of_bounds"),
        ("/events/0/occurred_at", 1763630100, "wrong_type"),
        ("/events/0/occurred_at", "now", "out_of_bounds"),
        ("/events/0/notice/version", 3, "wrong_type"),
        ("/events/0/notice/language", "FR", "out_of_bounds"),
        ("/events/0/source_event_id", "x" * 201, "out_of_bounds"),
        ("/events/0/evidence", {str(n): n for n in range(51)}, "out_of_bounds"),
        ("/events/0/evidence", {MARK: {"deep": 1}}, "wrong_type"),
        ("/events/0/evidence", {"n": 1.5}, "wrong_type"),
        ("/on_incomplete", "guess", "not_allowed"),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_at_its_place(
    till: httpx.Client, path: str, value: Any, code: str
) -> None:
    answer = till.post("/v1/consents", json=changed(path, value))
    refused(answer, 422, "invalid_body")
    (error,) = answer.json()["errors"]
    # A map's keys are content: the way ends before them.
    assert error["pointer"].startswith(path) or path.startswith(error["pointer"])
    assert error["code"] == code


@pytest.mark.parametrize(
    ("path", "value", "code", "pointer"),
    [
        ("/events/0/purpose", "0624686501", "unknown_purpose", None),
        ("/events/0/channel", "0624686501", "unknown_channel", None),
        ("/subject/identifiers/0/scheme", "0624686501", "unknown_scheme", "/subject/identifiers/0/scheme"),
        ("/subject/identifiers/0/value", CANARY, "invalid_identifier", "/subject/identifiers/0/value"),
        ("/subject/identifiers/0/value", f"{CANARY}\u202e@exemple.fr", "invalid_identifier", None),
        ("/subject/identifiers/0/value", f"{CANARY}\u0007@exemple.fr", "invalid_identifier", None),
        ("/subject/identifiers/0/value", f"{CANARY}\r\n@exemple.fr", "invalid_identifier", None),
        ("/subject/identifiers/0/value", f"{CANARY}{'x' * 400}@exemple.fr", "invalid_identifier", None),
        ("/subject/identifiers/0/value", "   ", "invalid_identifier", None),
        (
            "/events/0/contact_point/value",
            f"{CANARY}@",
            "invalid_identifier",
            "/events/0/contact_point/value",
        ),
        ("/events/0/contact_point/scheme", "phone", None, None),
        ("/events/0/occurred_at", f"{CANARY}0624686501", None, "/events/0/occurred_at"),
        ("/events/0/occurred_at", "2026-11-20T10:15:00", None, "/events/0/occurred_at"),
        ("/events/0/occurred_at", "2026-02-30", None, "/events/0/occurred_at"),
        ("/events/0/occurred_at", "0001-01-01T00:00:00+14:00", None, "/events/0/occurred_at"),
        ("/events/0/occurred_at", "9999-12-31T23:59:59-12:00", None, "/events/0/occurred_at"),
        ("/events/0/occurred_at", "9999-12-31", None, "/events/0/occurred_at"),
        ("/events/0/notice/id", "0624686501", "unknown_notice", "/events/0/notice/id"),
        ("/events/0/notice/version", MARK, "unknown_notice_version", "/events/0/notice/version"),
        ("/events/0/method", MARK, "unknown_method", "/events/0/method"),
        ("/events/0/method", "prechecked", "prechecked", "/events/0/method"),
        ("/events/0/state", "expired", "expired_not_recorded", "/events/0/state"),
    ],
)
def test_an_act_that_cannot_be_is_refused_with_its_reason(
    till: httpx.Client, path: str, value: str, code: str | None, pointer: str | None
) -> None:
    answer = till.post("/v1/consents", json=changed(path, value))
    refused(answer, 422, answer.json()["code"], pointer)
    found = {answer.json()["code"], *(one["code"] for one in answer.json()["errors"])}
    assert code is None or code in found


def test_a_yes_without_proof_is_told_everything_that_it_lacks(till: httpx.Client) -> None:
    bare = {"purpose": "newsletter", "channel": "email", "state": "given"}
    answer = till.post("/v1/consents", json={"subject": person(), "events": [bare]})
    assert answer.status_code == 422
    assert {"/events/0/method", "/events/0/notice", "/events/0/occurred_at", "/events/0/collector"} <= {
        one["pointer"] for one in answer.json()["errors"]
    }


def test_the_same_event_number_with_other_content_is_a_conflict(till: httpx.Client) -> None:
    address, number = new_email(), uuid.uuid4().hex
    assert till.post("/v1/consents", json=recording(address, source_event_id=number)).status_code == 201
    other = till.post("/v1/consents", json=recording(address, source_event_id=number, method="button"))
    refused(other, 409, "source_event_conflict")


def test_ten_thousand_and_one_questions_are_too_many(till: httpx.Client) -> None:
    answer = till.post("/v1/check/batch", json={"items": [question(MARK)] * 10_001})
    refused(answer, 422, "invalid_body", "/items")


@pytest.mark.parametrize("value", ["", CANARY, "\u202e", "x" * 999, "é@é", f"{CANARY}@exemple.fr\u0000"[:-1]])
def test_a_check_of_an_identifier_that_cannot_be_read_denies(till: httpx.Client, value: str) -> None:
    answer = till.post("/v1/check", json=question(value))
    if value == "":
        refused(answer, 422, "invalid_body")
    else:
        assert (answer.status_code, answer.json()["allow"]) == (200, False)
        assert CANARY not in answer.text


@pytest.mark.parametrize("name", ["authorization", "content-type", "idempotency-key"])
def test_a_header_that_comes_twice_is_refused(till: httpx.Client, name: str) -> None:
    request = till.build_request("POST", "/v1/consents", json=recording())
    request.headers = httpx.Headers([*request.headers.multi_items(), (name, "a"), (name, "b")])
    refused(till.send(request), 400, "repeated_header")
