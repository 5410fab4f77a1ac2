"""A copy over HTTP: what staff see of it, and the one address that anybody may open."""

import io
import json
import zipfile
from uuid import uuid4

import httpx
import pytest
from acts import email, new_email, recording
from handed import a_copy

from support.installation import Serving


@pytest.fixture
def released(service: Serving) -> tuple[str, str]:
    return a_copy(service.installation, released=True)


def link(till: httpx.Client, copy: tuple[str, str]) -> str:
    """Its path: the address is the one that the service is told to have."""
    request, who = copy
    body = {"by": who, "grounds": "At the counter, with the card."}
    answer = till.post(f"/v1/requests/{request}/copy/handover", json=body)
    answer.raise_for_status()
    return "/v1/packages/" + answer.json()["url"].rpartition("/")[2]


def test_looking_at_a_link_uses_nothing_up_and_the_button_takes_the_copy_once(
    service: Serving, till: httpx.Client, released: tuple[str, str]
) -> None:
    path = link(till, released)
    with service.stranger() as anybody:
        assert anybody.head(path).status_code in (200, 405)
        pages = {anybody.get(at).text for at in (path, path, "/v1/packages/" + "A" * 64)}
        # The page is the same whatever the link, and has nothing but a button.
        (page,) = pages
        assert '<form method="post"' in page
        assert released[0] not in page
        taken = anybody.post(path)
        assert taken.status_code == 200
        assert taken.headers["content-type"] == "application/zip"
        assert taken.headers["content-disposition"] == 'attachment; filename="copie.zip"'
        assert taken.headers["cache-control"] == "no-store"
        assert int(taken.headers["content-length"]) == len(taken.content)
        names = zipfile.ZipFile(io.BytesIO(taken.content)).namelist()
        assert {"index.html", "letter.pdf", "manifest.sig", "proofs.json"} <= set(names)
        answers = [anybody.post(at) for at in (path, "/v1/packages/" + "A" * 64, "/v1/packages/x")]
        told = {json.dumps(one.json() | {"instance": ""}) for one in answers}
        assert ({one.status_code for one in answers}, len(told)) == ({404}, 1)
        assert answers[0].json()["code"] == "dead_link"
        dead = anybody.post(path, headers={"accept": "text/html"})
        assert (dead.status_code, "<form" in dead.text) == (404, False)
    told_request = till.get(f"/v1/requests/{released[0]}").json()
    # That its mail was taken is noted whenever it is.
    steps = [step["event"] for step in told_request["steps"] if step["event"] != "told_copy"]
    assert steps[-2:] == ["copy_handed_over", "copy_fetched"]
    assert service.installation.entries().count("request.copy_fetched") >= 1


def test_promise_2_a_link_is_handed_over_once_for_each_key(
    till: httpx.Client, released: tuple[str, str]
) -> None:
    request, who = released
    path, body = f"/v1/requests/{request}/copy/handover", {"by": who, "grounds": "At the counter."}
    once = {"idempotency-key": str(uuid4())}
    assert till.post(path, json=body, headers=once).status_code == 200
    again = till.post(path, json=body, headers=once)
    assert (again.status_code, again.json()["code"]) == (409, "link_made_before")
    assert till.post(path, json=body, headers={"idempotency-key": str(uuid4())}).status_code == 200
    told = till.get(f"/v1/requests/{request}").json()
    assert [step["event"] for step in told["steps"]].count("copy_handed_over") == 2


def test_promise_2_a_code_is_sent_once_for_each_key(till: httpx.Client) -> None:
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    asked = till.post("/v1/requests", json={"right": "access", "identifiers": [email(address)]}).json()["id"]
    path, once = f"/v1/requests/{asked}/code", {"idempotency-key": str(uuid4())}
    answers = [till.post(path, json={"scheme": "email"}, headers=once) for _ in range(2)]
    assert [one.status_code for one in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    told = till.get(f"/v1/requests/{asked}").json()
    assert [step["event"] for step in told["steps"]].count("proof_asked") == 1
    other = till.post(path, json={"scheme": "phone"}, headers=once)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_staff_look_page_by_page_before_a_copy_goes_out(service: Serving, till: httpx.Client) -> None:
    request, who = a_copy(service.installation)
    told = till.get(f"/v1/requests/{request}/copy").json()
    assert told["state"] == "made"
    own = next(one for one in told["gathered"] if one["system"] == "(own)")
    assert "history" in {one["what"] for one in own["categories"]}
    asked = {"by": who, "system": "(own)", "what": "contact_details", "limit": 1}
    page = till.get(f"/v1/requests/{request}/copy/records", params=asked).json()
    (record,) = page["records"]
    assert record["number"] == 1
    step = {"step": "redact", "by": who, "system": "(own)", "what": "contact_details", "record": 1}
    body = step | {"reason": "le nom d’un autre client"}
    assert till.post(f"/v1/requests/{request}/steps", json=body).status_code == 200
    early = till.post(f"/v1/requests/{request}/steps", json={"step": "release", "by": who})
    assert (early.status_code, early.json()["code"]) == (409, "copy_not_made")
    page = till.get(f"/v1/requests/{request}/copy/records", params=asked).json()
    assert page["records"][0]["held"] == list(record["record"])
    stranger = asked | {"by": request}
    missing = till.get(f"/v1/requests/{request}/copy/records", params=stranger)
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_staff")


def test_the_person_reads_who_looked_staff_by_their_role_and_tools_by_name(
    service: Serving, till: httpx.Client
) -> None:
    """C-579/21. What was looked at of one copy stands in the next."""
    who = f"email:{new_email()}"
    request, officer = a_copy(service.installation, who=who, role="dpo")
    asked = {"by": officer, "system": "(own)", "what": "contact_details"}
    till.get(f"/v1/requests/{request}/copy/records", params=asked).raise_for_status()
    till.get(f"/v1/requests/{request}/copy").raise_for_status()
    path = link(till, a_copy(service.installation, who=who, released=True))
    with service.stranger() as anybody:
        copy = zipfile.ZipFile(io.BytesIO(anybody.post(path).content))
    looked = json.loads(copy.read("consents/consultations.json"))
    told = {(one["action"], one["by"]): one for one in looked}
    by_staff = told["request.copy_read", "Délégué à la protection des données"]
    assert by_staff["what"] == "relecture de la copie de vos données avant de vous la remettre"
    assert by_staff["at"] > "2026"
    assert ("request.copy_told", "Caisse et fidélité") in told
    page = copy.read("index.html").decode()
    assert "Délégué à la protection des données" in page
    assert officer not in "".join(map(str, looked))


def test_a_link_of_the_mail_needs_the_code(till: httpx.Client, released: tuple[str, str]) -> None:
    wrong = till.post(f"/v1/requests/{released[0]}/copy/link", json={"code": "00000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_code")
