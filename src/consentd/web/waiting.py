"""The service while it cannot serve: its health says why, and everything else is 503.

Upholds promise 17 and docs/keys.md. What was only late (a database that starts after it) is taken up when it
comes, without a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable

from consentd.base.counts import Counts
from consentd.base.settings import Settings
from consentd.callers.model import Caller
from consentd.kernel.errors import ConsentdError, Unauthenticated, Unavailable
from consentd.web import health, logs
from consentd.web.application import Application, build
from consentd.web.health import Readiness

RETRY_SECONDS = 5

Opened = Callable[[], Awaitable[Application]]
"""Makes the whole service; raises ConsentdError where it still cannot."""


def waiting(settings: Settings, error: ConsentdError, opened: Opened, counts: Counts) -> Application:
    """Health and nothing else; and, where waiting can help, the whole service once it opens."""
    readiness = Readiness(refusal=error)
    later = _Later(opened)
    helps = isinstance(error, Unavailable)
    app = build(
        health.routes(readiness),
        settings=settings,
        tokens=_NoTokens(),
        counts=counts,
        refusal=readiness.refusal,
        on_startup=[later.start] if helps else [],
        on_shutdown=[later.stop] if helps else [],
    )
    later.outer = app
    return app


class _Later:
    """Tries again to open the service, and puts it in the place of the waiting one."""

    outer: Application

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not await _within(RETRY_SECONDS, self._stop.wait()):
            try:
                app = await self._opened()
            except ConsentdError as error:
                logs.refused_start(error)
                continue
            async with app.lifespan():
                self.outer.edge, self.outer.apart = app.edge, app.apart
                await self._stop.wait()
            return


async def _within(seconds: float, wait: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await wait
    except TimeoutError:
        return False
    return True


class _NoTokens:
    """Stands where nobody can be known."""

    def known(self, token: bytes) -> None:
        return None

    async def admit(self, token: bytes) -> Caller:
        raise Unauthenticated("token_invalid", "Nobody can be known while the service is not ready.")

    async def confirm(self, caller: Caller) -> None:
        raise Unauthenticated("token_invalid", "Nobody can be known while the service is not ready.")
