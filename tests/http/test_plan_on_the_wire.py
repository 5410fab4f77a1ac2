"""The dry run over HTTP: what a request would do, before and after its identity is proven."""

import httpx
from acts import email, new_email, recording
from test_every_route import a_code

from support.installation import Serving
from support.smtp import Sink


def test_a_plan_is_shown_and_nothing_is_asked_of_anybody(
    service: Serving, till: httpx.Client, mailbox: Sink
) -> None:
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    asked = till.post("/v1/requests", json={"right": "access", "identifiers": [email(address)]}).json()["id"]
    planned = till.get(f"/v1/requests/{asked}/plan").json()
    assert (planned["proven"], planned["state"]) == (False, "received")
    shown = {one["system"]: one for one in planned["silos"]}
    assert (shown["till"]["not_told"], shown["till"]["would"]) == ("identity_not_proven", [])
    assert [one["state"] for one in shown["till"]["steps"]] == ["planned"]
    assert shown["webshop"]["problem"] == "unconnected"
    till.post(f"/v1/requests/{asked}/proof", json={"code": a_code(till, asked, mailbox)}).raise_for_status()
    before = service.installation.entries()
    planned = till.get(f"/v1/requests/{asked}/plan").json()
    assert planned["proven"]
    (till_silo,) = [one for one in planned["silos"] if one["system"] == "till"]
    assert till_silo["would"] == ["The task waits until the silo asks for its tasks."]
    assert "request.plan_read" in service.installation.entries()[len(before) :]


def test_it_is_for_those_who_may_read_requests_and_of_requests_that_are(
    service: Serving, till: httpx.Client
) -> None:
    unknown = "/v1/requests/01a2a3b0-5c6d-7e8f-9012-3456789abcde/plan"
    assert till.get(unknown).status_code == 404
    with service.client("check") as other:
        assert other.get(unknown).status_code == 403
