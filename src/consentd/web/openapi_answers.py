"""Which answers a route may give, for the description of the API: said by what the route is, so that no
route can forget one.
"""

from collections.abc import Collection
from typing import Any

from litestar.handlers import HTTPRouteHandler

from consentd.base.described import ALSO, CHANGES, FORMS, LINKS
from consentd.callers.access import ASKS, Door
from consentd.callers.model import Scope
from consentd.web.call import LENIENT
from consentd.web.problems import MEDIA_TYPE

Document = dict[str, Any]  # Any: a document of the OpenAPI specification

_TEXT = {"type": "string"}
_SECONDS = {"type": "integer", "minimum": 0}

HEADERS: Document = {
    "X-Request-ID": {
        "description": "The number of this exchange, in the service's own log too. A caller may choose it.",
        "required": True,
        "schema": _TEXT,
    },
    "Retry-After": {"description": "After how many seconds trying again can help.", "schema": _SECONDS},
    "WWW-Authenticate": {"description": "How to prove who calls (RFC 6750).", "schema": _TEXT},
    "Vary": {"description": "What of the request the form of the answer depends on.", "schema": _TEXT},
    "Allow": {"description": "The methods that this address takes.", "schema": _TEXT},
}

_PROBLEMS: dict[int, tuple[str, str, tuple[str, ...]]] = {
    400: ("Malformed", "Not readable: no JSON in UTF-8, a member or a header that came twice.", ()),
    401: ("Unauthenticated", "No token, or one that is wrong, over or revoked.", ("WWW-Authenticate",)),
    403: ("Forbidden", "A known caller, but not its right: a scope is missing, or a limit.", ()),
    404: ("NotFound", "There is none; or it is not this caller's to see.", ()),
    405: ("MethodNotAllowed", "This address does not take this method.", ("Allow",)),
    406: ("NotAcceptable", "The answer comes in no form that Accept names.", ("Vary",)),
    408: ("TooSlow", "The body did not arrive in time.", ()),
    409: ("Conflict", "Another event came under the same number, or the same call is still running.", ()),
    413: ("TooLarge", "The body is larger than the service takes.", ()),
    415: ("UnsupportedMedia", "The body is announced as something else than this call reads.", ()),
    422: ("Unprocessable", "Readable, but refused for a reason that `code` and `errors` name.", ()),
    429: ("TooMany", "This caller calls more often than it may.", ("Retry-After",)),
    503: ("Unavailable", "Nobody is at fault: overload, or not ready. Try again.", ("Retry-After",)),
}


def components() -> Document:
    """The problems that routes refer to, under `components.responses`."""
    return {name: _problem(text, headers) for name, text, headers in _PROBLEMS.values()}


def answers(
    handler: HTTPRouteHandler, method: str, content: Document, *, parameters: Collection[str]
) -> Document:
    """Every answer of one operation, by status. `parameters`: the places that it takes some in."""
    also: dict[int, str] = handler.opt.get(ALSO, {})
    done: Document = {"description": "Recorded." if handler.status_code == 201 else "Answered."}
    varies = ("Vary",) if handler.opt.get(FORMS) else ()
    done |= {"headers": _headers(*varies), "content": content}
    if handler.opt.get(LINKS):
        done["links"] = handler.opt[LINKS]
    found: Document = {str(handler.status_code): done}
    for status in sorted(_implied(handler, method, parameters) | also.keys()):
        if status < 300:
            found[str(status)] = done | {"description": also[status]}
        elif status in also:
            _, _, headers = _PROBLEMS[status]
            found[str(status)] = _problem(also[status], headers)
        else:
            found[str(status)] = {"$ref": f"#/components/responses/{_PROBLEMS[status][0]}"}
    return dict(sorted(found.items()))


def changes(handler: HTTPRouteHandler, method: str) -> bool:
    """Whether the route records something, so that it takes an Idempotency-Key."""
    return method == "post" and (handler.status_code == 201 or bool(handler.opt.get(CHANGES)))


def _implied(handler: HTTPRouteHandler, method: str, parameters: Collection[str]) -> set[int]:
    statuses = {400, 503}
    asks = handler.opt[ASKS]
    if asks is not Door.OPEN:
        statuses |= {401, 429}
    if isinstance(asks, Scope):
        statuses.add(403)
    if handler.opt.get(FORMS):
        statuses.add(406)
    if "path" in parameters:
        statuses.add(404)
    if parameters:
        statuses.add(422)
    if method == "post":
        statuses |= {408, 413} if LENIENT in handler.opt else {408, 413, 415, 422}
    if changes(handler, method):
        statuses.add(409)
    return statuses


def _problem(description: str, headers: tuple[str, ...]) -> Document:
    return {
        "description": description,
        "headers": _headers(*headers),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _headers(*names: str) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-ID", *names)}
