"""The calendar: Easter, the holidays of every French territory, whole months."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays as reference
import pytest

from consentd.kernel.calendar import add_months, anniversary, easter, holidays
from consentd.kernel.instants import parse_moment, to_text
from consentd.kernel.places import Gazetteer, Place
from consentd.policy.loader import load

POLICIES = Path(__file__).parents[2] / "policies"
YEARS = range(2020, 2036)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer(load(POLICIES))


def days(place: Place, year: int) -> set[dt.date]:
    return {day for clock in place.clocks for day in holidays(clock.holidays, year)}


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (1818, dt.date(1818, 3, 22)),
        (1943, dt.date(1943, 4, 25)),
        (1954, dt.date(1954, 4, 18)),
        (1981, dt.date(1981, 4, 19)),
        (2000, dt.date(2000, 4, 23)),
        (2026, dt.date(2026, 4, 5)),
        (2027, dt.date(2027, 3, 28)),
        (2285, dt.date(2285, 3, 22)),
    ],
)
def test_easter_falls_on_its_day_in_early_late_and_exceptional_years(year: int, day: dt.date) -> None:
    assert easter(year) == day


@pytest.mark.parametrize(
    ("code", "subdivision"),
    [
        ("FR-69", None),
        ("FR-57", "57"),
        ("FR-67", "6AE"),
        ("GP", "971"),
        ("FR-972", "972"),
        ("FR-GF", "973"),
        ("RE", "974"),
        ("FR-YT", "976"),
        ("BL", "BL"),
        ("MF", "MF"),
        ("PM", "PM"),
    ],
)
def test_the_holidays_of_each_territory_are_those_of_the_reference(
    gazetteer: Gazetteer, code: str, subdivision: str | None
) -> None:
    place = gazetteer.find(code)
    for year in YEARS:
        assert days(place, year) == set(reference.France(subdiv=subdivision, years=year)), year


def test_the_national_holidays_of_germany_are_those_of_the_reference(gazetteer: Gazetteer) -> None:
    for year in YEARS:
        assert days(gazetteer.find("DE"), year) == set(reference.Germany(years=year)), year


def test_plain_france_may_be_alsace_and_has_its_holidays(gazetteer: Gazetteer) -> None:
    assert days(gazetteer.find("FR"), 2027) == days(gazetteer.find("FR-68"), 2027)


def test_an_unknown_territory_has_every_clock_and_every_holiday_of_the_country(gazetteer: Gazetteer) -> None:
    anywhere = gazetteer.find(None)
    zones = {clock.zone.key for clock in anywhere.clocks}
    assert {"Europe/Paris", "Indian/Reunion", "America/Martinique", "America/Miquelon"} <= zones
    assert {dt.date(2026, 5, 22), dt.date(2026, 12, 20), dt.date(2026, 12, 26)} <= days(anywhere, 2026)


def test_an_unknown_part_of_a_country_may_be_any_part_of_it(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("FR-ZZ") == gazetteer.find(None)


def test_territory_codes_are_read_whatever_their_case(gazetteer: Gazetteer) -> None:
    assert gazetteer.find("fr-974") is gazetteer.find("RE")


@pytest.mark.parametrize("code", ["FR-NC", "PF", "CH", "US", "", "??"])
def test_places_without_a_pack_are_not_covered(gazetteer: Gazetteer, code: str) -> None:
    assert not gazetteer.find(code).covered


def test_a_union_country_without_a_pack_falls_back_on_the_unions(gazetteer: Gazetteer) -> None:
    place = gazetteer.find("ES-CN")
    assert place.covered
    assert [pack.id for pack in place.packs] == ["eu"]
    assert {clock.zone.key for clock in place.clocks} == {"Europe/Madrid", "Atlantic/Canary"}


@pytest.mark.parametrize(
    ("day", "months", "ends"),
    [
        ("2028-02-29", 12, "2029-03-01"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-12-31", 2, "2027-03-01"),
        ("2026-11-30", 3, "2027-03-01"),
        ("2026-08-11", 12, "2027-08-11"),
    ],
)
def test_a_month_that_lacks_the_day_ends_on_the_first_of_the_next(day: str, months: int, ends: str) -> None:
    assert add_months(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(ends)


def test_an_anniversary_starts_at_local_midnight_of_the_local_date() -> None:
    zone = ZoneInfo("Indian/Reunion")
    late = parse_moment("2026-09-14T21:00:00Z", zone).first  # already the 15th there
    assert to_text(anniversary(late, 12, zone)) == "2027-09-14T20:00:00Z"
