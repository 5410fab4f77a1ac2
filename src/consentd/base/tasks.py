"""Work that runs beside the answering."""

import asyncio
from collections.abc import Callable, Coroutine


class Tasks:
    """Tasks that run beside the answering, from start to stop."""

    def __init__(self, *work: Callable[[], Coroutine[None, None, None]]) -> None:
        self._work = work
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(work()) for work in self._work]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
