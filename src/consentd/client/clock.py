"""The client's own clock: it stands apart from the server, and so from the server's."""

import time

from consentd.kernel.instants import Instant


def now() -> Instant:
    """The wall clock, in microseconds since 1970."""
    return Instant(time.time_ns() // 1000)


def elapsed() -> float:
    """Seconds of a clock that never goes back: for deadlines."""
    return time.monotonic()
