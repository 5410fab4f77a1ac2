"""Large batches, handed to a process of their own.

Ten thousand questions take a second of the interpreter, which would not answer anybody else meanwhile: a
batch in a thread made single checks wait for a tenth of a second (bench/check.py). So the body of a large
batch goes unread to a second process beside this one, which decodes, decides and encodes, with its own
connection and the same statements (promise 5), a little less eager for the processor than the server. It is
started with the first large batch, lives as long as the server, and is started again if it dies.
"""

import asyncio
import sys
from collections.abc import Callable

from consentd.base.counts import Cell, Counts
from consentd.check.pipe import LENGTH, Asked, Told, packed, unpacked
from consentd.kernel.errors import Unavailable

SMALL = 8 * 1024
"""Bytes of a body that is decided where it came in: some eighty questions, a few milliseconds."""
PATIENCE = 60.0
"""Seconds after which a batch, and the process at it, is given up."""


class Batches:
    """`program`: the module that the process runs. `settings`: its first frame. `name`: that in the log."""

    def __init__(
        self,
        program: str,
        settings: Callable[[], object],
        name: str = "batches",
        counts: Counts | None = None,
    ) -> None:
        self._program = program
        self._name = name
        self._counts = counts or Counts()
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._exchanges: set[asyncio.Task[Told]] = set()

    async def answer(self, asked: Asked) -> Told:
        """Raises what deciding raised there; Unavailable where the process is lost."""
        # A caller that hangs up must not leave half a frame in the pipe.
        exchange = asyncio.create_task(self._in_turn(asked))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._exchanges.discard)
        told = await asyncio.shield(exchange)
        if told.raised is not None:
            raise told.error()
        return told

    async def stop(self) -> None:
        """Ends the process. Whoever waits for a batch in it is told to try again."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _in_turn(self, asked: Asked) -> Told:
        async with self._turn:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._exchange(asked)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                await self.stop()
                raise Unavailable(
                    "batch_interrupted", "The process that decides batches was interrupted; try again."
                ) from None

    async def _exchange(self, asked: Asked) -> Told:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(packed(asked))
        await process.stdin.drain()
        (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        return unpacked(await process.stdout.readexactly(size), Told)

    async def _running(self) -> asyncio.subprocess.Process:
        process = self._process
        if process is None or process.returncode is not None:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._program,
                self._name,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=1 << 20,
            )
            self._process = process
            self._counts.add(Cell.BATCH_STARTS)
            assert process.stdin is not None
            process.stdin.write(packed(self._settings()))
        return process
