"""The same runner for programs with an event loop.

    async with AsyncClient("https://consent.example", client_id, client_secret) as consent:
        await AsyncTaskRunner(consent, AsyncHandlers(locate=locate, erase=erase)).run(signals=True)

Upholds what `tasks` upholds: both carry out the same flows.
"""

import asyncio
import contextlib
import inspect
import signal
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any

from consentd.client.aio import AsyncClient
from consentd.client.copy import Copy
from consentd.client.errors import Unavailable, Unreadable
from consentd.client.orders import Order
from consentd.client.tasking import Tasking, log, pause_after


class AsyncTaskRunner:
    """`handlers`: `AsyncHandlers`, or any object with an `async def` for each verb that it can; `export` is
    an asynchronous generator. `lease`, `wait`: as of `tasks.TaskRunner`; stopping does not wait.

    May be awaited (`run`), or run beside the program as a context manager.
    """

    def __init__(self, client: AsyncClient, handlers: object, *, lease: int = 60, wait: int = 20) -> None:
        self._client = client
        self._tasking = Tasking(client.asking, handlers, lease=lease, wait=wait)
        self._stopping = False
        self._idle: asyncio.Future[Any] | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(self, *, signals: bool = False) -> None:
        """Until it is stopped. `signals`: SIGTERM and SIGINT stop it, after the task at hand. Cancelled, it
        gives back the task at hand.

        Raises ClientError where the service will not have this system.
        """
        failures = 0
        with _stopped_by_signals(self) if signals else contextlib.nullcontext():
            while not self._stopping:
                try:
                    if not await self.once():
                        while not self._stopping and not await self._idly(
                            self._client.run(self._tasking.wait())
                        ):
                            pass
                    failures = 0
                except (Unavailable, Unreadable) as error:
                    failures += 1
                    log.warning("No tasks can be had: %s", error.code)
                    await self._idly(asyncio.sleep(pause_after(failures)))

    async def once(self) -> bool:
        """Takes one task and does it; whether there was one. Raises ClientError."""
        order = await self._client.run(self._tasking.claim())
        if order is None:
            return False
        async with self._kept(order):
            try:
                answer = await self._asked(order)
            except BaseException as error:
                await asyncio.shield(self._client.run(self._tasking.broke(order, error)))
                if not isinstance(error, Exception):
                    raise
            else:
                await self._client.run(self._tasking.finish(order, answer))
        return True

    async def _asked(self, order: Order) -> object:
        told = self._tasking.handler(order)(order)
        if inspect.isawaitable(told):
            return await told
        if order.verb != "export" or not hasattr(told, "__aiter__"):
            return told
        copy = Copy()
        await self._client.run(self._tasking.send(order, copy.later(told)))
        return copy.answer()

    @contextlib.asynccontextmanager
    async def _kept(self, order: Order) -> AsyncIterator[None]:
        """Renews the lease while the block runs."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(self._tasking.every)
                if not await self._client.run(self._tasking.keep(order)):
                    return

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _idly(self, what: Any) -> Any:  # Any: an awaitable, and what it gives
        """Awaits what `stop` may cut short."""
        self._idle = asyncio.ensure_future(what)
        try:
            return await self._idle
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            return None
        finally:
            self._idle = None

    def stop(self) -> None:
        """Ends `run` after the task at hand."""
        self._stopping = True
        if self._idle is not None:
            self._idle.cancel()

    async def close(self) -> None:
        """Stops what runs beside the program, and waits for it. Raises what ended it before."""
        self.stop()
        if self._task is not None:
            await self._task

    async def __aenter__(self) -> "AsyncTaskRunner":
        self._task = asyncio.create_task(self.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


@contextlib.contextmanager
def _stopped_by_signals(runner: AsyncTaskRunner) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, runner.stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
