"""Whether the service lives, and whether it can serve.

`live` is about the process alone: an orchestrator restarts what does not answer it. `ready` names the reason
why nothing can be served: root key, schema, log, disk. Upholds promise 17 and docs/keys.md: not ready means
503 for everything else, never a path that works half.
"""

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler

from consentd.base.described import described
from consentd.kernel.errors import ConsentdError, Unavailable
from consentd.web.auth import PUBLIC

Probe = Callable[[], Awaitable[ConsentdError | None]]
"""Returns why the service cannot serve, or None. Must come back within a second or so."""


class Health(msgspec.Struct, frozen=True):
    status: Literal["live", "ready"]


class NotReady(Unavailable):
    """503 with the reason in words; nothing was tried."""

    retry_after = 5

    def __init__(self, reason: str) -> None:
        super().__init__("not_ready", f"consentd is running but cannot serve: {reason}")


class Readiness:
    """`refusal` is set for good where the start itself failed; probes look anew each time."""

    def __init__(self, probes: dict[str, Probe] | None = None, refusal: ConsentdError | None = None) -> None:
        self._probes = probes or {}
        self._refusal = NotReady(refusal.message) if refusal else None

    def refusal(self) -> ConsentdError | None:
        """Why no route at all can be served, or None. Must not wait: every request asks."""
        return self._refusal

    async def reason(self) -> ConsentdError | None:
        """The first reason found against being ready."""
        if self._refusal is not None:
            return self._refusal
        for name, probe in self._probes.items():
            try:
                reason = await probe()
            except ConsentdError as error:
                reason = error
            if reason is not None:
                return NotReady(f"{name}: {reason.message}")
        return None


def routes(readiness: Readiness) -> list[HTTPRouteHandler]:
    @get(
        "/health/live",
        opt={**PUBLIC, **described(answer={"status": "live"})},
        tags=["health"],
        operation_id="isLive",
    )
    async def live() -> Health:
        """The process answers."""
        return Health("live")

    @get(
        "/health/ready",
        opt={**PUBLIC, **described(answer={"status": "ready"})},
        tags=["health"],
        operation_id="isReady",
    )
    async def ready() -> Health:
        """The service can serve; 503 with the reason if not."""
        reason = await readiness.reason()
        if reason is not None:
            raise reason
        return Health("ready")

    return [live, ready]
