"""A list over HTTP: its pieces are passed to a process as they come, and the answer's back, both at once.

Upholds promise 17: memory is flat whatever comes, a caller that sends nothing for half a minute is not
waited for, and one that goes away ends its list.
"""

import asyncio
import contextlib
from collections.abc import Callable

from litestar.types import ASGIApp, Receive, Scope, Send

from consentd.check.lists.answers import Answers, CsvAnswers, JsonAnswers, Problem
from consentd.check.lists.beside import Exchange, ListProcesses
from consentd.check.lists.frames import Fed, Opened, Said
from consentd.check.lists.outbox import Outbox
from consentd.check.pipe import Told
from consentd.kernel.errors import ConsentdError
from consentd.web.body import TooSlow

PATIENCE = 30.0
"""Seconds for which the next piece is waited for."""
LINGER = 5.0
"""Seconds for which a refused list is still taken in: who only sends would not hear of the refusal."""


def streamed(
    processes: ListProcesses, opened: Opened, media: str, count: Callable[[int, int], None]
) -> ASGIApp:
    """Answers a list. `count` is told how many rows were decided, and how many allowed.

    What is wrong before the first row is told raises; later it is the answer's last line.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async with processes.exchange() as exchange:
            await _Streaming(exchange, opened, receive).answer(send, media, count)

    return answer


class _Streaming:
    def __init__(self, exchange: Exchange, opened: Opened, receive: Receive) -> None:
        self._exchange = exchange
        self._opened = opened
        self._receive = receive
        self._outbox = Outbox()
        self._fed_all = False
        self._fault: ConsentdError | None = None
        self._over: Told | None = None

    async def answer(self, send: Send, media: str, count: Callable[[int, int], None]) -> None:
        await self._exchange.open(self._opened)
        feeding = asyncio.create_task(self._feed())
        collecting: asyncio.Task[None] | None = None
        try:
            first = await self._exchange.said()
            if (refused := self._refused(first)) is not None:
                await self._linger(feeding)
                raise refused
            collecting = asyncio.create_task(self._collect(first))
            headers = [(b"content-type", media.encode()), (b"vary", b"accept")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while piece := await self._outbox.take():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            await collecting
            if self._over is not None:
                count(self._over.count, self._over.allowed)
            # The process goes on to its next list when it has taken in all of this one.
            await self._exchange.feed(Fed(gone=True))
        finally:
            for task in (feeding, collecting):
                if task is not None:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, ConsentdError):
                        await task
            self._outbox.close()

    def _refused(self, first: Said) -> ConsentdError | Exception | None:
        if first.over is None or first.content:
            return None
        if first.over.raised is not None:
            return first.over.error()
        return self._fault

    async def _feed(self) -> None:
        """Passes on what comes, until all has come; and then waits for whoever asked to go away."""
        while True:
            try:
                async with asyncio.timeout(None if self._fed_all else PATIENCE):
                    message = await self._receive()
            except TimeoutError:
                self._fault = TooSlow(
                    "body_too_slow", f"Nothing came for {PATIENCE:.0f} seconds. Send the list again."
                )
                await self._exchange.feed(Fed(gone=True))
                return
            if message["type"] != "http.request":
                await self._exchange.feed(Fed(gone=True))
                return
            last = not message.get("more_body", False)
            await self._exchange.feed(Fed(message.get("body", b""), last=last))
            self._fed_all = self._fed_all or last

    async def _collect(self, said: Said) -> None:
        """What the process says, in order, to where it is sent from."""
        try:
            while True:
                if said.content:
                    await self._outbox.put(said.content, patient=self._fed_all)
                if said.over is not None:
                    self._over = said.over
                    if self._fault is not None:
                        await self._outbox.put(self._broken(self._fault), patient=False)
                    return
                said = await self._exchange.said()
        except ConsentdError as lost:
            await self._outbox.put(self._broken(lost), patient=False)
        finally:
            self._outbox.finish()

    def _broken(self, error: ConsentdError) -> bytes:
        answers: Answers = CsvAnswers() if self._opened.told == "csv" else JsonAnswers()
        return answers.broken(Problem(error.code, error.message), None)

    async def _linger(self, feeding: "asyncio.Task[None]") -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while not self._fed_all and not feeding.done():
                    await asyncio.sleep(0.01)
        await self._exchange.feed(Fed(gone=True))
