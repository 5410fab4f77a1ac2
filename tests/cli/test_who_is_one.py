"""Who is one person with whom, decided at the command line."""

import json

import httpx
import pytest

from support.installation import Installation


@pytest.fixture
def couple(installation: Installation) -> tuple[Installation, list[str]]:
    """Two customers at one landline, of one name; and their ids."""
    client = installation.connect("consent:write", "consent:read", name="till")
    ids = []
    with installation.served() as serving, serving.client_of(client) as till:
        for card in ("ML1", "ML2"):
            ids.append(record(till, card)["subject_id"])
    return installation, ids


def record(till: httpx.Client, card: str) -> dict[str, str]:
    identifiers = [{"scheme": "loyalty", "value": card}, {"scheme": "phone", "value": "0472000000"}]
    body = {
        "subject": {"identifiers": identifiers, "territory": "FR", "name": {"full": "Anne Roux"}},
        "events": [{"purpose": "promotions", "channel": "sms", "state": "refused"}],
    }
    answer = till.post("/v1/consents", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, str] = answer.json()
    return told


def test_a_pair_is_listed_merged_and_taken_apart(couple: tuple[Installation, list[str]]) -> None:
    installation, ids = couple
    listed = installation.run("subject", "candidates", "--lang", "fr")
    assert (listed.code, "Même nom" in listed.out, "+33472000000" in listed.out) == (0, True, False)
    assert all(one in listed.out for one in ids)
    shown = installation.run("subject", "candidates", "--show", "--json")
    (pair,) = shown.json
    assert (pair["reason"], pair["identifiers"][0]["value"]) == ("same_name", "+33472000000")

    merged = installation.run("subject", "merge", pair["id"], "--json")
    assert merged.json["subjects"] == pair["subjects"]
    again = installation.run("subject", "merge", pair["id"])
    assert (again.code, "undo that first" in again.err) == (1, True)
    assert installation.run("subject", "candidates").out == "There are no open pairs.\n"
    assert len(installation.run("subject", "candidates", "--status", "approved", "--json").json) == 1

    apart = installation.run("subject", "unmerge", pair["id"], "--json")
    assert sorted(apart.json["people"]) == sorted(ids)
    assert installation.run("subject", "candidates", "--json").json == []
    assert len(installation.run("subject", "candidates", "--status", "refused", "--json").json) == 1
    assert installation.run("audit", "verify").code == 0
    assert [one for one in installation.entries() if "subject.m" in one or "unm" in one] == [
        "subject.merged",
        "subject.unmerged",
    ]


def test_two_people_are_merged_by_their_ids(couple: tuple[Installation, list[str]]) -> None:
    installation, ids = couple
    merged = installation.run("subject", "merge", *ids)
    assert (merged.code, f"unmerge {ids[0]} {ids[1]}" in merged.out) == (0, True)
    assert installation.run("subject", "unmerge", *reversed(ids)).code == 0
    again = installation.run("subject", "unmerge", *ids)
    assert (again.code, "not merged" in again.err) == (1, True)


def test_a_pair_is_refused_and_a_search_does_not_bring_it_back(
    couple: tuple[Installation, list[str]],
) -> None:
    installation, _ = couple
    (pair,) = installation.run("subject", "candidates", "--json").json
    assert installation.run("subject", "refuse", pair["id"]).out.startswith("They stay two people.")
    sought = installation.run("subject", "candidates", "--seek", "--json")
    assert (json.loads(sought.out), sought.err) == ([], "2 people have a name; 0 pairs are new or better.\n")


@pytest.mark.parametrize("command", ["merge", "unmerge", "refuse"])
def test_promise_18_what_is_no_id_is_refused_unrepeated(installation: Installation, command: str) -> None:
    ran = installation.run("subject", command, "ana@exemple.fr")
    assert (ran.code, "36 characters" in ran.err, "ana@" in ran.err) == (1, True, False)
    unknown = installation.run("subject", command, "01a2009b-6fb8-7583-bf03-b3a2b494654c")
    assert (unknown.code, "no such pair" in unknown.err) == (1, True)
