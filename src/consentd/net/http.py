"""The one outbound HTTP client (promise 15).

What it calls is https, unless settings name the server; where it connects was checked (`connecting`). It
follows no redirect, takes no proxy and no password from the environment, keeps no cookie, and speaks HTTP/1.1
without compression, so that the bytes that are counted are those that are handed on. A call has one time for
all of it, from the name to the last byte, and one number of bytes for the answer.

Certificates are verified against the machine's own list (`SSL_CERT_FILE` names another).
"""

import asyncio
import http.cookiejar
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpcore
import httpx
import msgspec

from consentd.net.connecting import Allowed, CheckedBackend, Resolve, resolve, shown
from consentd.net.errors import NetError, NotAllowed, TookTooLong, TooMuch, lost

# Its INFO lines hold every address that is called, and DEBUG lines the headers (promise 18).
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(max(logging.WARNING, logging.getLogger(_name).level))

_HEADERS = {"user-agent": "consentd", "accept-encoding": "identity"}


class Answered(msgspec.Struct, frozen=True):
    """An answer read to its end. `headers` by names in small letters; of equal ones all, joined by ", "."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Streamed:
    """An answer whose body is still to come, piece by piece and counted."""

    def __init__(self, response: httpx.Response, server: str, most_bytes: int) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self._response = response
        self._server = server
        self._most = most_bytes

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises TooMuch with the first byte too many. The length that a header tells is not believed."""
        read = 0
        async for piece in self._response.aiter_raw():
            read += len(piece)
            if read > self._most:
                raise TooMuch("too_much", f"{self._server} answered more than {self._most} bytes.")
            yield piece

    async def body(self) -> bytes:
        return b"".join([piece async for piece in self.pieces()])


class Http:
    """One for a process: it keeps connections, each of which was checked when it was made.

    `tls` and `resolver` replace the machine's list of certificate authorities and its resolver.
    """

    def __init__(
        self, allowed: Allowed, *, tls: ssl.SSLContext | None = None, resolver: Resolve = resolve
    ) -> None:
        self._allowed = allowed
        self._client = httpx.AsyncClient(
            transport=_Transport(
                httpcore.AsyncConnectionPool(
                    ssl_context=tls or ssl.create_default_context(),
                    network_backend=CheckedBackend(allowed, resolver),
                    max_connections=50,
                    max_keepalive_connections=10,
                    keepalive_expiry=15.0,
                )
            ),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 — the whole call has one time, in `stream`
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
        )
        self._client.headers = httpx.Headers(_HEADERS)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, most_bytes: int
    ) -> Answered:
        """The whole answer, whatever its status. Raises NetError."""
        async with self.stream(url, body, headers, seconds=seconds, most_bytes=most_bytes) as answer:
            return Answered(answer.status, answer.headers, await answer.body())

    @asynccontextmanager
    async def stream(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, most_bytes: int
    ) -> AsyncIterator[Streamed]:
        """The time counts for what is done inside the block too. Raises NetError."""
        server, timer = "the server", asyncio.timeout(seconds)
        try:
            parsed = httpx.URL(url)
            if parsed.userinfo or parsed.fragment:
                raise NotAllowed("bad_address", "An address that is called holds no user and no fragment.")
            port = self._allowed.check(parsed.scheme, parsed.raw_host.decode(), parsed.port)
            server = shown(parsed.raw_host.decode(), port)
            async with (
                timer,
                self._client.stream("POST", parsed, content=body, headers=dict(headers)) as response,
            ):
                if response.headers.get("content-encoding", "identity").lower() != "identity":
                    raise TooMuch("bad_encoding", f"{server} compressed its answer, which nobody asked for.")
                yield Streamed(response, server, most_bytes)
        except NetError:
            raise
        except httpx.InvalidURL:
            raise NotAllowed("bad_address", "Only https:// addresses are called.") from None
        except TimeoutError:
            if not timer.expired():
                raise  # Of the block.
            raise TookTooLong("too_slow", f"{server} was not done after {seconds:g} seconds.") from None
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            # Of httpx itself, which reads where a redirect leads though it does not go there.
            httpx.HTTPError,
        ) as error:
            # From None: the library's words may quote what was sent.
            raise lost(error, server) from None

    async def close(self) -> None:
        await self._client.aclose()


class _Transport(httpx.AsyncBaseTransport):
    """httpx over a pool of ours: its own transport takes no backend."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._answer.aiter_stream():
            yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()
