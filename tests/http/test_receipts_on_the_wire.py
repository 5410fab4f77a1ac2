"""Receipts and records over the wire: the form that Accept asks for, and nothing to whom it is not given."""

import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from acts import given, new_email, person, recording

from support.installation import Serving

LD = {"accept": "application/ld+json"}


@pytest.fixture(scope="module")
def recorded(till: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = till.post("/v1/consents", json=recording()).json()
    return answer


def places(recorded: dict[str, Any]) -> list[str]:
    subject = recorded["subject_id"]
    return [
        f"/v1/receipts/{recorded['receipt_id']}",
        f"/v1/subjects/{subject}/consents",
        f"/v1/subjects/{subject}/history",
    ]


def test_each_form_is_told_as_what_it_is_and_says_what_it_depends_on(
    till: httpx.Client, recorded: dict[str, Any]
) -> None:
    for place in places(recorded):
        plain, linked = till.get(place), till.get(place, headers=LD)
        assert plain.headers["content-type"] == "application/json"
        assert linked.headers["content-type"] == "application/ld+json"
        assert plain.headers["vary"] == linked.headers["vary"] == "accept"
        assert "@context" not in plain.json()
        assert "@context" in linked.json()


def test_another_form_is_refused_before_anything_is_read(
    service: Serving, till: httpx.Client, recorded: dict[str, Any]
) -> None:
    before = service.installation.entries()
    for place in places(recorded):
        refused = till.get(place, headers={"accept": "text/turtle"})
        assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["vary"] == "accept"
    assert service.installation.entries() == before


def test_a_receipt_is_proven_within_moments(till: httpx.Client, recorded: dict[str, Any]) -> None:
    place = f"/v1/receipts/{recorded['receipt_id']}"
    deadline = time.monotonic() + 20
    while (told := till.get(place).json())["unproven"]:
        assert told["proof"] is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert told["receipt"] == recorded["receipt"]
    (entry,) = told["proof"]["entries"]
    proof = till.get(
        "/v1/log/proofs/inclusion", params={"entry": entry["entry_id"], "size": entry["size"]}
    ).json()
    assert proof == {name: entry[name] for name in ("index", "size", "leaf", "path")}
    assert told["proof"]["checkpoint"].splitlines()[1] == str(entry["size"])


def test_a_page_of_linked_data_leads_to_the_next(till: httpx.Client) -> None:
    body = {"subject": person(), "events": [given(channel=one) for one in ("email", "push")]}
    subject = till.post("/v1/consents", json=body).json()["subject_id"]
    place: httpx.URL | None = httpx.URL(f"/v1/subjects/{subject}/history?limit=1")
    channels = []
    while place is not None:
        page = till.get(place, headers=LD).json()
        processes = [record["dpv:hasProcess"] for record in page["dcat:resource"]]
        channels += [process["dpv:hasContext"]["dct:identifier"] for process in processes]
        place = place.join(page["next"]) if "next" in page else None
    assert sorted(channels) == ["email", "push"]


def test_promise_13_unknown_foreign_and_erased_receipts_are_one_answer(
    service: Serving, till: httpx.Client
) -> None:
    address = new_email()
    foreign, erased = (till.post("/v1/consents", json=recording(one)).json() for one in (None, address))
    service.installation.run("subject", "erase", "--yes", erased["subject_id"])
    answers = []
    with service.client("consent:read", purposes=["promotions"]) as limited:
        for client, receipt in (
            (till, str(uuid4())),
            (limited, str(uuid4())),
            (limited, foreign["receipt_id"]),
            (till, erased["receipt_id"]),
        ):
            for headers in ({}, LD):
                answer = client.get(f"/v1/receipts/{receipt}", headers=headers)
                told = answer.json()
                assert told.pop("instance") == answer.headers["x-request-id"]
                names = set(answer.headers) - {"date", "server"}
                answers.append((answer.status_code, told, names, answer.headers["content-length"]))
    assert answers[0][0] == 404
    assert answers[0][1]["code"] == "unknown_receipt"
    assert all(one == answers[0] for one in answers)
