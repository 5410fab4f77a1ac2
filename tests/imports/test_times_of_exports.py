"""Times of exports: whatever form a tool writes, in the zone of its system or the one that the text names."""

from zoneinfo import ZoneInfo

import pytest

from consentd.imports.times import TimeReader
from consentd.kernel.layout import TimeSource

PARIS = ZoneInfo("Europe/Paris")


def read(format_: str, text: str) -> tuple[str, str, str] | None:
    return TimeReader(TimeSource(columns=("at",), formats=(format_,)), (0,), PARIS).read((text,))


@pytest.mark.parametrize(
    ("format_", "text", "first", "day"),
    [
        ("%d/%m/%Y %H:%M", "17/03/2026 09:05", "2026-03-17T09:05:00+01:00", "2026-03-17"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-07-01T23:30:00Z", "2026-07-01T23:30:00+00:00", "2026-07-02"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-07-01T23:30:00+02:00", "2026-07-01T23:30:00+02:00", "2026-07-01"),
        ("%Y-%m-%dT%H:%M:%S.%f%z",
         "2026-05-01T10:00:00.25-0330", "2026-05-01T10:00:00.250000-03:30", "2026-05-01"),
        ("%m/%d/%Y %I:%M %p", "11/01/2026 12:05 am", "2026-11-01T00:05:00+01:00", "2026-11-01"),
        ("%m/%d/%Y %I:%M %p", "11/01/2026 3:05 PM", "2026-11-01T15:05:00+01:00", "2026-11-01"),
    ],
)  # fmt: skip
def test_a_time_is_read_as_the_tool_writes_it(format_: str, text: str, first: str, day: str) -> None:
    assert read(format_, text) == (first, first, day)


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("%m/%d/%Y %I:%M %p", "11/01/2026 13:05 PM"),
        ("%m/%d/%Y %I:%M %p", "11/01/2026 0:05 AM"),
        ("%Y-%m-%dT%H:%M%z", "2026-05-01T10:00+24:00"),
        ("%Y-%m-%dT%H:%M%z", "2026-05-01T10:00"),
        ("%d/%m/%Y", "31/11/2025"),
        ("%d/%m/%Y", "0/0/0000"),
        # What tools write where they know no time; some lie outside what a clock in another zone can show.
        ("%Y-%m-%d %H:%M:%S", "0001-01-01 00:00:00"),
        ("%Y-%m-%d %H:%M:%S%z", "9999-12-31 23:59:59-05:00"),
        ("%d/%m/%Y", "30/12/1899"),
        ("%d/%m/%Y", "31/12/9999"),
        ("%Y", "0000"),
    ],
)
def test_what_is_no_time_is_none(format_: str, text: str) -> None:
    assert read(format_, text) is None


def test_an_hour_that_clocks_showed_twice_counts_as_both() -> None:
    first, last, _ = read("%Y-%m-%d %H:%M", "2026-10-25 02:30") or ("", "", "")
    assert (first[-6:], last[-6:]) == ("+02:00", "+01:00")
