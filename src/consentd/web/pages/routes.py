"""The welcome page and the files of all pages."""

from collections.abc import Awaitable, Callable
from functools import cache
from importlib import resources
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from consentd.base.i18n import choose
from consentd.evidence.service import Status
from consentd.kernel.errors import ConsentdError, NotFound
from consentd.web import exchange, headers
from consentd.web.auth import PUBLIC
from consentd.web.health import Readiness
from consentd.web.pages import catalogue, packing
from consentd.web.pages.shell import render, shown
from consentd.web.pages.words import WORDS

# Of text the framework says the charset.
_STATIC = {
    "consentd.css": "text/css",
    "consentd.svg": "image/svg+xml",
    "docs.css": "text/css",
    "docs.js": "text/javascript",
}


def routes(readiness: Readiness, log_status: Callable[[], Awaitable[Status]]) -> list[HTTPRouteHandler]:
    @get("/", opt=PUBLIC, include_in_schema=False)
    async def welcome(request: Request[Any, Any, Any], lang: FromQuery[str | None] = None) -> Response[str]:
        language = choose(lang, request.headers.get("accept-language"))
        ready = await readiness.reason() is None
        try:
            log = await log_status() if ready else None
        except ConsentdError:
            ready, log = False, None
        return shown(request, render("welcome.html", language, WORDS, ready=ready, log=log), language)

    @get("/static/{name:str}", opt=PUBLIC, include_in_schema=False)
    async def static(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        # A name is looked up in a list and never joined to a path.
        if name not in _STATIC:
            raise NotFound("no_such_address", "There is no such file.")
        exchange.of(request.scope).shield = headers.STATIC
        plain, packed = _file(name)
        if packing.is_read(request):
            return Response(packed, media_type=_STATIC[name], headers=packing.ENCODING)
        return Response(plain, media_type=_STATIC[name])

    return [welcome, static, *catalogue.routes()]


@cache
def _file(name: str) -> tuple[bytes, bytes]:
    """As it is, and packed."""
    content = (resources.files("consentd.web.pages") / "static" / name).read_bytes()
    return content, packing.packed(content)
