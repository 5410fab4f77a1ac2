"""Lists under way, each in a process of its own beside the server (docs/decisions/0017).

The server passes pieces on as they come, unread, and pieces of the answer back: it holds up whoever sends
faster than is decided, and the process whose answers nobody takes. A process that has done a list waits for
the next one.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from consentd.base.counts import Cell, Counts
from consentd.check.lists.frames import Fed, Opened, Said
from consentd.check.pipe import LENGTH, packed, unpacked
from consentd.kernel.errors import Unavailable

MOST = 4
"""Lists at the same time; the next one is asked to come again."""
IDLE = 1
"""Processes that wait for a list."""
_MOMENT = 3.0
"""Seconds in which a process that is told to end may record what it was at."""


class Exchange:
    """One list with its process. Raises Unavailable where that is lost."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._in = process.stdin
        self._out = process.stdout
        self._closed = False
        self._told_all = False

    @property
    def over(self) -> bool:
        """Whether the process has told all and taken in all: it can go on to another list."""
        return self._closed and self._told_all

    async def open(self, opened: Opened) -> None:
        await self._send(opened)

    async def feed(self, fed: Fed) -> None:
        """Waits while the process has enough. After the last piece there is nothing to feed any more."""
        if not self._closed:
            self._closed = fed.last or fed.gone
            await self._send(fed)

    async def said(self) -> Said:
        try:
            (size,) = LENGTH.unpack(await self._out.readexactly(LENGTH.size))
            said = unpacked(await self._out.readexactly(size), Said)
        except (OSError, asyncio.IncompleteReadError):
            raise _interrupted() from None

        self._told_all = said.over is not None
        return said

    async def _send(self, frame: object) -> None:
        try:
            self._in.write(packed(frame))
            await self._in.drain()
        except OSError:
            self._closed = False
            raise _interrupted() from None


class ListProcesses:
    """`program`, `settings`, `name`: as `check.beside.Batches`."""

    def __init__(
        self, program: str, settings: Callable[[], object], name: str = "lists", counts: Counts | None = None
    ) -> None:
        self._program = program
        self._settings = settings
        self._name = name
        self._counts = counts or Counts()
        self._idle: list[asyncio.subprocess.Process] = []
        self._busy: set[asyncio.subprocess.Process] = set()
        self._count = 0

    @asynccontextmanager
    async def exchange(self) -> AsyncIterator[Exchange]:
        """A process for one list. It is used again if the list is over when the block ends, else ended.

        Raises Unavailable if there are too many lists already.
        """
        if self._count >= MOST:
            raise Unavailable(
                "too_many_lists", "As many lists as may be are being decided already. Try again in a while."
            )
        self._count += 1
        exchange: Exchange | None = None
        try:
            exchange = Exchange(await self._process())
            self._busy.add(exchange.process)
            yield exchange
        finally:
            self._count -= 1
            if exchange is not None:
                process = exchange.process
                self._busy.discard(process)
                if exchange.over and process.returncode is None and len(self._idle) < IDLE:
                    self._idle.append(process)
                else:
                    await _end(process)

    async def stop(self) -> None:
        """Ends all of them. Lists under way are broken off, and the log says so."""
        processes = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(_end(process) for process in processes))

    async def _process(self) -> asyncio.subprocess.Process:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._program,
            self._name,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        self._counts.add(Cell.BATCH_STARTS)
        assert process.stdin is not None
        process.stdin.write(packed(self._settings()))
        return process


async def _end(process: asyncio.subprocess.Process) -> None:
    """The end of what it reads tells it to stop; it has a moment to record what it was at."""
    assert process.stdin is not None
    process.stdin.close()
    drained = asyncio.create_task(_discard(process))
    try:
        async with asyncio.timeout(_MOMENT):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    finally:
        drained.cancel()


async def _discard(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while await process.stdout.read(1 << 16):
        pass


def _interrupted() -> Unavailable:
    return Unavailable("list_interrupted", "The process that decided this list was interrupted; try again.")
