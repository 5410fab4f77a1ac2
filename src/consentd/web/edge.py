"""The outermost layer: one per request, around everything, in one pass.

Upholds promise 17 (beyond its capacity the service answers 503 at once; not ready, it answers 503 to all but
its health) and promise 18 (what failed unexpectedly is logged without content, and never reaches the
server's own log). It counts, numbers, shields and logs; each of these in a layer of its own would cost more
than all of them together (bench/web.py watches it).
"""

import time
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from consentd.base.counts import Cell, Counts
from consentd.kernel.errors import ConsentdError, Malformed
from consentd.web import headers, limits, logs, problems, request_id
from consentd.web.exchange import Exchange
from consentd.web.lines import Lines
from consentd.web.pages import busy

ALWAYS = ("/health/", "/static/")
"""What is served however much there is to do, and whether or not the service is ready."""

ECHOED = ("/access/", "/.well-known/authzen-configuration")
"""Where AuthZEN 1.0 wants any number of a request back as it came. The log goes by one of our own if what
came could be somebody's telephone number."""


class CutShortError(Exception):
    """An answer that had begun could not be finished. Says so to the server, which closes the connection."""


class Edge:
    """`refusal()` is why nothing can be served yet, or None."""

    def __init__(
        self,
        app: ASGIApp,
        in_flight: limits.InFlight,
        refusal: Callable[[], ConsentdError | None],
        lines: Lines,
        counts: Counts,
    ) -> None:
        self._app = app
        self._lines = lines
        self._counts = counts
        self._in_flight = in_flight
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = cast("list[tuple[bytes, bytes]]", scope["headers"])
        unique = dict(received)
        about = Exchange(request_id.choose(unique.get(b"x-request-id")), unique, headers.API)
        about.attach(scope)
        path = scope["path"]
        told = about.request_id.encode()
        if path.startswith(ECHOED):
            told = request_id.given(unique.get(b"x-request-id")) or told

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                about.status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    *about.shield,
                    (b"x-request-id", told),
                ]
            await send(message)

        self._in_flight.count += 1
        self._counts.set(Cell.IN_FLIGHT, self._in_flight.count)
        try:
            refused = self._refuse(path, received, unique)
            if refused is None and scope.get("method") == "HEAD":
                await self._head(scope, receive, answer)
            elif refused is None:
                await self._app(scope, receive, answer)
            else:
                about.code = refused.code
                await _refused(refused, about, scope, answer)
        except Exception as error:
            logs.failure(about.request_id, logs.route_of(scope), error)
            if about.status:
                raise CutShortError from None
            await _send_problem(ConsentdError("internal_error", "It was logged."), about, answer)
        finally:
            self._in_flight.count -= 1
            self._counts.set(Cell.IN_FLIGHT, self._in_flight.count)
            method, route = logs.method_of(scope), logs.route_of(scope)
            seconds = time.perf_counter() - about.started
            self._counts.answered(method, route, about.status, seconds)
            self._lines.answered(method, route, about, seconds)

    async def _head(self, scope: Scope, receive: Receive, answer: Send) -> None:
        """As GET (RFC 9110 §9.3.2), wherever there is one: the server itself sends no body to this method."""
        as_get = cast("Scope", {**scope, "method": "GET"})
        try:
            await self._app(as_get, receive, answer)
        finally:
            if "path_template" in as_get:
                scope["path_template"] = as_get["path_template"]

    def _refuse(
        self, path: str, received: Collection[tuple[bytes, bytes]], unique: dict[bytes, bytes]
    ) -> ConsentdError | None:
        if not path.startswith(ALWAYS):
            if self._in_flight.full:
                return limits.overloaded()
            if (refusal := self._refusal()) is not None:
                return refusal
        if len(unique) != len(received) and headers.repeated(received):
            return Malformed("repeated_header", "A header that may come once came twice.")
        return None


async def _refused(error: ConsentdError, about: Exchange, scope: Scope, send: Send) -> None:
    if error.status != HTTPStatus.SERVICE_UNAVAILABLE or not busy.shown_to(about.headers):
        await _send_problem(error, about, send)
        return
    about.shield = headers.PAGE
    await _send(error, b"text/html; charset=utf-8", busy.page(scope), send)


async def _send_problem(error: ConsentdError, about: Exchange, send: Send) -> None:
    await _send(error, problems.MEDIA_TYPE.encode(), problems.body_for(error, about), send)


async def _send(error: ConsentdError, media_type: bytes, content: bytes, send: Send) -> None:
    extra = [(name.encode(), value.encode()) for name, value in problems.headers_for(error).items()]
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [
                (b"content-type", media_type),
                (b"content-length", str(len(content)).encode()),
                *extra,
            ],
        }
    )
    await send({"type": "http.response.body", "body": content, "more_body": False})
