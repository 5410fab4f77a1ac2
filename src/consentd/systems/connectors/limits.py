"""How often, how long and how much at once one silo is asked: a broken one delays itself alone.

Of this process: with several workers each has limits of its own (docs/systems-webhook.md).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Connection
from consentd.systems.connectors.contract import (
    Answer,
    Asked,
    Connector,
    Expired,
    Expiry,
    Order,
    Overdue,
    Records,
    SiloUnavailable,
    Test,
    unsupported,
)

T = TypeVar("T")
AT_ONCE = 4
"""Orders that one silo has under way: were it to hang, so many workers wait for it and no more."""
_MINUTE = 60.0


class Throttled(SiloUnavailable):
    """The silo was not asked, since it was asked enough: this is no try of the order's."""


class Guard:
    """What one silo was asked of late."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._begun: deque[float] = deque()
        self._under_way = 0

    def enter(self) -> None:
        """Raises Throttled."""
        now = self._clock()
        while self._begun and self._begun[0] <= now - _MINUTE:
            self._begun.popleft()
        if len(self._begun) >= self.per_minute:
            wait = int(self._begun[0] + _MINUTE - now) + 1
            raise Throttled(
                "asked_enough", f"The silo is asked {self.per_minute} times a minute.", retry_after=wait
            )
        if self._under_way >= AT_ONCE:
            raise Throttled("asked_enough", f"The silo has {AT_ONCE} orders under way.", retry_after=1)
        self._begun.append(now)
        self._under_way += 1

    def leave(self) -> None:
        self._under_way -= 1


class Guards:
    """One for a process: the guard of each silo, kept however often its connector is made anew."""

    def __init__(self) -> None:
        self._guards: dict[str, Guard] = {}

    def of(self, system: str, connection: Connection) -> Guard:
        found = self._guards.get(system)
        if found is None:
            found = self._guards[system] = Guard(connection.per_minute)
        found.per_minute = connection.per_minute
        return found


class Limited(Connector):
    """Any connector, within its silo's limits, and for the verbs alone that the policy names."""

    def __init__(self, inner: Connector, connection: Connection, guard: Guard) -> None:
        self.inner = inner
        self._connection = connection
        self._guard = guard

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        if order.verb not in self._connection.verbs:
            return unsupported(order.verb)
        return await self._within(self.inner.carry_out(order, records))

    async def _within(self, asked: Coroutine[Any, Any, T]) -> T:
        """Raises SiloUnavailable, Throttled."""
        try:
            self._guard.enter()
        except Throttled:
            asked.close()
            raise
        timer = asyncio.timeout(self._connection.timeout_seconds)
        try:
            async with timer:
                return await asked
        except TimeoutError:
            if not timer.expired():
                raise  # A fault of the connector's own.
            raise SiloUnavailable(
                "silo_slow", f"The silo was not done after {self._connection.timeout_seconds} seconds."
            ) from None
        finally:
            self._guard.leave()

    async def _told(self, order: Order) -> Answer | Asked:
        return await self.carry_out(order, _Nowhere())

    locate = rectify = restrict = erase = confirm = read_preferences = write_preference = _told

    async def export(self, order: Order, records: Records) -> Answer | Asked:
        return await self.carry_out(order, records)

    async def overdue(self) -> Sequence[Overdue] | Answer:
        return await self._within(self.inner.overdue())

    async def expire(self, order: Expiry) -> Expired:
        return await self._within(self.inner.expire(order))

    async def preview(self, order: Order) -> Sequence[str]:
        if order.verb not in self._connection.verbs:
            return (str(unsupported(order.verb).detail),)
        return await self.inner.preview(order)

    async def test(self) -> Test:
        timer = asyncio.timeout(self._connection.timeout_seconds)
        try:
            async with timer:
                return await self.inner.test()
        except TimeoutError:
            if not timer.expired():
                raise
            seconds = self._connection.timeout_seconds
            return Test(ok=False, lines=(f"The silo was not done after {seconds} seconds.",))

    async def close(self) -> None:
        await self.inner.close()


class _Nowhere:
    """For orders that have no records: whoever adds one all the same is wrong."""

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        raise TypeError("records are of an export alone")
