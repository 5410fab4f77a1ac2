"""What a channel system does all day: record, check, report, read back."""

import datetime as dt
import uuid

import httpx
import pytest
from acts import CANARY, email, given, new_card, new_email, person, question, recording


def test_a_check_may_name_the_contact_point_that_would_be_used(till: httpx.Client) -> None:
    address, other, card = new_email(), new_email(), {"scheme": "loyalty", "value": new_card()}
    body = {"subject": person(email(address), email(other), card), "events": [given(address)]}
    assert till.post("/v1/consents", json=body).status_code == 201
    asked = {"subject": [card], "purpose": "newsletter", "channel": "email"}
    allowed = till.post("/v1/check", json=asked | {"contact_point": email(address)}).json()
    assert allowed["allow"] is True
    denied = till.post("/v1/check", json=asked | {"contact_point": email(other)}).json()
    assert denied["allow"] is False


def test_a_check_may_ask_about_a_planned_instant(till: httpx.Client) -> None:
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    now = dt.datetime.now(dt.UTC)
    for days, status, code in ((7, 200, None), (40, 422, "at_out_of_range"), (-1, 422, "at_out_of_range")):
        at = (now + dt.timedelta(days=days)).isoformat()
        answer = till.post("/v1/check", json=question(address, at=at))
        assert (answer.status_code, answer.json().get("code")) == (status, code)
    refused = till.post("/v1/check", json=question(address, at="2026-12-01"))
    assert refused.json()["errors"][0]["pointer"] == "/at"


def test_ten_thousand_questions_are_answered_in_their_order(till: httpx.Client) -> None:
    known, unknown = new_email(), new_email()
    till.post("/v1/consents", json=recording(known)).raise_for_status()
    wanted = [number % 3 == 0 for number in range(10_000)]
    items = [question(known if allowed else unknown) for allowed in wanted]
    answer = till.post("/v1/check/batch", json={"items": items})
    assert answer.status_code == 200
    assert [one["allow"] for one in answer.json()["answers"]] == wanted


def test_a_withdrawal_denies_the_very_next_check(till: httpx.Client) -> None:
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    assert till.post("/v1/check", json=question(address)).json()["allow"] is True
    spoken = {"purpose": "newsletter", "channel": "email", "state": "withdrawn", "method": "spoken"}
    answer = till.post("/v1/consents", json={"subject": person(email(address)), "events": [spoken]})
    assert answer.status_code == 201
    assert till.post("/v1/check", json=question(address)).json()["allow"] is False


def test_an_attempt_is_reported_once_and_a_refusal_withdraws(till: httpx.Client) -> None:
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    tried = {
        "subject": person(email(address)),
        "purpose": "newsletter",
        "channel": "email",
        "outcome": "sent",
        "source_event_id": uuid.uuid4().hex,
    }
    first, again = (till.post("/v1/attempts", json=tried) for _ in range(2))
    assert (first.status_code, first.json()["withdrawn"], first.json()["duplicate"]) == (201, False, False)
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    assert again.json()["id"] == first.json()["id"]
    assert till.post("/v1/check", json=question(address)).json()["allow"] is True

    said_no = tried | {"outcome": "refused", "source_event_id": uuid.uuid4().hex}
    assert till.post("/v1/attempts", json=said_no).json()["withdrawn"] is True
    assert till.post("/v1/check", json=question(address)).json()["allow"] is False


def test_an_objection_denies_all_marketing_at_once(till: httpx.Client) -> None:
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    answer = till.post("/v1/objections", json={"subject": person(email(address))})
    assert answer.status_code == 201
    (objection,) = answer.json()["objections"]
    assert (objection["ground"], objection["purpose"], objection["channel"]) == ("marketing", None, None)
    denied = till.post("/v1/check", json=question(address)).json()
    assert (denied["allow"], denied["eligible"]) == (False, False)
    assert [reason["code"] for reason in denied["reasons"]] != []


def test_facts_are_recorded_beside_the_choices(till: httpx.Client) -> None:
    address = new_email()
    body = {
        "subject": person(email(address)),
        "facts": [
            {"kind": "birth_date", "value": "1990"},
            {"kind": "last_contact", "occurred_at": "2026-11-02"},
            {"kind": "unreachable", "occurred_at": "2026-11-03T08:00:00Z", "contact_point": email(address)},
        ],
    }
    answer = till.post("/v1/facts", json=body)
    assert answer.status_code == 201
    assert [fact["kind"] for fact in answer.json()["facts"]] == ["birth_date", "last_contact", "unreachable"]


def test_a_person_is_looked_up_and_read_by_id_with_no_identifier_in_any_address(till: httpx.Client) -> None:
    address = new_email()
    recorded = till.post("/v1/consents", json=recording(address)).json()
    found = till.post("/v1/subjects/lookup", json={"identifiers": [email(address.upper())]})
    assert found.json() == {"subjects": [{"id": recorded["subject_id"], "territory": "FR"}]}
    assert till.post("/v1/subjects/lookup", json={"identifiers": [email(new_email())]}).json() == {
        "subjects": []
    }
    consents = till.get(f"/v1/subjects/{recorded['subject_id']}/consents")
    assert consents.json()["states"] == recorded["states"]
    assert CANARY not in consents.text + found.text


def test_a_history_is_read_page_by_page_the_latest_first(till: httpx.Client) -> None:
    address = new_email()
    for state in ("given", "withdrawn", "given", "withdrawn", "given"):
        till.post("/v1/consents", json=recording(address, state=state)).raise_for_status()
    found = till.post("/v1/subjects/lookup", json={"identifiers": [email(address)]}).json()
    path = f"/v1/subjects/{found['subjects'][0]['id']}/history"
    whole = till.get(path).json()
    assert whole["next"] is None
    assert [one["event"]["state"] for one in whole["events"]] == [
        "given",
        "withdrawn",
        "given",
        "withdrawn",
        "given",
    ]
    pages, cursor = [], None
    while True:
        page = till.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        pages.append(page["events"])
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == whole["events"]


def test_people_who_share_an_address_become_merge_candidates(till: httpx.Client) -> None:
    shared = email(new_email())
    for _ in range(2):
        card = {"scheme": "loyalty", "value": new_card()}
        body = {"subject": person(shared, card), "events": [given(purpose="promotions", state="refused")]}
        assert till.post("/v1/consents", json=body).status_code == 201
    found = till.post("/v1/subjects/lookup", json={"identifiers": [shared]}).json()["subjects"]
    assert len(found) == 2
    pairs, cursor = [], None
    while True:
        answer = till.get(
            "/v1/merge-candidates", params={"limit": 1} | ({"cursor": cursor} if cursor else {})
        ).json()
        pairs += [set(one["subjects"]) for one in answer["candidates"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert {one["id"] for one in found} in pairs


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/consents", recording),
        ("/v1/objections", lambda: {"subject": person()}),
        ("/v1/facts", lambda: {"subject": person(), "facts": [{"kind": "birth_date", "value": "1990"}]}),
    ],
)
def test_promise_2_the_same_key_has_one_effect_and_gets_the_same_answer(
    till: httpx.Client, path: str, body: object
) -> None:
    assert callable(body)
    content, key = body(), {"idempotency-key": str(uuid.uuid4())}
    first, again = (till.post(path, json=content, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    other = till.post(path, json=body(), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_what_was_reported_before_changes_nothing_under_a_key_either(till: httpx.Client) -> None:
    body, key = recording(source_event_id=uuid.uuid4().hex), {"idempotency-key": str(uuid.uuid4())}
    first = till.post("/v1/consents", json=body)
    again = till.post("/v1/consents", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["events"][0]["id"] == first.json()["events"][0]["id"]
    once_more = till.post("/v1/consents", json=body, headers=key)
    assert once_more.json()["receipt_id"] == first.json()["receipt_id"]


def test_the_words_of_a_reason_come_in_the_callers_language(till: httpx.Client) -> None:
    french, english = (
        till.post("/v1/check", json=question(new_email()), headers={"accept-language": language}).json()
        for language in ("fr", "en")
    )
    assert [one["code"] for one in french["reasons"]] == [one["code"] for one in english["reasons"]]
    assert [one["text"] for one in french["reasons"]] != [one["text"] for one in english["reasons"]]
