"""The one place that turns what went wrong into HTTP: RFC 9457, `application/problem+json`.

A problem's `type` is the address of its page here (`web.pages.catalogue`), and its `title` that page's, in
the caller's language; `detail`, which says what is particular to this request, is in English.

Upholds promises 17 (503 and 429 say when to come back) and 18: what was unexpected is named in the log by
its kind and place, and to the caller by its request id alone. Framework messages are never passed on: they
quote the address that was called.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from consentd.base.i18n import DEFAULT, Language, choose
from consentd.callers.oauth import OAuthRefusal
from consentd.kernel.errors import (
    CallerError,
    ConsentdError,
    Forbidden,
    NotAcceptable,
    Unauthenticated,
    Unavailable,
)
from consentd.web import catalogue, exchange, logs
from consentd.web.exchange import Exchange
from consentd.web.strict import explain

MEDIA_TYPE = "application/problem+json"

_REALM = 'Bearer realm="consentd"'


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code` is stable and for programs; `type` is the address of a page that explains it. `title` is in the
    caller's language, `detail` in English; `instance` is the request id."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    errors: list[dict[str, str]] = []
    """Where, as a JSON pointer into the body or the name of a parameter, and why."""


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The framework's only exception handler."""
    about = exchange.of(request.scope)
    known = error if isinstance(error, ConsentdError) else _from_framework(error)
    if known is None or known.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logs.failure(about.request_id, logs.route_of(request.scope), error)
        known = ConsentdError(
            "internal_error",
            "This is a defect of consentd, not of your request. It was logged under the id in instance.",
        )
    about.code = known.code
    headers = headers_for(known)
    if isinstance(error, MethodNotAllowedException) and error.headers:
        headers["allow"] = error.headers["allow"]
    return Response(body_for(known, about), status_code=known.status, media_type=MEDIA_TYPE, headers=headers)


def body_for(error: ConsentdError, about: Exchange) -> bytes:
    errors = error.errors if isinstance(error, CallerError) else []
    problem = Problem(
        type=f"/problems/{error.code}",
        title=catalogue.title(error.code, _language(about)) or HTTPStatus(error.status).phrase,
        status=error.status,
        code=error.code,
        detail=error.message,
        instance=about.request_id,
        errors=errors,
    )
    if not isinstance(error, OAuthRefusal):
        return msgspec.json.encode(problem)
    # RFC 6749 §5.2 wants its own two members: clients of token endpoints read nothing else.
    members = msgspec.to_builtins(problem)
    return msgspec.json.encode(members | {"error": error.error, "error_description": error.message})


def _language(about: Exchange) -> Language:
    accepted = about.headers.get(b"accept-language")
    return DEFAULT if accepted is None else choose(None, accepted.decode("latin-1"))


def headers_for(error: ConsentdError) -> dict[str, str]:
    headers: dict[str, str] = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if isinstance(error, OAuthRefusal):
        if error.challenge:
            headers["www-authenticate"] = error.challenge
    elif isinstance(error, NotAcceptable):
        headers["vary"] = "accept"
    elif isinstance(error, Unauthenticated):
        # RFC 6750 §3.1: no error code where no credentials came.
        missing = error.code == "token_missing"
        headers["www-authenticate"] = _REALM if missing else f'{_REALM}, error="invalid_token"'
    elif isinstance(error, Forbidden) and error.code == "insufficient_scope":
        headers["www-authenticate"] = f'{_REALM}, error="insufficient_scope"'
    return headers


class _Refused(CallerError):
    """What the framework refused by itself."""

    def __init__(
        self, status: int, code: str, message: str, *, errors: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(code, message, errors=errors or ())
        self.status = status


def _from_framework(error: Exception) -> ConsentdError | None:
    match error:
        case NotFoundException():
            return _Refused(404, "no_such_address", "There is nothing at this address: see /openapi.json.")
        case MethodNotAllowedException():
            return _Refused(405, "method_not_allowed", "This address does not take this method: see Allow.")
        case RequestEntityTooLarge():
            return _Refused(413, "body_too_large", "The body is larger than this call takes.")
        case ValidationException():
            return _Refused(
                422,
                "invalid_parameter",
                "A parameter of the address or a header cannot be used: see errors.",
                errors=[_parameter(entry) for entry in error.extra or ()],
            )
        case HTTPException() if 400 <= error.status_code < 500:
            return _Refused(error.status_code, "bad_request", "This request cannot be read.")
        case HTTPException() if error.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            return Unavailable("unavailable", "consentd cannot answer at the moment. Try again.")
        case _:
            return None


def _parameter(entry: Any) -> dict[str, str]:  # Any: the framework's own untyped list
    found = explain(str(entry.get("message", "")))
    return {"parameter": str(entry.get("key", "")), "code": found["code"], "detail": found["detail"]}
