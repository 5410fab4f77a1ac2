"""What an answer carries besides yes or no: reasons and their words, the rules it came from."""

from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from consentd.kernel.case import Case, Decision, Person, Point, Question
from consentd.kernel.decide import compile_policy, decide
from consentd.kernel.fold import State, StateKey
from consentd.kernel.hours import days_of, minutes_of
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant, parse_moment
from consentd.kernel.reasons import REASONS
from consentd.kernel.states import ConsentState, Proof
from consentd.policy.loader import load

POLICY = load(Path(__file__).parents[2] / "policies")
COMPILED = compile_policy(POLICY)
ANNA, HOME, EVENT = UUID(int=1), UUID(int=2), UUID(int=3)


def at(text: str) -> Instant:
    return parse_moment(text, ZoneInfo("Europe/Paris")).first


def ask(
    purpose: str, channel: str, when: str, *slots: tuple[str, str, str], restricted: bool = False
) -> Decision:
    key = StateKey(purpose, channel, NOBODY)
    given = State(key, ConsentState.GIVEN, at("2026-09-01"), EVENT, Proof.HELD, slots=slots)
    anna = Person(ANNA, named=True, territory="FR-69", restricted=restricted, states=(given,))
    return decide(COMPILED, Question(purpose, channel, at(when)), Case((anna,), (Point(HOME, (ANNA,)),)))


def test_an_answer_names_the_rules_and_the_law_packs_it_came_from() -> None:
    found = ask("newsletter", "email", "2026-11-02")
    assert found.allow
    assert found.policy == POLICY.hash
    assert found.packs == ("fr@2026-08-11", "eu@2026-01-01")
    assert found.reasons[0].cites == ("CPCE L.34-5",)


def test_a_caller_without_the_right_to_reasons_learns_neither_freezing_nor_age_nor_who_is_known() -> None:
    assert ask("newsletter", "email", "2026-11-02", restricted=True).reasons[0].coarse == "blocked"
    assert REASONS["under_age"].coarse == REASONS["sector_ban"].coarse == "blocked"
    assert REASONS["unknown_person"].coarse == REASONS["no_consent"].coarse == "no_consent"


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_has_words_in_both_languages(code: str) -> None:
    entry = REASONS[code]
    assert entry.fr.endswith(".")
    assert entry.en.endswith(".")
    assert entry.fr != entry.en


def test_unreadable_hours_were_agreed_to_by_nobody() -> None:
    slots = (("someday", "08:00", "09:00"), ("mon", "8h", "9h"), ("mon-sun", "21:00", "24:00"))
    assert not ask("promotions", "phone", "2026-11-02T08:30:00+01:00", *slots).allow
    assert ask("promotions", "phone", "2026-11-02T23:59:59+01:00", *slots).allow


@pytest.mark.parametrize("text", ["", "fri-mon", "monday", "mon-", "mon;tue"])
def test_days_are_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match=r"not in tuple|runs backwards"):
        days_of(text)


@pytest.mark.parametrize("text", ["", "9:00", "24:01", "10:60", "１０:00", "10:00:00"])
def test_times_of_day_are_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match="no time of day"):
        minutes_of(text)
