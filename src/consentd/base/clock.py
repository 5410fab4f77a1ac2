"""The one place that reads the wall clock. Everything else is given the instant."""

import time
from collections.abc import Callable

from consentd.kernel.instants import Instant

Clock = Callable[[], Instant]


def now() -> Instant:
    """Microseconds since 1970 in UTC."""
    return Instant(time.time_ns() // 1000)
