"""Sending what a handler returned: encoded once, in two messages.

The framework builds two objects with a header map each for every answer, a quarter of the cost of a whole
check. Handlers that return a struct need none of it; whoever needs headers or another media type returns
the framework's own Response.
"""

from typing import Any, TypeVar

import msgspec
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class Answer(Response[T]):
    """The class of every answer that a handler does not make by itself."""

    # Any: both signatures are the framework's own; what is not plain JSON is left to it.
    def __init__(
        self, content: T, *, media_type: Any = None, status_code: int | None = None, **rest: Any
    ) -> None:
        self._plain = media_type == _JSON and not any(rest.values())
        if self._plain:
            self.content = content
            self.status_code = status_code
        else:
            super().__init__(content, media_type=media_type, status_code=status_code, **rest)

    def to_asgi_response(self, *given: Any, **rest: Any) -> Any:
        if self._plain and not rest.get("headers") and not rest.get("cookies"):
            return _plain_json(_encode(self.content), self.status_code or 200)
        return super().to_asgi_response(*given, **rest)


def _plain_json(content: bytes, status: int) -> ASGIApp:
    async def send_it(scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", b"%d" % len(content)),
                ],
            }
        )
        await send({"type": "http.response.body", "body": content, "more_body": False})

    return send_it


def encoded(content: bytes) -> Response[Any]:  # Any: what was encoded is known to the handler
    """An answer that is JSON already."""
    return Response(content, media_type=_JSON)
