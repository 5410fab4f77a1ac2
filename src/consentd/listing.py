"""A process that decides lists (`check.lists.beside`): `python -m consentd.listing`, started by a server.

One list at a time. Reads frames from its standard input until that ends, which it does when the server stops
or dies: a list under way is then broken off, and the log says so.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys

from consentd.app import Parts, open_parts
from consentd.base import clock
from consentd.base.settings import Settings
from consentd.check import pipe
from consentd.check.lists.frames import Fed, Opened, Said
from consentd.check.lists.running import Lists
from consentd.check.lists.session import Session
from consentd.check.store import gatherer
from consentd.kernel.errors import ConsentdError
from consentd.web import logs

POLITENESS = 5
"""Single checks go first where there are fewer processors than processes."""
_AHEAD = 4
"""Frames taken in before they are looked at."""


async def serve(settings: Settings, frames: asyncio.StreamReader) -> None:
    parts: Parts | None = None
    while (frame := await _frame(frames)) is not None:
        opened = pipe.unpacked(frame, Opened)
        fed: asyncio.Queue[Fed] = asyncio.Queue(_AHEAD)
        feeding = asyncio.create_task(_feed(frames, fed))
        try:
            # Opened with the first list, and again with the next one where it could not be.
            parts = parts or await open_parts(settings)
        except ConsentdError as error:
            _say(Said(over=pipe.failed(error)))
            while not (one := await fed.get()).last and not one.gone:
                pass
        else:
            await _answer(parts, opened, fed)
        await feeding
    if parts is not None:
        await parts.database.close()
        parts.journal.close()


async def _answer(parts: Parts, opened: Opened, fed: "asyncio.Queue[Fed]") -> None:
    lists = Lists(parts.database, gatherer(parts.database), parts.keyring, parts.policies, clock.now)
    try:
        await Session(lists, opened, fed, _say).answer()
    except Exception as error:
        logs.failure("(list)", "POST /v1/check/list", error)
        # Whatever state it is in, another process has none of it.
        raise SystemExit(1) from None


async def _feed(frames: asyncio.StreamReader, fed: "asyncio.Queue[Fed]") -> None:
    """Until the list's last piece; a server that died has gone."""
    while True:
        frame = await _frame(frames)
        one = Fed(gone=True) if frame is None else pipe.unpacked(frame, Fed)
        await fed.put(one)
        if one.last or one.gone:
            return


async def _frame(frames: asyncio.StreamReader) -> bytes | None:
    try:
        (size,) = pipe.LENGTH.unpack(await frames.readexactly(pipe.LENGTH.size))
        return await frames.readexactly(size)
    except asyncio.IncompleteReadError:
        return None


def _say(said: Said) -> None:
    """Waits while nobody takes it: there is nothing else to do."""
    # The server may be gone: then nobody is told, and the end of the frames says the rest.
    with contextlib.suppress(BrokenPipeError):
        pipe.write(sys.stdout.buffer, said)


async def _run() -> None:
    frames = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(frames), sys.stdin)
    first = await _frame(frames)
    if first is None:
        return
    settings = pipe.unpacked(first, Settings)
    logs.configure(settings.log_level, process=sys.argv[1] if sys.argv[1:] else "lists")
    logs.catch_the_rest()
    await serve(settings, frames)


def main() -> None:
    # Ctrl-C reaches every process of a terminal; the server says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(POLITENESS)
    # Nearly nothing that a list makes is ever part of a cycle.
    gc.set_threshold(200_000, 20, 20)
    asyncio.run(_run())


if __name__ == "__main__":
    main()
