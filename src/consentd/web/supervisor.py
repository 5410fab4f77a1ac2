"""Many workers behind one port: started, started again when one dies, and stopped together.

Each worker is a fresh interpreter (`python -m` a module, never a fork of threads and locks) that takes over
the listening sockets. Upholds promise 17: a worker that dies is logged and replaced, ever more slowly while
that does not help; on SIGTERM no new connection is taken, and what is under way is answered. A worker's
standard input is a pipe that only its supervisor holds: when that ends, even by SIGKILL, the worker stops.
"""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process

import structlog

from consentd.base.counts import Board, Cell
from consentd.base.settings import Settings
from consentd.web import logs
from consentd.web.server import GRACEFUL_SECONDS, listeners

KILL_SECONDS = GRACEFUL_SECONDS + 3
"""A worker that has not ended by then after SIGTERM is killed: orchestrators often give ten seconds."""
FIRST_WAIT, LONGEST_WAIT = 0.25, 10.0
STEADY_SECONDS = 30.0
"""A worker that lived so long did not die of its start: the next one is not waited for."""

_log = structlog.get_logger()


def serve(settings: Settings, program: str, listener: socket.socket | None = None) -> int:
    """Runs `program` in as many workers as the settings say, until SIGTERM or SIGINT; the exit code.

    0 if all ended by themselves when told to, 1 if one had to be killed. Raises OperatorError where a port
    cannot be had. A worker is started with its number and the sockets' and the board's files as arguments.
    """
    logs.configure(settings.log_level, process="supervisor")
    logs.catch_the_rest()
    # From the first connection on, and until the loop hears signals itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with listeners(settings, listener) as taken:
        file = Board.shared(settings.workers + 1)
        supervisor = Supervisor(program, settings.workers, taken, file)
        return asyncio.run(supervisor.run())


class Supervisor:
    def __init__(self, program: str, count: int, taken: list[socket.socket], file: int) -> None:
        self._program = program
        self._count = count
        self._listeners = taken
        self._file = file
        self._board = Board(count + 1, file)
        self._processes: dict[int, Process] = {}
        self._stopping = asyncio.Event()
        self._killed = False

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        workers = [asyncio.create_task(self._keep(number)) for number in range(1, self._count + 1)]
        await self._stopping.wait()
        # Connections that no worker has taken by now are refused, and not left to wait for nobody.
        for one in self._listeners:
            one.close()
        for process in self._processes.values():
            _send(process, signal.SIGTERM)
        _, late = await asyncio.wait(workers, timeout=KILL_SECONDS)
        if late:
            _log.error("workers_killed", count=len(late), seconds=KILL_SECONDS)
            self._kill()
            await asyncio.wait(late)
        _log.info("stopped", killed=self._killed)
        return int(self._killed)

    def _told_to_stop(self) -> None:
        if self._stopping.is_set():
            # Told twice: whoever asks does not want to wait.
            self._kill()
        self._stopping.set()

    def _kill(self) -> None:
        self._killed = True
        for process in self._processes.values():
            _send(process, signal.SIGKILL)

    async def _keep(self, number: int) -> None:
        """One worker after the other, under one number, until all are to stop."""
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._one(number)
            if self._stopping.is_set():
                return
            lived = time.monotonic() - began
            wait = FIRST_WAIT if lived > STEADY_SECONDS else wait
            _log.error(
                "worker_died", worker=number, seconds=round(lived, 1), retry_seconds=wait, **_end(code)
            )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()
            wait = min(2 * wait, LONGEST_WAIT)

    async def _one(self, number: int) -> int:
        """Starts a worker and waits for its end; its exit code, negative for a signal."""
        files = [one.fileno() for one in self._listeners]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._program,
            *map(str, (number, self._count, self._file, *files)),
            stdin=PIPE,
            pass_fds=(self._file, *files),
            # Ctrl-C reaches every process of a terminal's group; this one says when to stop.
            process_group=0,
        )
        self._processes[number] = process
        self._board.slots[0].add(Cell.WORKER_STARTS)
        _log.info("worker_started", worker=number, pid=process.pid)
        if self._stopping.is_set():
            _send(process, signal.SIGTERM)
        code = await process.wait()
        del self._processes[number]
        self._board.slots[number].stand_still()
        return code


def _send(process: Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _end(code: int) -> dict[str, object]:
    return {"signal": signal.Signals(-code).name} if code < 0 else {"code": code}
