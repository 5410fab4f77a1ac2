"""How much at once, and how much from one.

Upholds promise 17: who comes too much is told so, and when to come back. Both limits
are of this process, and protect it. Neither is a security boundary: attempts at secrets are bounded where
secrets are checked.
"""

from collections.abc import Hashable

import msgspec

from consentd.callers.buckets import Buckets
from consentd.kernel.errors import TooMany, Unavailable


class Limits(msgspec.Struct, frozen=True):
    in_flight: int = 512
    """Requests answered at the same time; the next one gets 503."""
    per_second: float = 4000
    """Calls that one system may make in the long run; beyond it gets 429."""
    burst: int = 8000


DEFAULT_LIMITS = Limits()


class InFlight:
    """Counts requests under way, the one that asks included."""

    __slots__ = ("_most", "count")

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 0

    @property
    def full(self) -> bool:
        return self.count > self._most


def overloaded() -> Unavailable:
    return Unavailable("overloaded", "consentd is answering as much as it can. Try again in a second.")


class CallerLimit:
    def __init__(self, limits: Limits) -> None:
        self._buckets = Buckets(limits.per_second, limits.burst, most=10_000)

    def take(self, caller: Hashable) -> None:
        """Raises TooMany if this caller has used up what it may."""
        wait = self._buckets.take(caller)
        if wait:
            raise TooMany(
                "too_many_calls",
                "This system calls more often than it may. Slow down, or send many in one call.",
                retry_after=max(1, round(wait)),
            )
