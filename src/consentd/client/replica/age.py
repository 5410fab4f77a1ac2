"""How old a replica's copy can be (promise 5).

The age counts from when the last whole round of pages was *asked for*, by the wall clock and, from when this
process first saw the copy, by a clock that never goes back: the older of the two counts. The file also says
how late it was at least, so that a clock that was set back while no program ran is found out.
"""

from datetime import timedelta

from consentd.client import clock
from consentd.client.replica.file import File
from consentd.kernel.instants import MINUTE, SECOND, Instant

_SKEW = 5 * SECOND
_NOTED = MINUTE
"""How far the clock goes before it is noted again: each time costs a sync."""


class Age:
    """Of the copy in one file. `as_of`: nothing acknowledged up to then is missing; None: no copy."""

    def __init__(self, file: File) -> None:
        self._file = file
        self.as_of: Instant | None = None
        self._latest: Instant | None = None
        self._elapsed = 0.0

    def read(self, elapsed: float | None = None) -> None:
        """What the file says. `elapsed`: the clock that never goes back, at `as_of`, if that is known."""
        as_of: Instant | None = self._file.get("as_of")
        self._latest = self._file.get("latest")
        if elapsed is not None:
            self._elapsed = elapsed
        elif as_of is not None and as_of != self.as_of:
            self._elapsed = clock.elapsed() - max(0, clock.now() - as_of) / SECOND
        self.as_of = as_of

    def told(self) -> timedelta:
        """As old as can be where that cannot be told."""
        as_of, now = self.as_of, clock.now()
        if as_of is None or now < max(as_of, self._latest or as_of) - _SKEW:
            # Without a copy, or by a clock that was set back: since when, nobody knows.
            return timedelta.max
        seconds = max((now - as_of) / SECOND, clock.elapsed() - self._elapsed)
        return timedelta(seconds=max(0.0, seconds))

    # --- inside a change of the file

    def forget(self) -> None:
        self._file.put("as_of", None)

    def write(self, as_of: Instant) -> None:
        self._file.put("as_of", as_of)
        self._file.put("latest", as_of)

    def note(self, now: Instant) -> None:
        """That it is at least as late as this."""
        self._file.put("latest", max(now, self._file.get("latest") or now))

    def is_to_be_noted(self, now: Instant) -> bool:
        latest = self._file.get("latest")
        return latest is None or now > latest + _NOTED
