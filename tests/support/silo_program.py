"""A silo's own program that keeps its word: an order that comes again is answered as the first time, and has
no second effect. It takes no notice of the clock, so that a test's may stand.
"""

import base64
import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from standardwebhooks import Webhook

from support.http_server import HttpServer, Request, Write, answer, http_server

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Program:
    """`known`: addresses, each of one subscriber. `refuses`: how many orders it is too busy for."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = set(known)
        self.frozen: set[str] = set()
        self.stopped: set[tuple[str, str]] = set()
        """Choices that it was told are over: of which use, by which channel."""
        self.effects: Counter[str] = Counter()
        """By verb: what was really done, an order that came again not counted."""
        self.calls: Counter[str] = Counter()
        self.refuses = 0
        self.server: HttpServer
        self._answered: dict[str, dict[str, Any]] = {}

    async def handle(self, request: Request, write: Write) -> None:
        task = request.headers["webhook-id"]
        when = dt.datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), dt.UTC)
        assert request.headers["webhook-signature"] == Webhook(SECRET).sign(task, when, request.body.decode())
        if self.refuses:
            self.refuses -= 1
            return await write(answer("503 Service Unavailable"))
        order = json.loads(request.body)
        self.calls[order["verb"]] += 1
        mine = {one["value"] for one in order["identifiers"] if one["scheme"] == "email"} & self.known
        if task not in self._answered:
            self.effects[order["verb"]] += 1
            self._answered[task] = self._done(order, mine)
        said = self._answered[task]
        if order["verb"] == "export":
            return await write(_copy([{"address": one} for one in sorted(mine)] * 3, said, task, when))
        body = json.dumps(said)
        await write(answer("200 OK", body.encode(), _signed(body, task, when)))
        return None

    def _done(self, order: dict[str, Any], mine: set[str]) -> dict[str, Any]:
        part: dict[str, Any] = {"what": "subscribers", "found": len(mine)}
        match order["verb"]:
            case "erase":
                self.known -= mine
                part["deleted"] = len(mine)
            case "restrict":
                (self.frozen.difference_update if order.get("lift") else self.frozen.update)(mine)
                part["changed"] = len(mine)
            case "write_preference":
                told = {(one["purpose"], one["channel"], one["state"]) for one in order["preferences"]}
                self.stopped |= {(use, channel) for use, channel, state in told if state == "withdrawn"}
                part["changed"] = len(mine)
            case "rectify":
                part["changed"] = len(mine)
            case "export":
                part["found"] = 3 * len(mine)
        return {"verdict": "done", "parts": [part] if mine else []}


def _signed(text: str, task: str, when: dt.datetime) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "webhook-id": task,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(task, when, text),
    }


def _copy(records: list[dict[str, Any]], said: dict[str, Any], task: str, when: dt.datetime) -> bytes:
    lines = b"".join(json.dumps({"what": "subscribers", "record": one}).encode() + b"\n" for one in records)
    end = json.dumps({"records": len(records), "sha256": hashlib.sha256(lines).hexdigest(), "answer": said})
    headers = {name: value for name, value in _signed(end, task, when).items() if name != "content-type"}
    content = lines + json.dumps({"end": end, "headers": headers}).encode() + b"\n"
    return answer("200 OK", content, {"content-type": "application/x-ndjson"})


@asynccontextmanager
async def program(*known: str) -> AsyncIterator[Program]:
    made = Program(known)
    async with http_server(made.handle) as made.server:
        yield made
