"""A real HTTP server whose answers a test writes, down to their bytes: what a silo's own program may do."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple


class Request(NamedTuple):
    line: str
    headers: dict[str, str]
    body: bytes
    peer: str


Write = Callable[[bytes], Awaitable[None]]
Handler = Callable[[Request, Write], Awaitable[None]]
"""What it writes is what is sent; the connection ends when it returns."""


class HttpServer:
    def __init__(self, port: int, scheme: str, requests: list[Request], connections: list[str]) -> None:
        self.port = port
        self.scheme = scheme
        self.requests = requests
        self.connections = connections
        """Of every connection that was made, from where; those that asked nothing too."""

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


def answer(status: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a whole answer."""
    named = {"content-length": str(len(body)), "connection": "close", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def always(told: bytes) -> Handler:
    async def handler(_request: Request, write: Write) -> None:
        await write(told)

    return handler


@asynccontextmanager
async def http_server(
    handler: Handler, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[HttpServer]:
    requests: list[Request] = []
    connections: list[str] = []
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        peer = writer.get_extra_info("peername")[0]
        connections.append(peer)

        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        # Whoever asked may hang up at any time, and at the end the server does.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            raw = dict(line.split(": ", 1) for line in head[1:] if line)
            named = {name.lower(): value for name, value in raw.items()}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            requests.append(Request(head[0], named, body, peer))
            await handler(requests[-1], write)
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()
        running.discard(task)

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield HttpServer(port, "https" if tls else "http", requests, connections)
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()
