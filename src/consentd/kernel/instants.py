"""Instants as whole microseconds since 1970 in UTC, and the strict reading of times from outside.

An integer compares alike in every database, has one canonical spelling, and cannot lose its zone. Upholds
docs/deciding.md: a time known only to the day counts as its first instant for a grant and its last for what
restricts, in the zone of its source.
"""

import datetime as dt
import re
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

import msgspec

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00:00Z."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
# RFC 3339 with a mandatory offset; `[0-9]` because `\d` also reads other scripts' digits.
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Moment(msgspec.Struct, frozen=True):
    """A time as its source knows it: to the microsecond, or only to the day (`first` to `last`)."""

    first: Instant
    last: Instant


def to_instant(when: dt.datetime) -> Instant:
    """The instant of an aware datetime. A naive one raises ValueError: its zone would be a guess."""
    if when.tzinfo is None:
        raise ValueError("a time without a zone names no instant")
    return Instant((when - _EPOCH) // _MICROSECOND)


def to_datetime(instant: int, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """The aware datetime of an instant, in `zone`."""
    return (_EPOCH + dt.timedelta(microseconds=instant)).astimezone(zone)


def to_text(instant: int) -> str:
    """RFC 3339 in UTC, whole seconds without a fraction: 2026-11-20T09:15:00Z."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=8192)
def midnight(day: dt.date, zone: ZoneInfo) -> Instant:
    """The first instant of a local day. Remembered: of a birthday each decision about somebody asks it, by
    every clock of their country.
    """
    return to_instant(dt.datetime.combine(day, dt.time(), zone))


def day_bounds(day: dt.date, zone: ZoneInfo) -> Moment:
    """The first and last instants of a local day (23, 24 or 25 hours long)."""
    return Moment(midnight(day, zone), Instant(midnight(day + dt.timedelta(days=1), zone) - 1))


@lru_cache(maxsize=4096)
def parse_moment(text: str, zone: ZoneInfo) -> Moment:
    """Reads RFC 3339 with an offset, or a bare date in the source's `zone`.

    Raises ValueError for anything else, with a sentence fit for the caller that does not repeat the text
    (promise 18): a time without an offset is refused and never guessed.

    What was read last is remembered: one call, or a file, tells the same time many times.
    """
    try:
        if _DAY.fullmatch(text):
            return day_bounds(dt.date.fromisoformat(text), zone)
        if _RFC3339.fullmatch(text):
            instant = to_instant(dt.datetime.fromisoformat(text.upper()))
            # In UTC too it must be a time that can be written: +14:00 puts year 1 before its beginning.
            to_datetime(instant)
            return Moment(instant, instant)
    except (ValueError, OverflowError):
        raise ValueError("There is no such day, or no such time of it.") from None
    raise ValueError("This is not a time: write 2026-11-20T10:15:00+01:00, or 2026-11-20 for a day.")
