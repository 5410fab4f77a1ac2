"""A copy that goes out by itself, or says why not: from the till's records to the link, over HTTP."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from asking import SCOPES, Asking, eventually

from consentd.app import Parts
from consentd.evidence.model import OPERATOR
from consentd.kernel.connection import Verb
from consentd.kernel.policy import sealed
from consentd.kernel.request_rules import RequestRules
from consentd.policy.service import activate
from support.builders import demo_policy
from support.inbox import polled
from support.installation import Installation, Serving
from support.postgres import Server
from support.rights import code_in
from support.smtp import Sink

CODE = re.compile("[0-9]{4} [0-9]{4}")


class Shop(Asking):
    """`till` comes for its tasks; its cards are plain, by the policy, and its notes are not."""

    def __init__(self, serving: Serving, desk: httpx.Client, mailbox: Sink, till: httpx.Client) -> None:
        super().__init__(serving, desk, mailbox)
        self.till = till

    def sends(self, request: str, what: str) -> None:
        """One record of this category, and that it is all."""
        (task,) = eventually(lambda: [one for one in self.tasks(request) if one["state"] == "asked"])
        claimed = self.till.post("/v1/tasks/claim", json={"limit": 10, "seconds": 60}).json()["tasks"]
        (lease,) = [one["lease"] for one in claimed if one["id"] == task["id"]]
        line = json.dumps({"what": what, "record": {"number": "7"}}) + "\n"
        sent = self.till.post(
            f"/v1/tasks/{task['id']}/records",
            params={"lease": lease},
            content=line,
            headers={"content-type": "application/x-ndjson"},
        )
        sent.raise_for_status()
        said = {"lease": lease, "verdict": "done", "parts": [{"what": what, "found": 1}]}
        self.till.post(f"/v1/tasks/{task['id']}/answer", json=said).raise_for_status()

    def code(self, request: str) -> str:
        """That opens the copy; asked for twice by one call, and sent once (promise 2)."""
        before, once = len(self.mailbox.taken), {"idempotency-key": str(uuid4())}
        for _ in range(2):
            asked = self.desk.post(f"/v1/requests/{request}/copy/code", json={}, headers=once)
            assert asked.status_code == 202
        assert [step["event"] for step in self.told(request)["steps"]].count("copy_code_sent") == 1
        mine = [self.who.lower()]
        arrived = eventually(
            lambda: [
                one.message.get_content()
                for one in self.mailbox.taken[before:]
                if [to.lower() for to in one.to] == mine and CODE.search(one.message.get_content())
            ]
        )
        return code_in(arrived[-1])

    def step(self, request: str, event: str) -> dict[str, Any]:
        """Once the request has it."""
        return eventually(
            lambda: next((one for one in self.told(request)["steps"] if one["event"] == event), None)
        )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> Iterator[Shop]:
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.migrated()
    settings = {
        "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CONSENTD_MAIL_FROM": "donnees@maison-lavande.example",
    }
    installation = Installation(tmp_path_factory.mktemp("released"), url, **settings).make()
    installation.within(let_copies_go)
    client, machine = installation.connect(*SCOPES, name="desk"), installation.connect("tasks", name="till")
    with (
        installation.served() as serving,
        serving.client_of(client) as desk,
        serving.client_of(machine) as till,
    ):
        yield Shop(serving, desk, mailbox, till)


async def let_copies_go(parts: Parts) -> None:
    policy = polled(demo_policy(), "till", alone=True, verbs=(Verb.EXPORT,), plain=("cards",))
    till = policy.systems["till"]
    till = msgspec.structs.replace(till, identifiers=(*till.identifiers, "email"))
    rules = RequestRules(release={"access": "automatic"})
    policy = sealed(msgspec.structs.replace(policy, systems={"till": till}, requests=rules))
    await parts.database.change(lambda unit: activate(unit, parts.keyring, policy, OPERATOR))


def test_a_plain_copy_reaches_the_person_and_no_colleague_looked(shop: Shop) -> None:
    request = shop.asks("access")
    assert shop.desk.get(f"/v1/requests/{request}/plan").json()["reviewed"] is False
    shop.sends(request, "cards")
    assert shop.step(request, "released_by_policy")["by"] == "service"
    told = shop.told(request)
    assert (told["state"], told["in_time"]) == ("answered", True)
    assert "staff" not in {step["by"] for step in told["steps"]}
    code, once = shop.code(request), {"idempotency-key": str(uuid4())}
    first = shop.desk.post(f"/v1/requests/{request}/copy/link", json={"code": code}, headers=once)
    link = first.json()["url"]
    # Promise 2: told once, and made once.
    again = shop.desk.post(f"/v1/requests/{request}/copy/link", json={"code": code}, headers=once)
    assert (again.status_code, again.json()["code"]) == (409, "link_made_before")
    assert [step["event"] for step in shop.told(request)["steps"]].count("copy_link_made") == 1
    with shop.serving.stranger() as person:
        taken = person.post(httpx.URL(link).raw_path.decode())
    assert (taken.status_code, taken.headers["content-type"]) == (200, "application/zip")


def test_what_the_policy_does_not_call_plain_waits_and_says_why(shop: Shop) -> None:
    request = shop.asks("access")
    shop.sends(request, "notes")
    assert shop.step(request, "looked_at_because")["because"] == ["unmarked:till"]
    assert shop.told(request)["state"] == "reviewing"
    early = shop.desk.post(f"/v1/requests/{request}/copy/code", json={})
    assert (early.status_code, early.json()["code"]) == (409, "copy_not_released")
    step = {"step": "release", "by": shop.serving.installation.hire()}
    assert shop.desk.post(f"/v1/requests/{request}/steps", json=step).json()["state"] == "answered"


def test_another_right_waits_for_staff_as_before(shop: Shop) -> None:
    request = shop.asks("portability")
    assert shop.desk.get(f"/v1/requests/{request}/plan").json()["reviewed"] is True
    shop.sends(request, "cards")
    eventually(lambda: shop.desk.get(f"/v1/requests/{request}/copy").json().get("state") == "made")
    assert shop.told(request)["state"] == "reviewing"
    events = {step["event"] for step in shop.told(request)["steps"]}
    assert not events & {"released_by_policy", "looked_at_because"}
