"""Token buckets: how often something may happen, in bounded memory. Of this process alone."""

import time
from collections.abc import Callable, Hashable


class Buckets:
    """A bucket for each key, of which the oldest is forgotten when there are too many.

    A forgotten bucket is a full one, so `most` must be far above the number of honest callers.
    """

    def __init__(
        self, per_second: float, burst: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def take(self, key: Hashable) -> float:
        """Takes one. Returns 0, or after how many seconds there will be one to take."""
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._made(key, now)
        level = min(self._burst, bucket.level + (now - bucket.at) * self._per_second)
        bucket.at = now
        if level >= 1:
            bucket.level = level - 1
            return 0
        bucket.level = level
        return (1 - level) / self._per_second

    def refund(self, key: Hashable) -> None:
        """Gives one back: what was counted turned out to be no failure."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.level = min(self._burst, bucket.level + 1)

    def __len__(self) -> int:
        return len(self._buckets)

    def _made(self, key: Hashable, now: float) -> "_Bucket":
        if len(self._buckets) >= self._most:
            # Dictionaries keep their order: the first is the oldest.
            del self._buckets[next(iter(self._buckets))]
        bucket = self._buckets[key] = _Bucket(self._burst, now)
        return bucket


class _Bucket:
    __slots__ = ("at", "level")

    def __init__(self, level: float, at: float) -> None:
        self.level = level
        self.at = at
