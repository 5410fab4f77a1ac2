"""What all handlers of the portal have in common: who may call, and pages where something goes wrong.

A person is never answered with JSON. What went wrong is logged and counted as everywhere (`web.problems`).
"""

from functools import partial
from typing import Any

from litestar import Request, Response

from consentd.kernel.errors import ConsentdError
from consentd.portal.frame import MOST_BYTES, Frame, is_own_path
from consentd.portal.reach import Reach
from consentd.portal.sessions import NeedsMore, RecordGone, SessionOver
from consentd.web import problems

_LEFT = "/my/requests"
"""What is left to somebody who was erased, as long as they are here: what became of their request."""


def page_of(frame: Frame, door: dict[str, Any]) -> dict[str, Any]:
    """What the decorator of a page's handler takes: `@get("/my/choices", **page_of(frame, SESSION))`."""

    return {
        "opt": door,
        "include_in_schema": False,
        "exception_handlers": {Exception: partial(refused, frame)},
        "request_max_body_size": MOST_BYTES,
    }


def refused(frame: Frame, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    if isinstance(error, RecordGone) and request.url.path != _LEFT:
        return frame.to(_LEFT)
    if isinstance(error, SessionOver):
        return frame.to("/my?over=1", *frame.without_session())
    if isinstance(error, NeedsMore):
        return frame.to(_way_to(request, error))
    answer = problems.handle(request, error)
    code = error.code if isinstance(error, ConsentdError) else ""
    page = frame.sorry(request, answer.status_code or 500, code)
    if page is None:
        return answer
    for name, value in answer.headers.items():
        page.headers.setdefault(name, value)
    return page


def _way_to(request: Request[Any, Any, Any], error: NeedsMore) -> str:
    """Where a better proof is given; and back, if there is a page to come back to."""
    if error.reach < Reach.PERSON:
        return "/my/choices"
    path = request.url.path
    return f"/my/proof?then={path}" if request.method == "GET" and is_own_path(path) else "/my/proof"
