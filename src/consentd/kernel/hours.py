"""When a call may ring: windows in the person's own time, holidays, hours agreed to (docs/law.md 18).

Windows are turned into instants per local day, so a day of 23 or 25 hours needs no special case.
"""

import datetime as dt
import re
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from consentd.kernel.calendar import is_holiday, local_date
from consentd.kernel.fold import Slots
from consentd.kernel.instants import Instant, midnight, to_instant
from consentd.kernel.law import HoursRule
from consentd.kernel.regime import ClockHours

Closed = Literal["outside_hours", "holiday"]
Span = tuple[Instant, Instant]

SEARCH_DAYS = 400
"""A search for the next opening goes no further: by then everything else has changed too."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def days_of(text: str) -> frozenset[int]:
    """ "mon-fri", "sat" or "mon,wed-thu" as weekdays, Monday 0. ValueError for anything else."""
    found: set[int] = set()
    for part in text.split(","):
        start, dash, end = part.strip().partition("-")
        low, high = DAYS.index(start), DAYS.index(end if dash else start)
        if low > high:
            raise ValueError(f"{part!r} runs backwards")
        found.update(range(low, high + 1))
    return frozenset(found)


def minutes_of(text: str) -> int:
    """ "13:30" as minutes since midnight; "24:00" is the end of the day. ValueError for anything else."""
    if text == "24:00":
        return 24 * 60
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time of day: write 09:30")
    return int(match[1]) * 60 + int(match[2])


@lru_cache(maxsize=256)
def _windows(rule: HoursRule, slots: Slots) -> tuple[tuple[frozenset[int], int, int], ...]:
    listed = [(window.days, window.start, window.end) for window in rule.windows]
    found = [(days_of(days), minutes_of(start), minutes_of(end)) for days, start, end in listed]
    for days, start, end in slots if rule.slots_by_consent else ():
        try:
            found.append((days_of(days), minutes_of(start), minutes_of(end)))
        except ValueError:
            continue  # unreadable hours were agreed to by nobody
    return tuple(found)


def _wall(day: dt.date, minute: int, zone: ZoneInfo) -> Instant:
    if minute == 24 * 60:
        return midnight(day + dt.timedelta(days=1), zone)
    return to_instant(dt.datetime.combine(day, dt.time(*divmod(minute, 60)), zone))


@lru_cache(maxsize=4096)
def _spans(hours: ClockHours, slots: Slots, day: dt.date) -> tuple[Span, ...]:
    """The open spans of a local day, in order, those that touch made one; none on a holiday."""
    rule, clock = hours.rule, hours.clock
    if rule.no_holidays and is_holiday(clock.holidays, day):
        return ()
    spans: list[Span] = []
    open_today = [(start, end) for days, start, end in _windows(rule, slots) if day.weekday() in days]
    for start, end in sorted((_wall(day, a, clock.zone), _wall(day, b, clock.zone)) for a, b in open_today):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif start < end:
            spans.append((start, end))
    return tuple(spans)


def closed(hours: tuple[ClockHours, ...], slots: Slots, at: Instant) -> Closed | None:
    """Why it is closed at `at` by at least one clock; None where it is open by all."""
    for clocked in hours:
        day = local_date(at, clocked.clock.zone)
        if not any(start <= at < end for start, end in _spans(clocked, slots, day)):
            holiday = clocked.rule.no_holidays and is_holiday(clocked.clock.holidays, day)
            return "holiday" if holiday else "outside_hours"
    return None


def closes_at(hours: tuple[ClockHours, ...], slots: Slots, at: Instant) -> Instant | None:
    """The end of the open span that holds `at`; None where no rule closes, or where it is closed."""
    ends = [
        end
        for clocked in hours
        for start, end in _spans(clocked, slots, local_date(at, clocked.clock.zone))
        if start <= at < end
    ]
    return min(ends, default=None)


def opens_at(hours: tuple[ClockHours, ...], slots: Slots, at: Instant) -> Instant | None:
    """The first instant from `at` on that is open by every clock; None if there is none in 400 days."""
    limit = at + SEARCH_DAYS * 86_400_000_000
    candidate: Instant | None = at
    while candidate is not None and candidate <= limit:
        moved = candidate
        for clocked in hours:
            later = _next(clocked, slots, moved)
            if later is None:
                return None
            moved = later
        if moved == candidate:
            return candidate
        candidate = moved
    return None


def _next(clocked: ClockHours, slots: Slots, at: Instant) -> Instant | None:
    day = local_date(at, clocked.clock.zone)
    for ahead in range(SEARCH_DAYS):
        for start, end in _spans(clocked, slots, day + dt.timedelta(days=ahead)):
            if at < end:
                return max(at, start)
    return None
