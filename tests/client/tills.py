"""Programs of a till that do their part of requests: in this process, by threads or an event loop, and apart.

python tills.py URL ID SECRET LEASE FILE: its work takes a second; FILE grows by a line when it begins one.
"""

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from consentd.client import (
    Answer,
    AsyncClient,
    AsyncTaskRunner,
    Client,
    Handlers,
    Order,
    Part,
    TaskRunner,
    done,
)


class Till:
    """It knows everybody it is asked about, and remembers what it was asked. It cannot `confirm`."""

    def __init__(self, *, records: int = 3, slow: float = 0) -> None:
        self.asked: list[tuple[str, str]] = []
        self.records = records
        self.slow = slow
        self.breaks = 0
        """How many times in a row it fails."""

    def _does(self, order: Order) -> None:
        self.asked.append((order.verb.value, str(order.id)))
        time.sleep(self.slow)
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("ana@exemple.fr is not to be told")

    def locate(self, order: Order) -> Answer:
        self._does(order)
        return done(Part(what="cards", found=1), identifiers=["loyalty:ML100007"])

    def export(self, order: Order) -> Iterator[Any]:
        self._does(order)
        for number in range(self.records):
            yield "sales", {"number": number, "product": "Lavender soap, 100 g " * 4}

    def erase(self, order: Order) -> Answer:
        self._does(order)
        return done(Part(what="cards", found=1, deleted=1))


class LoopTill(Till):
    """The same for an event loop."""

    async def locate(self, order: Order) -> Answer:  # type: ignore[override]
        return super().locate(order)

    async def export(self, order: Order) -> AsyncIterator[Any]:  # type: ignore[override]
        for one in super().export(order):
            yield one

    async def erase(self, order: Order) -> Answer:  # type: ignore[override]
        return super().erase(order)


@contextlib.contextmanager
def at_work(kind: str, url: str, credentials: Any, till: Till, **more: Any) -> Iterator[None]:
    """A runner beside the test, until the block ends."""
    more = {"lease": 3, "wait": 1} | more
    if kind == "threads":
        with Client(url, credentials.id, credentials.secret) as client, TaskRunner(client, till, **more):
            yield
        return
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    async def within() -> None:
        async with (
            AsyncClient(url, credentials.id, credentials.secret) as client,
            AsyncTaskRunner(client, till, **more),
        ):
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(within(),))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def main() -> None:
    url, client_id, secret, lease, file = sys.argv[1:]

    def erase(order: Order) -> Answer:
        with Path(file).open("a") as begun:
            begun.write(f"{order.id}\n")
        time.sleep(1)
        return done(Part(what="cards", found=1, deleted=1))

    with Client(url, client_id, secret) as client:
        TaskRunner(client, Handlers(erase=erase), lease=int(lease), wait=1).run(signals=True)


if __name__ == "__main__":
    main()
