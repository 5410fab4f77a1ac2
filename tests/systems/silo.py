"""A silo's own program, as its maker may have written it: it checks who asks with the specification's
library, and answers what a test tells it to.
"""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook

from consentd.base.clock import now
from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Connection, Manual, Owner, Verb
from consentd.kernel.connection import Webhook as WebhookPart
from consentd.kernel.policy import System
from consentd.net.http import Http
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Order
from consentd.systems.connectors.webhook import WebhookConnector
from support.http_server import HttpServer, Request, Write, answer, http_server

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(bytes(range(50, 82))).decode()
TASK = UUID("01980000-abcd-7000-8000-000000000001")
ANOTHER_TASK = UUID("01980000-abcd-7000-8000-000000000002")


class Kept:
    """Records of a copy, in the order in which they came."""

    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, Scalar]]] = []

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        self.all.append((what, dict(record)))


def order(verb: Verb = Verb.ERASE, **other: Any) -> Order:
    said: dict[str, Any] = {
        "task": TASK,
        "verb": verb,
        "identifiers": (Named("email", "ana@exemple.fr"), Named("customer", "C-17")),
    }
    return Order(**(said | other))


def system(url: str | None = None, *, by: str = "webhook", **connection: Any) -> System:
    said: dict[str, Any] = {
        "by": by,
        "owner": Owner(name="Léa Martin", email="lea@silo.example"),
        "timeout_seconds": 5,
        "verbs": tuple(Verb),
    }
    if by == "webhook" and url:
        said["webhook"] = WebhookPart(url=url)
    if by == "manual":
        said["manual"] = Manual()
    return System(
        id="phone-sales",
        name="Appels sortants",
        zone="Europe/Paris",
        connection=Connection(**(said | connection)),
    )


def signed(body: bytes | str, *, task: UUID = TASK, secret: str = SECRET, ago: float = 0) -> dict[str, str]:
    """The headers that sign a body, by the specification's library."""
    text = body if isinstance(body, str) else body.decode()
    when = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ago)
    return {
        "webhook-id": str(task),
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(str(task), when, text),
    }


def told(said: Mapping[str, Any], **how: Any) -> bytes:
    """The whole 200 with a signed answer."""
    body = json.dumps(said).encode()
    return answer("200 OK", body, {"content-type": "application/json", **signed(body, **how)})


def copy(
    records: Iterable[tuple[str, Mapping[str, Any]]], said: Mapping[str, Any] | None = None, **how: Any
) -> bytes:
    """A signed copy, as it is streamed."""
    lines = [json.dumps({"what": what, "record": record}).encode() + b"\n" for what, record in records]
    end = json.dumps(
        {
            "records": how.pop("count", len(lines)),
            "sha256": how.pop("sha256", hashlib.sha256(b"".join(lines)).hexdigest()),
            "answer": said or {"verdict": "done"},
        }
    )
    return b"".join(lines) + json.dumps({"end": end, "headers": signed(end, **how)}).encode() + b"\n"


def streamed(content: bytes) -> bytes:
    return answer("200 OK", content, {"content-type": "application/x-ndjson; charset=utf-8"})


class Silo:
    def __init__(self) -> None:
        self.answer = told({"verdict": "done"})
        self.secret = SECRET
        self.tasks: list[dict[str, Any]] = []
        self.server: HttpServer

    async def handle(self, request: Request, write: Write) -> None:
        # Raises where it is not ours: the test then sees no answer at all.
        self.tasks.append(Webhook(self.secret).verify(request.body, request.headers))
        if self.tasks[-1]["verb"] == "test":
            await write(told({"verdict": "done"}, task=UUID(self.tasks[-1]["task"]), secret=self.secret))
        else:
            await write(self.answer)


@asynccontextmanager
async def running_silo(**how: Any) -> AsyncIterator[Silo]:
    silo = Silo()
    async with http_server(silo.handle, **how) as silo.server:
        yield silo


def connect(silo: Silo, http: Http, secrets: str | None = SECRET) -> WebhookConnector:
    named = system(silo.server.url("/consentd?key=hunter2"))
    assert named.connection is not None
    assert named.connection.webhook is not None
    environ = {"CONSENTD_SILO_PHONE_SALES_SECRET": secrets} if secrets is not None else {}
    at = "https://consent.example/v1/tasks"
    return WebhookConnector(named, named.connection, named.connection.webhook, http, environ, now, at)
