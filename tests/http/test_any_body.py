"""Whatever is sent, to whatever address: an answer that was meant, never a 500, and never the value again."""

import json
from typing import Any

import httpx
import pytest
from acts import CANARY, email, evaluation, given, new_email, person, question, recording
from handed import LEASE, hand_out
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from support.installation import Serving

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | st.sampled_from([CANARY, "2026-11-20", "newsletter", "email", "FR", "\u202e", "\u0000", "x" * 1001]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)

LIST = "/v1/check/list"
KNOWN = new_email()
UNKNOWN_HERE = {
    "/v1/requests/{request_id}/proof": "wrong_code",
    "/v1/portal-links": "wrong_login",
    "/v1/requests/{request_id}/login": "wrong_login",
    "/v1/requests/{request_id}/steps": "unknown_staff",
    "/v1/requests/{request_id}/copy/code": "copy_not_released",
    "/v1/requests/{request_id}/copy/link": "wrong_code",
    "/v1/requests/{request_id}/copy/handover": "unknown_staff",
    "/v1/task-links/{token}/answer": "unknown_link",
}
"""Bodies that are read, and name what a test cannot know beforehand."""
GOOD: dict[str, dict[str, Any]] = {
    "/v1/proofs": {"contact_point": email("a@exemple.fr"), "on": "2026-11-20"},
    "/v1/consents": recording("a@exemple.fr"),
    "/v1/objections": {"subject": person(), "purposes": ["newsletter"], "channels": ["email"]},
    "/v1/facts": {
        "subject": person(),
        "facts": [
            {"kind": "sale", "occurred_at": "2026-11-01", "product": "skincare"},
            {"kind": "contract", "start": "2026-01-01", "end": "2026-12-31", "subject_matter": "skincare"},
            {"kind": "birth_date", "value": "1990-02-03"},
        ],
    },
    "/v1/attempts": {
        "subject": person(email(KNOWN)),
        "purpose": "newsletter",
        "channel": "email",
        "outcome": "sent",
    },
    "/access/v1/evaluation": evaluation(new_email(), context={"at": "2026-11-20T10:15:00+01:00"}),
    "/access/v1/evaluations": {
        **evaluation(new_email()),
        "evaluations": [{}, {"subject": {"id": KNOWN}}],
        "options": {"evaluations_semantic": "deny_on_first_deny"},
    },
    "/access/v1/search/subject": evaluation(new_email(), page={"token": "", "limit": 1}),
    "/access/v1/search/resource": evaluation(KNOWN, page={"token": "", "limit": 1}),
    "/access/v1/search/action": evaluation(KNOWN, context={"contact_point": {"type": "email", "id": KNOWN}}),
    "/v1/check": question(new_email()),
    "/v1/links": {
        "purpose": "newsletter",
        "channel": "email",
        "recipients": [{"subject": email(KNOWN)}, {"subject": [email(KNOWN)], "contact_point": email(KNOWN)}],
    },
    "/v1/permits/{permit_id}/used": {"outcome": "sent", "occurred_at": "2026-11-20T10:15:00+01:00"},
    "/v1/check/batch": {"items": [question(new_email())]},
    "/v1/tasks/claim": {"limit": 2, "seconds": 60},
    "/v1/tasks/{task_id}/heartbeat": {"lease": LEASE, "seconds": 60},
    "/v1/tasks/{task_id}/answer": {
        "lease": LEASE,
        "verdict": "partial",
        "code": "archive_closed",
        "detail": "Read on Mondays.",
        "parts": [
            {
                "what": "cards",
                "found": 1,
                "changed": 1,
                "kept": [{"count": 1, "because": "L.123-22", "until": "2036-12-31"}],
            }
        ],
        "identifiers": [email(KNOWN)],
        "preferences": [{"purpose": "newsletter", "channel": "email", "state": "refused"}],
    },
    "/v1/tasks/{task_id}/release": {"lease": LEASE, "code": "till_closed", "detail": "At night."},
    "/v1/task-links/{token}/answer": {
        "verdict": "done",
        "parts": [{"what": "cards", "found": 1}],
        "records": [{"what": "cards", "record": {"number": "7"}}],
    },
    "/v1/replica": {"replica": "0" * 32, "policy": "sha256:0", "limit": 2},
    "/v1/requests": {
        "right": "rectification",
        "identifiers": person()["identifiers"],
        "came_by": "letter",
        "received_on": "2026-11-20",
        "language": "fr",
        "agent": {"name": "Me Durand", "mandate": "signed"},
        "words": "…",
        "changes": {"family_name": "Diaz"},
    },
    "/v1/requests/{request_id}/code": {"scheme": "email"},
    "/v1/requests/{request_id}/proof": {"code": "12345678"},
    "/v1/portal-links": {"token": "eyJ.eyJ.AA"},
    "/v1/requests/{request_id}/login": {"token": "eyJ.eyJ.AA"},
    "/v1/requests/{request_id}/copy/code": {},
    "/v1/requests/{request_id}/copy/link": {"code": "12345678"},
    "/v1/requests/{request_id}/copy/handover": {
        "by": "01a2a3b0-5c6d-7e8f-9012-3456789abcde",
        "grounds": "the card",
    },
    "/v1/requests/{request_id}/steps": {
        "step": "identify",
        "by": "01a2a3b0-5c6d-7e8f-9012-3456789abcde",
        "grounds": "the card",
        "subject_id": "01a2a3b0-5c6d-7e8f-9012-3456789abcde",
    },
    "/v1/subjects/lookup": {"identifiers": person()["identifiers"], "territory": "FR"},
}


@pytest.fixture(autouse=True)
def someone_is_known(till: httpx.Client) -> None:
    till.post("/v1/consents", json=recording(KNOWN, source_event_id="known")).raise_for_status()


@pytest.fixture(autouse=True)
def ids(till: httpx.Client, someone_is_known: None, request: pytest.FixtureRequest) -> dict[str, str]:
    """What stands in addresses: a permit that may be used, a request that waits for its proof; where a test
    asks for it, a task that the till holds.
    """
    told = till.post("/v1/check", json=question(KNOWN, permit=True)).json()
    asked = till.post("/v1/requests", json=GOOD["/v1/requests"]).json()
    path = getattr(request.node, "callspec", None)
    about = str(path.params.get("path", "")) if path else ""
    held = {"{task_id}": request.getfixturevalue("task")} if "{task_id}" in about else {}
    return {"{permit_id}": told["permit_id"], "{request_id}": asked["id"], **held}


def at(path: str, ids: dict[str, str]) -> str:
    for name, id_ in ids.items():
        path = path.replace(name, id_)
    return path


@pytest.fixture
def task(service: Serving) -> str:
    """The number of a task that the till holds by LEASE."""
    return hand_out(service.installation)


@pytest.fixture
def copy(service: Serving) -> str:
    """The same of one that asks for a copy."""
    return hand_out(service.installation, "export")


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a body."""
    found = [way]
    if isinstance(value, dict):
        found += [place for name, inner in value.items() for place in places(inner, (*way, name))]
    if isinstance(value, list):
        found += [place for index, inner in enumerate(value) for place in places(inner, (*way, index))]
    return found


def replaced(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    if not way:
        return new
    copy = value.copy()
    copy[way[0]] = replaced(value[way[0]], way[1:], new)
    return copy


def answered(till: httpx.Client, path: str, ids: dict[str, str], content: bytes) -> None:
    answer = till.post(at(path, ids), content=content, headers={"content-type": "application/json"})
    assert answer.status_code < 500, (answer.status_code, content)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
        assert CANARY not in answer.text


FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@pytest.mark.parametrize("path", GOOD)
@FEW
@whatever(data=st.data())
def test_a_good_body_with_anything_in_one_place_is_answered(
    till: httpx.Client, path: str, ids: dict[str, str], data: st.DataObject
) -> None:
    way = data.draw(st.sampled_from(places(GOOD[path])))
    body = replaced(GOOD[path], way, data.draw(VALUES))
    answered(till, path, ids, json.dumps(body).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("path", [*GOOD, "/oauth/token"])
@FEW
@whatever(content=st.binary(max_size=200))
def test_any_bytes_are_answered(till: httpx.Client, path: str, ids: dict[str, str], content: bytes) -> None:
    answered(till, path, ids, content)


@FEW
@whatever(content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_records_are_answered(till: httpx.Client, copy: str, content: bytes) -> None:
    lines = {"content-type": "application/x-ndjson"}
    answer = till.post(f"/v1/tasks/{copy}/records", params={"lease": LEASE}, content=content, headers=lines)
    assert answer.status_code in (200, 422), answer.text


@FEW
@whatever(text=st.text(max_size=200))
def test_any_form_is_answered(service: Serving, text: str) -> None:
    answer = httpx.post(
        f"{service.address}/oauth/token",
        content=text.encode("utf-8", "surrogatepass"),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code in (400, 401, 429)


@FEW
@whatever(content=st.binary(max_size=400))
def test_any_file_is_answered(till: httpx.Client, content: bytes) -> None:
    answer = till.post("/v1/imports", content=content, headers={"content-type": "text/csv"})
    assert answer.status_code in (200, 202), answer.text


def test_every_post_is_tried(service: Serving) -> None:
    """A new route is put into GOOD, with a body that it takes; the others take none, a form, or lines."""
    with service.stranger() as client:
        paths = client.get("/openapi.json").json()["paths"]
    takes = {
        path: set(methods["post"].get("requestBody", {"content": {}})["content"])
        for path, methods in paths.items()
        if "post" in methods
    }
    assert {path for path, media in takes.items() if "application/json" in media} == set(GOOD)
    others = {path for path, media in takes.items() if media and path not in GOOD}
    assert others == {"/oauth/token", "/v1/imports", LIST, "/v1/tasks/{task_id}/records"}


@pytest.mark.parametrize("form", ["application/x-ndjson", "text/csv"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@whatever(content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_list_is_answered(till: httpx.Client, form: str, content: bytes) -> None:
    asked = {"purpose": "newsletter", "channel": "email"}
    answer = till.post(LIST, params=asked, content=content, headers={"content-type": form})
    assert answer.status_code in (200, 400, 413, 422), answer.text


@pytest.mark.parametrize("path", GOOD)
def test_what_is_varied_is_good_to_begin_with(till: httpx.Client, path: str, ids: dict[str, str]) -> None:
    # A proof is about somebody on record.
    till.post("/v1/consents", json=GOOD["/v1/consents"]).raise_for_status()
    answer = till.post(at(path, ids), json=GOOD[path])
    assert answer.status_code in (200, 201, 202) or answer.json()["code"] == UNKNOWN_HERE.get(path)
    assert given()["state"] == "given"
