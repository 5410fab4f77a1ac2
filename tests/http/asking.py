"""People who ask for their rights at a running service, and prove who they are by the code in their mail."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest
from acts import email, new_email, recording

from consentd.app import Parts
from consentd.evidence.model import OPERATOR
from consentd.kernel.connection import Connection
from consentd.kernel.policy import sealed
from consentd.policy.service import activate
from support.builders import demo_policy
from support.installation import Installation, Serving
from support.postgres import Server
from support.rights import code_in
from support.smtp import Sink

SCOPES = ("consent:write", "requests:write", "requests:read", "requests:decide", "tasks")
T = TypeVar("T")


def eventually(look: Callable[[], T | None]) -> T:
    until = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found


def installed(request: pytest.FixtureRequest, folder: Path, mailbox: Sink, **settings: str) -> Installation:
    """On the database that the fixture is for ("sqlite", "postgresql"), with mail that arrives."""
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.migrated()
    mail = {
        "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CONSENTD_MAIL_FROM": "Maison Lavande <donnees@maison-lavande.example>",
    }
    # Clients of the session get one token each, and a slow machine takes longer than one lasts by default.
    return Installation(folder, url, CONSENTD_TOKEN_SECONDS="3600", **mail, **settings).make()


@contextmanager
def till_alone(
    installation: Installation, connection: Connection, **changed: Any
) -> Iterator[tuple[Serving, httpx.Client]]:
    """The service over a company whose only tool is the till, joined like this, which knows addresses too;
    and the desk that people ask at. `changed`: what else the policy says of the till.
    """

    async def join(parts: Parts) -> None:
        demo = demo_policy()
        known = (*demo.systems["till"].identifiers, "email")
        till = msgspec.structs.replace(
            demo.systems["till"], connection=connection, identifiers=known, **changed
        )
        policy = sealed(msgspec.structs.replace(demo, systems={"till": till}))
        await parts.database.change(lambda unit: activate(unit, parts.keyring, policy, OPERATOR))

    installation.within(join)
    client = installation.connect(*SCOPES, name="desk")
    with installation.served() as serving, serving.client_of(client) as desk:
        yield serving, desk


class Asking:
    def __init__(self, serving: Serving, desk: httpx.Client, mailbox: Sink) -> None:
        self.serving = serving
        self.desk = desk
        self.mailbox = mailbox
        self.who = ""
        """Who asked last."""

    def asks(self, right: str) -> str:
        """A request whose person is proven, taken by the silo's program."""
        who = self.who = new_email()
        self.desk.post("/v1/consents", json=recording(who)).raise_for_status()
        body = {"right": right, "identifiers": [email(who)]}
        request = str(self.desk.post("/v1/requests", json=body).json()["id"])
        self.desk.post(f"/v1/requests/{request}/code", json={"scheme": "email"}).raise_for_status()
        mine = [who.lower()]
        found = eventually(lambda: [one for one in self.mailbox.taken if [t.lower() for t in one.to] == mine])
        code = code_in(found[0].message.get_content())
        self.desk.post(f"/v1/requests/{request}/proof", json={"code": code}).raise_for_status()
        return request

    def told(self, request: str) -> dict[str, Any]:
        found: dict[str, Any] = self.desk.get(f"/v1/requests/{request}").json()
        return found

    def tasks(self, request: str) -> list[dict[str, Any]]:
        return [task for silo in self.told(request)["silos"] for task in silo["tasks"]]
