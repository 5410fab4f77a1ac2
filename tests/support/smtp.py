"""A real mail server that keeps what it is handed, and refuses what a test tells it to."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from queue import Queue
from threading import Thread
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Taken(NamedTuple):
    sender: str
    to: list[str]
    content: bytes
    was_encrypted: bool
    signed_in: bool
    options: list[str]
    called_itself: str

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=default)
        assert isinstance(found, EmailMessage)
        return found


class Sink:
    """`refusals`: recipient → the reply that it gets instead of 250; "*" is the answer to the whole mail."""

    def __init__(self, refusals: dict[str, str]) -> None:
        self.port = 0
        self.refusals = refusals
        self.taken: list[Taken] = []

    async def handle_RCPT(  # noqa: N802 — the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 — the library's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if "*" in self.refusals:
            return self.refusals["*"]
        content = envelope.original_content
        assert content is not None
        self.taken.append(
            Taken(
                str(envelope.mail_from),
                list(map(str, envelope.rcpt_tos)),
                content,
                session.ssl is not None,
                bool(session.authenticated),
                list(envelope.mail_options),
                str(session.host_name),
            )
        )
        return "250 OK"


@contextmanager
def sink_beside() -> Iterator[Sink]:
    """The same in a thread of its own, for tests that wait for answers without a loop."""
    started: Queue[tuple[Sink, asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def serve() -> None:
        over = asyncio.Event()
        async with smtp_sink() as sink:
            started.put((sink, asyncio.get_running_loop(), over))
            await over.wait()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    sink, loop, over = started.get(timeout=10)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


@asynccontextmanager
async def smtp_sink(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    smtputf8: bool = True,
    refusals: Mapping[str, str] | None = None,
) -> AsyncIterator[Sink]:
    """`tls`: from the first byte; `starttls`: before anything else. `login`: without it, nothing."""
    sink = Sink(dict(refusals or {}))
    loop = asyncio.get_running_loop()

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == login, handled=False)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It does not see the TLS that was there from the first byte, and warns of passwords in clear.
            warnings.simplefilter("ignore")
            return SMTP(
                sink,
                loop=loop,
                enable_SMTPUTF8=smtputf8,
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=authenticate if login else None,
                auth_required=login is not None,
                auth_require_tls=tls is None,
            )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        await server.wait_closed()
