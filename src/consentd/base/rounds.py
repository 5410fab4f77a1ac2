"""Work that is never over: round after round while there is something, else when woken or after a while."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from consentd.kernel.errors import ConsentdError

_log = structlog.get_logger()


class Rounds:
    """`name`: what the log calls the work. `woken`: where others wake it too."""

    def __init__(self, name: str, idle_seconds: float, woken: asyncio.Event | None = None) -> None:
        self._name = name
        self._idle = idle_seconds
        self._woken = woken or asyncio.Event()

    def wake(self) -> None:
        """There may be something to do. To be called on the event loop."""
        self._woken.set()

    async def run(self, work: Callable[[], Awaitable[object]]) -> None:
        """Until cancelled. `work`: one round; whether, or how much, there was to do."""
        while True:
            self._woken.clear()
            if not await self.safely(work):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._idle):
                        await self._woken.wait()

    async def safely(self, work: Callable[[], Awaitable[object]]) -> object:
        """What the work returns; None where it failed: what went wrong with one delays no other."""
        try:
            return await work()
        except ConsentdError as error:
            _log.warning(f"{self._name}_interrupted", code=error.code)
        except Exception as error:
            # The kind alone: a message may hold what is personal (promise 18).
            _log.error(f"{self._name}_failed", kind=type(error).__name__)
        return None
