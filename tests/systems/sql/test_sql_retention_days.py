"""From which day on rows were kept long enough: as SQL compares it, and as each row's own end is told."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from consentd.kernel.silo_sql import Retention
from consentd.systems.connectors.sql.deciding import end_of, over_before

DAYS = st.dates(dt.date(1970, 1, 1), dt.date(2100, 12, 31))


@given(day=DAYS, today=DAYS, months=st.integers(1, 240), year_end=st.booleans())
def test_a_day_is_before_exactly_when_its_end_has_come(
    day: dt.date, today: dt.date, months: int, year_end: bool
) -> None:
    rule = Retention(months=months, after="at", year_end=year_end, because="x")
    end = end_of(rule, day)
    assert end is not None
    assert (day < over_before(rule, today)) == (end <= today)


def test_a_time_longer_than_any_calendar_is_never_over() -> None:
    rule = Retention(months=100_000, after="at", because="x")
    assert over_before(rule, dt.date(2026, 11, 22)) == dt.date.min
