"""What is known of one request while it is answered. One object, made at the edge, found by every layer."""

import time

from litestar.types import Scope

from consentd.callers.model import Caller

Headers = tuple[tuple[bytes, bytes], ...]

_KEY = "exchange"


class Exchange:
    """`headers` are the request's, lower-case names; `shield` is what the edge adds to the answer's."""

    __slots__ = ("caller", "code", "headers", "request_id", "shield", "started", "status")

    def __init__(self, request_id: str, headers: dict[bytes, bytes], shield: Headers) -> None:
        self.request_id = request_id
        self.headers = headers
        self.shield = shield
        self.caller: Caller | None = None
        self.status = 0
        self.code: str | None = None
        self.started = time.perf_counter()

    def attach(self, scope: Scope) -> None:
        scope.setdefault("state", {})[_KEY] = self


def of(scope: Scope) -> Exchange:
    """The exchange of this scope. KeyError for a scope that did not come through the edge."""
    found: Exchange = scope["state"][_KEY]
    return found
