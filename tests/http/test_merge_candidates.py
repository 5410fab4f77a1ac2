"""Deciding who is one person with whom, over HTTP: listed, approved, refused, undone, and by whom."""

import uuid
from typing import Any

import httpx
import pytest
from acts import CANARY, email, given, new_card, new_email, person, question

from support.installation import Serving


def couple(till: httpx.Client, **name: Any) -> tuple[str, list[dict[str, str]]]:
    """Two customers who share one mailbox: the address, and their cards."""
    address, cards = new_email(), []
    for state in ("given", "refused"):
        card = {"scheme": "loyalty", "value": new_card()}
        body = {"subject": person(email(address), card) | name, "events": [given(state=state)]}
        till.post("/v1/consents", json=body).raise_for_status()
        cards.append(card)
    return address, cards


def people(client: httpx.Client, *identifiers: dict[str, str]) -> list[str]:
    found = client.post("/v1/subjects/lookup", json={"identifiers": list(identifiers)}).json()
    return [one["id"] for one in found["subjects"]]


def pair_of(
    client: httpx.Client, subject: str, status: str = "open", **headers: str
) -> dict[str, Any] | None:
    asked = {"limit": "500", "status": status}
    answer = client.get("/v1/merge-candidates", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return next((one for one in answer.json()["candidates"] if subject in one["subjects"]), None)


def decide(client: httpx.Client, pair: str, how: str, key: str | None = None) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return client.post(f"/v1/merge-candidates/{pair}/{how}", headers=headers)


def test_a_pair_says_why_and_by_which_kinds_of_identifiers(till: httpx.Client, desk: httpx.Client) -> None:
    address, cards = couple(till, name={"given": CANARY, "family": "Roux"})
    one, other = people(till, *cards)
    pair = pair_of(till, one)
    assert pair is not None
    assert set(pair["subjects"]) == {one, other}
    assert (pair["status"], pair["reason"], pair["in_common"]) == ("open", "same_name", ["email"])
    assert [because["code"] for because in pair["reasons"]] == ["same_name", "shared_contact"]
    (shared,) = pair["identifiers"]
    assert (shared["scheme"], set(shared["held_by"]), shared["proven_by"]) == ("email", {one, other}, [])
    assert CANARY not in str(pair).lower()
    opened = pair_of(desk, one)
    assert opened is not None
    assert opened["identifiers"][0]["value"] == address.lower()


def test_the_words_of_a_pair_come_in_the_callers_language(till: httpx.Client) -> None:
    _, cards = couple(till)
    one, _ = people(till, *cards)
    words = []
    for language in ("fr", "en"):
        pair = pair_of(till, one, **{"accept-language": language})
        assert pair is not None
        words.append(pair["reasons"][0]["text"])
    assert [text.split()[0] for text in words] == ["Une", "A"]


def test_what_identifiers_say_is_logged_about_each_person_who_may_see_it(
    service: Serving, till: httpx.Client, desk: httpx.Client
) -> None:
    couple(till)
    counts = []
    for client in (till, desk):
        before = len(service.installation.entries())
        pairs = client.get("/v1/merge-candidates", params={"limit": 500}).json()["candidates"]
        told = {subject for pair in pairs for subject in pair["subjects"]}
        counts.append((len(service.installation.entries()) - before, len(told)))
    assert counts[0][0] == 1
    assert counts[1][0] == counts[1][1] > 1


def test_approving_makes_one_person_and_undoing_makes_two_again(
    till: httpx.Client, desk: httpx.Client
) -> None:
    address, cards = couple(till)
    two = people(till, *cards)
    pair = pair_of(till, two[0])
    assert pair is not None
    approved = decide(desk, pair["id"], "approve")
    assert approved.status_code == 200, approved.text
    assert (approved.json()["status"], len(approved.json()["people"])) == ("approved", 1)
    assert people(till, *cards) == approved.json()["people"]
    # The refusal of one denies for both.
    for card in cards:
        asked = question(address) | {"subject": [card, email(address)]}
        assert till.post("/v1/check", json=asked).json()["reasons"][0]["code"] == "refused"
    assert pair_of(till, two[0]) is None
    assert pair_of(till, two[0], "approved") is not None

    undone = decide(desk, pair["id"], "undo")
    assert (undone.json()["status"], sorted(undone.json()["people"])) == ("open", sorted(two))
    assert people(till, *cards) == two
    assert pair_of(till, two[0], "open") is not None
    assert len({approved.json()["entry_id"], undone.json()["entry_id"]}) == 2


def test_a_refused_pair_is_gone_until_that_is_undone(till: httpx.Client, desk: httpx.Client) -> None:
    _, cards = couple(till)
    two = people(till, *cards)
    pair = pair_of(till, two[0])
    assert pair is not None
    assert decide(desk, pair["id"], "refuse").json()["status"] == "refused"
    assert (pair_of(till, two[0]), people(till, *cards)) == (None, two)
    assert pair_of(till, two[0], "refused") is not None
    assert decide(desk, pair["id"], "undo").json()["status"] == "open"
    assert pair_of(till, two[0]) is not None


@pytest.mark.parametrize(
    ("before", "then", "code"),
    [
        (["approve"], "approve", "already_decided"),
        (["approve"], "refuse", "already_decided"),
        (["refuse"], "approve", "already_decided"),
        (["refuse"], "refuse", "already_decided"),
        ([], "undo", "not_decided"),
        (["approve", "undo"], "undo", "not_decided"),
    ],
)
def test_what_was_decided_is_not_decided_again(
    till: httpx.Client, desk: httpx.Client, before: list[str], then: str, code: str
) -> None:
    _, cards = couple(till)
    pair = pair_of(till, people(till, *cards)[0])
    assert pair is not None
    for how in before:
        decide(desk, pair["id"], how).raise_for_status()
    answer = decide(desk, pair["id"], then)
    assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize("how", ["approve", "refuse", "undo"])
def test_a_pair_that_is_none_is_not_found(desk: httpx.Client, how: str) -> None:
    answer = decide(desk, str(uuid.uuid4()), how)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_candidate")


def test_promise_2_the_same_key_decides_once_and_gets_its_answer_again(
    service: Serving, till: httpx.Client, desk: httpx.Client
) -> None:
    _, cards = couple(till)
    pair = pair_of(till, people(till, *cards)[0])
    assert pair is not None
    for how in ("approve", "undo", "refuse"):
        key = str(uuid.uuid4())
        first = decide(desk, pair["id"], how, key)
        before = service.installation.entries()
        again = decide(desk, pair["id"], how, key)
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json() == first.json()
        assert service.installation.entries() == before
    other = decide(desk, str(uuid.uuid4()), "refuse", key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_status_that_is_none_is_refused(till: httpx.Client) -> None:
    answer = till.get("/v1/merge-candidates", params={"status": "maybe"})
    assert answer.status_code == 422
