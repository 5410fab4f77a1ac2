"""The three live silos of the demo: a web shop's database, a mailing tool behind a webhook, a till that comes
for its tasks. Each keeps its word as `docs/systems.md` asks: it does what it says, and says what it did.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from consentd.base.clock import now
from consentd.client.orders import Answer, Exported, Order, Part, done
from consentd.crypto import webhooks

NEIGHBOUR = "Jeanne Morel"
"""Whom a note about Ana's order names: somebody else, who asked for nothing."""
_SHOP = f"""
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT UNIQUE, phone TEXT, name TEXT);
CREATE INDEX ix_customers_email ON customers (lower(email));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), ordered_on DATE,
    article TEXT, note TEXT);
CREATE TABLE invoices (number TEXT PRIMARY KEY, order_id INTEGER REFERENCES orders (id), issued_on DATE,
    billed_to TEXT, amount NUMERIC);
INSERT INTO customers VALUES (1, 'Ana.Diaz@exemple.fr', '+33624686501', 'Ana Diaz'),
    (2, 'bruno.petit@exemple.fr', '+33655500102', 'Bruno Petit');
INSERT INTO orders VALUES (10, 1, '2026-03-02', 'Savon à la lavande', 'Laisser chez sa voisine {NEIGHBOUR}'),
    (11, 2, '2026-05-04', 'Brume d''oreiller', NULL);
INSERT INTO invoices VALUES ('F2026-10', 10, '2026-03-02', 'Ana Diaz', 42), ('F2026-11', 11, '2026-05-04',
    'Bruno Petit', 12);
"""


def make_shop(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript(_SHOP)
    connection.close()


class Mailing:
    """A program of the mailing tool's maker: it verifies who asks, and signs what it answers."""

    def __init__(self, secret: str) -> None:
        self.subscribers = {"ana.diaz@exemple.fr", "bruno.petit@exemple.fr"}
        self._secrets = webhooks.secrets_of(secret)
        self._answered: dict[UUID, Any] = {}
        mailing = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                mailing._handle(self)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, call: BaseHTTPRequestHandler) -> None:
        body = call.rfile.read(int(call.headers["content-length"]))
        headers = {name.lower(): value for name, value in call.headers.items()}
        task = UUID(headers["webhook-id"])
        if not webhooks.is_signed(self._secrets, task, headers, body, now()):
            call.send_error(401)
            return
        order = json.loads(body)
        asked = {one["value"] for one in order["identifiers"] if one["scheme"] == "email"}
        # An order that comes again is answered as the first time.
        said, lines = self._answered.setdefault(task, self._done(order["verb"], asked & self.subscribers))
        text = json.dumps(said).encode()
        kind = "application/json"
        signed = webhooks.sign(self._secrets, task, text, now())
        if order["verb"] == "export":
            kind, text, signed = "application/x-ndjson", self._copy(task, said, lines), {}
        call.send_response(200)
        for name, value in {**signed, "content-type": kind, "content-length": str(len(text))}.items():
            call.send_header(name, value)
        call.end_headers()
        call.wfile.write(text)

    def _done(self, verb: str, mine: set[str]) -> tuple[dict[str, Any], list[bytes]]:
        part: dict[str, Any] = {"what": "subscribers", "found": len(mine)}
        lines = [json.dumps({"what": "subscribers", "record": {"address": one}}).encode() for one in mine]
        if verb == "erase":
            part["deleted"] = len(mine)
            self.subscribers -= mine
        return {"verdict": "done", "parts": [part] if mine else []}, lines

    def _copy(self, task: UUID, said: dict[str, Any], lines: list[bytes]) -> bytes:
        content = b"".join(line + b"\n" for line in lines)
        digest = hashlib.sha256(content).hexdigest()
        end = json.dumps({"records": len(lines), "sha256": digest, "answer": said})
        headers = webhooks.sign(self._secrets, task, end.encode(), now())
        return content + json.dumps({"end": end, "headers": headers}).encode() + b"\n"


class Till:
    """What a till's own program does with the orders that it fetches: its methods are named as the verbs."""

    def __init__(self) -> None:
        self.cards = {"+33624686501": "ML100007", "+33655500102": "ML100008"}

    def _mine(self, order: Order) -> list[str]:
        return [one.value for one in order.identifiers if one.value in self.cards]

    def locate(self, order: Order) -> Answer:
        return done(Part(what="cards", found=len(self._mine(order))))

    def export(self, order: Order) -> Exported:
        return self._records(order)

    def _records(self, order: Order) -> Iterator[tuple[str, dict[str, str]]]:
        for phone in self._mine(order):
            yield "cards", {"phone": phone, "card": self.cards[phone]}

    def erase(self, order: Order) -> Answer:
        mine = self._mine(order)
        for phone in mine:
            del self.cards[phone]
        return done(*[Part(what="cards", found=len(mine), deleted=len(mine))] if mine else [])

    def confirm(self, order: Order) -> Answer:
        return done()
