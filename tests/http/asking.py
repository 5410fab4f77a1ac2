"""People who ask for their rights at a running service, and prove who they are by the code in their mail."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from acts import email, new_email, recording

from support.installation import Serving
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
