"""A silo's own program takes a task with 202, and calls back: on the wire, with both databases."""

import asyncio
import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any
from uuid import UUID

import httpx
import pytest
from asking import Asking, eventually, installed, till_alone
from standardwebhooks import Webhook

from consentd.app import Parts
from consentd.db.unit import Unit
from consentd.dsr import store, watching
from consentd.kernel.connection import Connection, Owner, Verb
from consentd.kernel.connection import Webhook as WebhookPart
from consentd.policy.service import PolicyBook
from support.http_server import HttpServer, Request, Write, answer, http_server
from support.installation import Installation, Serving
from support.smtp import Sink

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
STRANGER = "whsec_" + base64.b64encode(bytes(range(9, 41))).decode()


@contextmanager
def silo_beside() -> Iterator[HttpServer]:
    """A silo's program in a thread of its own: it takes whatever it is told, and answers later."""
    started: Queue[tuple[HttpServer, asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def later(_request: Request, write: Write) -> None:
        await write(answer("202 Accepted", b'{"reference": "order-1"}'))

    async def serve() -> None:
        over = asyncio.Event()
        async with http_server(later) as server:
            started.put((server, asyncio.get_running_loop(), over))
            await over.wait()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    server, loop, over = started.get(timeout=10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


class Shop(Asking):
    def __init__(self, serving: Serving, desk: httpx.Client, mailbox: Sink, silo: HttpServer) -> None:
        super().__init__(serving, desk, mailbox)
        self.silo = silo

    def order(self, request: str) -> dict[str, Any]:
        """The latest that the program was told of this request."""

        def latest() -> dict[str, Any] | None:
            numbers = {task["id"] for task in self.tasks(request) if task["state"] == "asked"}
            orders = [json.loads(one.body) for one in self.silo.requests]
            return next((one for one in reversed(orders) if one["task"] in numbers), None)

        return eventually(latest)

    def post(self, url: str, content: str, headers: dict[str, str]) -> httpx.Response:
        with self.serving.stranger() as client:
            return client.post(httpx.URL(url).raw_path.decode(), content=content, headers=headers)

    def answers(self, order: dict[str, Any], secret: str = SECRET, **said: Any) -> httpx.Response:
        content = json.dumps({"verdict": "done"} | said)
        headers = {"content-type": "application/json"} | signed(order["task"], content, secret)
        return self.post(order["answer_url"], content, headers)


def signed(task: str, content: str, secret: str = SECRET, *, ago: int = 0) -> dict[str, str]:
    when = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ago)
    return {
        "webhook-id": task,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(task, when, content),
    }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> Iterator[Shop]:
    with silo_beside() as silo:
        settings = {
            "CONSENTD_ALLOWED_HOSTS": f"127.0.0.1:{silo.port}",
            "CONSENTD_SILO_TILL_SECRET": SECRET,
        }
        joined = Connection(
            by="webhook",
            owner=Owner(name="Inès Roche", email="ines@maison-lavande.example"),
            verbs=(Verb.EXPORT, Verb.ERASE, Verb.CONFIRM),
            webhook=WebhookPart(url=silo.url("/consentd")),
        )
        installation = installed(request, tmp_path_factory.mktemp("late"), mailbox, **settings)
        with till_alone(installation, joined) as (serving, desk):
            yield Shop(serving, desk, mailbox, silo)


def test_a_program_that_took_its_task_answers_later_and_the_request_goes_on(shop: Shop) -> None:
    request = shop.asks("erasure")
    order = shop.order(request)
    assert order["answer_url"].endswith(f"/v1/tasks/{order['task']}/answer")
    assert order["verb"] == "erase"
    told = shop.answers(order, parts=[{"what": "cards", "found": 1, "deleted": 1}])
    assert (told.status_code, told.json()) == (200, {"id": order["task"], "verdict": "done"})
    confirm = shop.order(request)
    assert confirm["verb"] == "confirm"
    assert shop.answers(confirm).status_code == 200
    assert eventually(lambda: shop.told(request)["state"] == "answered")


def test_a_late_answer_is_taken_once_and_a_contradiction_is_a_conflict(shop: Shop) -> None:
    order = shop.order(shop.asks("erasure"))
    parts = [{"what": "cards", "found": 1, "deleted": 1}]
    assert shop.answers(order, parts=parts).status_code == 200
    assert shop.answers(order, parts=parts).status_code == 200
    otherwise = shop.answers(order, verdict="failed", code="locked")
    assert (otherwise.status_code, otherwise.json()["code"]) == (409, "answered_otherwise")


def test_what_is_not_signed_for_this_task_now_opens_nothing_and_tells_nothing(shop: Shop) -> None:
    request = shop.asks("erasure")
    order = shop.order(request)
    nobody = "01980000-abcd-7000-8000-000000000009"
    content = '{"verdict": "done"}'
    url, task = order["answer_url"], order["task"]
    lines = {"content-type": "application/x-ndjson"}
    tried = [
        shop.answers(order, secret=STRANGER),
        shop.post(url, content, {"content-type": "application/json"} | signed(nobody, content)),
        shop.post(url, content, {"content-type": "application/json"} | signed(task, content, ago=400)),
        shop.post(url, content + " ", {"content-type": "application/json"} | signed(task, content)),
        shop.post(
            url.replace(task, nobody), content, {"content-type": "application/json"} | signed(nobody, content)
        ),
        shop.post(url.replace(task, nobody), "", lines | signed(nobody, "")),
    ]
    assert {(one.status_code, one.json()["code"]) for one in tried} == {(401, "bad_signature")}
    assert len({one.json()["detail"] for one in tried}) == 1
    assert shop.post(url, content, {"content-type": "application/json"}).json()["code"] == "token_missing"
    assert shop.tasks(request)[0]["state"] == "asked"


def test_what_was_signed_before_answers_nothing_that_is_asked_anew(shop: Shop) -> None:
    request = shop.asks("erasure")
    order = shop.order(request)
    content = json.dumps({"verdict": "failed", "code": "locked"})
    headers = {"content-type": "application/json"} | signed(order["task"], content)
    assert shop.post(order["answer_url"], content, headers).status_code == 200
    staff = shop.serving.installation.hire()
    shop.desk.post(f"/v1/requests/{request}/steps", json={"step": "retry", "by": staff}).raise_for_status()
    assert shop.order(request)["task"] == order["task"]
    again = shop.post(order["answer_url"], content, headers)
    assert (again.status_code, again.json()["code"]) == (409, "answer_replayed")
    assert shop.answers(order).status_code == 200


def test_who_was_silent_is_still_welcome_and_the_person_is_told_again(shop: Shop) -> None:
    request = shop.asks("erasure")
    order = shop.order(request)
    give_up_waiting(shop.serving.installation, request)
    assert shop.told(request)["state"] == "partial"
    assert shop.answers(order, parts=[{"what": "cards", "found": 1, "deleted": 1}]).status_code == 200
    assert shop.answers(shop.order(request)).status_code == 200
    assert eventually(lambda: shop.told(request)["state"] == "answered")
    steps = eventually(lambda: told_twice(shop.told(request)))
    assert steps.count("told_answer") == 2


def told_twice(told: dict[str, Any]) -> list[str] | None:
    steps = [step["event"] for step in told["steps"]]
    return steps if steps.count("told_answer") == 2 else None


def give_up_waiting(installation: Installation, request: str) -> None:
    """As after the days that the silo had."""

    async def work(parts: Parts) -> None:
        def over(unit: Unit) -> None:
            for row in store.tasks(unit.connection, UUID(request)):
                store.change_task(unit, row["id"], {"due_at": unit.now})

        await parts.database.housekeep(over)
        await watching.watch(parts.database, parts.keyring, PolicyBook())

    installation.within(work)


def copy_of(order: dict[str, Any], *lines: dict[str, Any], secret: str = SECRET) -> str:
    body = "".join(json.dumps(line) + "\n" for line in lines)
    end = json.dumps(
        {
            "records": len(lines),
            "sha256": hashlib.sha256(body.encode()).hexdigest(),
            "answer": {"verdict": "done", "parts": [{"what": "orders", "found": len(lines)}]},
        }
    )
    return body + json.dumps({"end": end, "headers": signed(order["task"], end, secret)}) + "\n"


def test_a_copy_comes_later_line_by_line_signed_at_its_end(shop: Shop) -> None:
    request = shop.asks("access")
    order = shop.order(request)
    lines = [{"what": "orders", "record": {"number": f"A-{one}", "total": 1250}} for one in range(3)]
    headers = {"content-type": "application/x-ndjson", "webhook-signature": "in the last line"}
    url = order["answer_url"]
    forged = shop.post(url, copy_of(order, *lines, secret=STRANGER), headers)
    assert (forged.status_code, forged.json()["code"]) == (401, "bad_signature")
    cut = shop.post(url, copy_of(order, *lines).rpartition('{"end"')[0], headers)
    assert (cut.status_code, cut.json()["code"]) == (422, "no_end")
    empty = shop.answers(order, parts=[{"what": "orders", "found": 3}])
    assert (empty.status_code, empty.json()["code"]) == (422, "records_missing")
    assert shop.tasks(request)[0]["state"] == "asked"
    whole = copy_of(order, *lines)
    assert shop.post(url, whole, headers).json() == {"id": order["task"], "verdict": "done"}
    assert shop.post(url, whole, headers).status_code == 200
    (task,) = shop.tasks(request)
    assert (task["state"], task["parts"][0]["found"]) == ("ended", 3)
    folder = shop.serving.installation.folder / "copies" / request
    assert any(path.is_file() for path in folder.rglob("*"))
