"""Dates: Easter, the holidays of a place, whole months and years.

Which days are holidays is data of a law pack; only the reckoning is here.
"""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from zoneinfo import ZoneInfo

from consentd.kernel.instants import Instant, midnight, to_datetime
from consentd.kernel.law import Holiday


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus of Nature, 1876)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    quarter, left = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - quarter - correction + 15) % 30
    leap, odd = divmod(rest, 4)
    weekday = (32 + 2 * left + 2 * leap - epact - odd) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)


@lru_cache(maxsize=512)
def holidays(rules: tuple[Holiday, ...], year: int) -> frozenset[dt.date]:
    """The holidays of a year."""
    return frozenset(_days(rules, year))


def _days(rules: Iterable[Holiday], year: int) -> Iterable[dt.date]:
    for rule in rules:
        if rule.easter is not None:
            yield easter(year) + dt.timedelta(days=rule.easter)
        elif rule.date is not None:
            yield dt.date.fromisoformat(f"{year}-{rule.date}")


def is_holiday(rules: tuple[Holiday, ...], day: dt.date) -> bool:
    return day in holidays(rules, day.year)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of a later month; where that month has none, the first of the next one.

    A consent of one year given on 29 February so ends on 1 March (docs/law.md 9).
    """
    years, month = divmod(day.month - 1 + months, 12)
    try:
        return day.replace(year=day.year + years, month=month + 1)
    except ValueError:
        following = divmod(month + 1, 12)
        return dt.date(day.year + years + following[0], following[1] + 1, 1)


def local_date(at: int, zone: ZoneInfo) -> dt.date:
    return to_datetime(at, zone).date()


@lru_cache(maxsize=8192)
def anniversary(at: Instant, months: int, zone: ZoneInfo) -> Instant:
    """00:00 local on the anniversary of the local date of `at`: from then on, the period is over."""
    return midnight(add_months(local_date(at, zone), months), zone)
