"""One way to use both kinds of client, and a server that answers as it is told: what a network does."""

import asyncio
import base64
import inspect
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from consentd.client import AsyncClient, Client, Event, Replica

EVERYTHING = ("check", "reasons", "consent:write", "consent:read", "replica")
NOTICE = {"id": "newsletter", "version": "3", "language": "fr"}


class Program:
    def __init__(self, client: Client | AsyncClient, runner: asyncio.Runner) -> None:
        self.client = client
        self._runner = runner

    def call(self, name: str, *given: Any, **more: Any) -> Any:
        async def within() -> Any:
            found = getattr(self.client, name)(*given, **more)
            return await found if inspect.isawaitable(found) else found

        return self._runner.run(within())


def somebody() -> str:
    return f"email:Lea.{uuid.uuid4().hex[:10]}@exemple.fr"


def yes(**other: Any) -> Event:
    said: dict[str, Any] = {
        "purpose": "newsletter",
        "channel": "email",
        "state": "given",
        "occurred_at": "2026-11-20T10:15:00+01:00",
        "notice": NOTICE,
        "method": "checkbox",
        "collector": "till-2",
    }
    return Event(**(said | other))


def position_of(replica: Replica) -> list[Any]:
    """What the replica's cursor says: replica, extent, index, leaf, newest entry, after."""
    cursor = replica._keeping.position()[0]
    assert cursor is not None
    return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


class Scripted:
    """A server on a socket. Each connection brings one request and gets the next answer of the script."""

    def __init__(self, answers: Sequence[bytes | str | float]) -> None:
        self._answers = list(answers)
        self.heads: list[str] = []
        self.at: list[float] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def asked(self, path: str) -> list[str]:
        """The heads of the requests to a path, tokens aside."""
        return [head for head in self.heads if head.split(" ")[1] == path]

    def numbers(self) -> set[str]:
        """Every Idempotency-Key that came."""
        lines = [line for head in self.heads for line in head.split("\r\n")]
        return {line.partition(": ")[2] for line in lines if line.lower().startswith("idempotency-key")}

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            head = _read(connection)
            if not head:
                return
            self.heads.append(head)
            self.at.append(time.monotonic())
            if "/oauth/token" in head.split("\r\n")[0]:
                connection.sendall(
                    answer(200, '{"access_token": "t", "token_type": "Bearer", "expires_in": 600}')
                )
                return
            what = self._answers.pop(0) if self._answers else b""
            if isinstance(what, float):
                time.sleep(what)
            elif what == "drip":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                for _ in range(600):
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        return
                    time.sleep(0.05)
            elif isinstance(what, bytes):
                connection.sendall(what)

    def close(self) -> None:
        self._socket.close()


def _read(connection: socket.socket) -> str:
    read = b""
    while b"\r\n\r\n" not in read:
        more = connection.recv(65536)
        if not more:
            return ""
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.decode()


def answer(status: int, body: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@contextmanager
def scripted(*answers: bytes | str | float) -> Iterator[Scripted]:
    server = Scripted(answers)
    try:
        yield server
    finally:
        server.close()
