"""Until when a request must be answered (GDPR 12(3), Regulation 1182/71 article 3; docs/law.md 25–26). Pure.

The day of receipt is not counted: a period of months ends with the day of the same date, or the last of a
month that has none. A Saturday, Sunday or holiday rolls to the next working day: `legal`. `safe` is the day
before rolling, by which alerts go. All days are local to the controller.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable

import msgspec

from consentd.kernel.calendar import is_holiday
from consentd.kernel.law import DeadlineRule, Holiday

_SATURDAY = 5


class Due(msgspec.Struct, frozen=True):
    safe: dt.date
    legal: dt.date


class Pause(msgspec.Struct, frozen=True):
    """From the day on which identity was asked for on reasonable doubt, to that on which it was shown; both
    local. `until` None: it goes on.
    """

    since: dt.date
    until: dt.date | None


def due(
    received: dt.date,
    rule: DeadlineRule,
    holidays: tuple[Holiday, ...],
    *,
    extended: bool = False,
    pauses: Iterable[Pause] = (),
    today: dt.date | None = None,
) -> Due:
    """When an answer is due. A pause moves both dates by its days, if the rule lets the clock stop; one
    that goes on counts to `today`.
    """
    safe = months_after(received, rule.extended_months if extended else rule.months)
    if rule.pauses:
        safe += dt.timedelta(days=sum(_days(pause, today or pause.since) for pause in pauses))
    return Due(safe, working_day(safe, holidays))


def extension_ends(received: dt.date, rule: DeadlineRule, holidays: tuple[Holiday, ...]) -> dt.date:
    """The last day on which the person can be told that it takes longer: within the first month, 12(3)."""
    return due(received, rule, holidays).legal


def months_after(day: dt.date, months: int) -> dt.date:
    """The day of the same date, or the last one of a shorter month (Regulation 1182/71, 3(2)(c))."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def working_day(day: dt.date, holidays: tuple[Holiday, ...]) -> dt.date:
    """`day`, or the next that is no Saturday, Sunday or holiday (3(4))."""
    while day.weekday() >= _SATURDAY or is_holiday(holidays, day):
        day += dt.timedelta(days=1)
    return day


def _days(pause: Pause, today: dt.date) -> int:
    return max(0, ((pause.until or today) - pause.since).days)
