"""Until when a request is answered (Regulation 1182/71; docs/law.md 25–26)."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.dsr.deadlines import Pause, due, extension_ends, months_after
from consentd.kernel.calendar import is_holiday
from consentd.kernel.law import DeadlineRule, Pack
from consentd.policy.loader import load

_VECTORS = json.loads((Path(__file__).parent / "deadlines.json").read_text())
_PACK = load(Path(__file__).parents[2] / "policies").packs["fr"]


@pytest.fixture
def french() -> Pack:
    return _PACK


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@pytest.mark.parametrize("vector", _VECTORS, ids=[one["why"] for one in _VECTORS])
def test_french_dates(vector: dict[str, Any], french: Pack) -> None:
    found = due(
        dt.date.fromisoformat(vector["received"]),
        french.deadlines[0],
        french.holidays,
        extended=vector.get("extended", False),
        pauses=[
            Pause(dt.date.fromisoformat(since), _day(until)) for since, until in vector.get("pauses", [])
        ],
        today=_day(vector.get("today")),
    )
    assert (found.legal.isoformat(), found.safe.isoformat()) == (vector["legal"], vector["safe"])


def test_without_a_rule_for_it_the_clock_does_not_stop(french: Pack) -> None:
    rule = DeadlineRule(id="x", cites=("GDPR 12(3)",), mark="C", source="x", months=1, extended_months=3)
    received = dt.date(2026, 6, 10)
    paused = due(received, rule, french.holidays, pauses=[Pause(dt.date(2026, 6, 12), dt.date(2026, 6, 30))])
    assert paused == due(received, rule, french.holidays)


def test_an_extension_is_told_within_the_first_month(french: Pack) -> None:
    assert extension_ends(dt.date(2026, 1, 31), french.deadlines[0], french.holidays) == dt.date(2026, 3, 2)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)), st.integers(1, 12))
def test_a_period_of_months_keeps_its_date_or_ends_with_its_month(day: dt.date, months: int) -> None:
    end = months_after(day, months)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or (end.day < day.day and (end + dt.timedelta(days=1)).day == 1)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)), st.booleans())
def test_it_ends_on_a_working_day_and_never_early(day: dt.date, extended: bool) -> None:
    found = due(day, _PACK.deadlines[0], _PACK.holidays, extended=extended)
    assert found.legal >= found.safe > day
    assert found.legal.weekday() < 5
    assert not is_holiday(_PACK.holidays, found.legal)
    between = [found.safe + dt.timedelta(days=n) for n in range((found.legal - found.safe).days)]
    assert all(one.weekday() >= 5 or is_holiday(_PACK.holidays, one) for one in between)
