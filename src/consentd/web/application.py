"""Puts a web application together from handlers: every route gets the same edge, guard, reader and problems.

Upholds promise 8: a handler that does not say who may call it stops the start.
"""

import functools
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler, route
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from consentd.base.counts import Counts
from consentd.base.settings import Settings
from consentd.kernel.errors import ConsentdError
from consentd.web import auth, logs, openapi, problems
from consentd.web.answer import Answer
from consentd.web.call import DECODER, LENIENT, Call, body_type
from consentd.web.edge import Edge
from consentd.web.lenient import LenientDecoder
from consentd.web.limits import DEFAULT_LIMITS, CallerLimit, InFlight, Limits
from consentd.web.lines import Lines
from consentd.web.pages import docs
from consentd.web.strict import StrictDecoder
from consentd.web.tracing import Traces

Background = Callable[[], Awaitable[None]]
AfterException = Callable[[Exception, Scope], Awaitable[None]]
Page = Callable[[Request[Any, Any, Any], Exception], Response[Any] | None]


class Application(Litestar):
    """Litestar behind the edge, which sees also what matches no route.

    `apart`: a port, and what answers there and nowhere else, past the edge.
    """

    edge: ASGIApp | None = None
    apart: tuple[int, ASGIApp] | None = None

    async def __call__(self, scope: Scope | Any, receive: Receive | Any, send: Send | Any) -> None:
        # Any: the framework's own signature also takes its lifespan messages.
        if self.edge is not None and scope["type"] == "http":
            # The port is that of the socket: no header of a request says it.
            if self.apart is not None and (scope["server"] or ("", 0))[1] == self.apart[0]:
                await self.apart[1](scope, receive, send)
                return
            await self.edge(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build(
    handlers: Sequence[ControllerRouterHandler],
    *,
    settings: Settings,
    tokens: auth.Tokens,
    limits: Limits = DEFAULT_LIMITS,
    lines: Lines | None = None,
    counts: Counts | None = None,
    traces: Traces | None = None,
    refusal: Callable[[], ConsentdError | None] = lambda: None,
    on_startup: Sequence[Background] = (),
    on_shutdown: Sequence[Background] = (),
    after_exception: Sequence[AfterException] = (),
    page: Page = lambda request, error: None,
) -> Application:
    """`refusal` says why the service cannot serve (all but health answers it); the hooks run in order. `page`
    makes the page that somebody gets instead of a problem, where the address is one of people's.

    Raises TypeError for a handler that does not say who may call it, or whose body accepts unknown members
    without naming the standard that orders it (`call.lenient`).
    """
    lines = lines or Lines(sys.stderr if logs.shows_answers(settings.log_level) else None, logs.process())
    authentication = auth.Authentication(tokens, CallerLimit(limits))
    described = functools.cache(lambda: openapi.describe(app, settings.public_url))

    def refused(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return page(request, error) or problems.handle(request, error)

    app = Application(
        [*_shared_options(handlers), *handlers, *openapi.routes(described), *docs.routes(described)],
        request_class=Call,
        response_class=Answer,
        request_max_body_size=settings.max_body_bytes,
        before_request=authentication,
        exception_handlers={Exception: refused},
        after_exception=list(after_exception),
        on_startup=list(on_startup),
        on_shutdown=[*on_shutdown, lines.flush],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    found = http_handlers(app)
    for handler in _answers_to_options(app):
        handler.opt.update(auth.PUBLIC)
    if missing := auth.undeclared(found):
        raise TypeError(
            f"These routes do not say who may call them: {', '.join(sorted(missing))}. "
            "Give each opt=PUBLIC, opt=KNOWN or opt=needs(scope)."
        )
    for handler in found:
        # A nearer hook replaces this one, and who calls would never be asked.
        if handler.resolve_before_request() is not authentication:
            raise TypeError(f"{handler} has a before_request of its own, which would skip authentication.")
        body = body_type(handler)
        if body is not None:
            handler.opt[DECODER] = (LenientDecoder if LENIENT in handler.opt else StrictDecoder)(body)
    in_flight = InFlight(limits.in_flight)
    edge = Edge(super(Application, app).__call__, in_flight, refusal, lines, counts or Counts())
    app.edge = edge if traces is None else traces.around(edge)
    return app


def _shared_options(handlers: Sequence[ControllerRouterHandler]) -> list[HTTPRouteHandler]:
    """Answers to OPTIONS for addresses that several handlers share: the framework's own names the methods of
    the first of them alone.
    """
    methods: defaultdict[str, set[str]] = defaultdict(set)
    for handler in handlers:
        if isinstance(handler, HTTPRouteHandler):
            for path in handler.paths:
                methods[path] |= handler.http_methods
    return [_options(path, found) for path, found in methods.items() if len(found) > 1]


def _options(path: str, methods: Collection[str]) -> HTTPRouteHandler:
    allow = ", ".join(sorted({*methods, "OPTIONS"}))

    @route(path, http_method=["OPTIONS"], include_in_schema=False, sync_to_thread=False)
    def answer() -> Response[None]:
        return Response(None, status_code=204, headers={"Allow": allow}, media_type="text/plain")

    return answer


def http_handlers(app: Litestar) -> list[HTTPRouteHandler]:
    """Every handler of every route, without the framework's own answers to OPTIONS."""
    return [handler for handler in _all_handlers(app) if handler.http_methods != {"OPTIONS"}]


def _answers_to_options(app: Litestar) -> list[HTTPRouteHandler]:
    return [handler for handler in _all_handlers(app) if handler.http_methods == {"OPTIONS"}]


def _all_handlers(app: Litestar) -> list[HTTPRouteHandler]:
    return [
        handler for route in app.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers
    ]
