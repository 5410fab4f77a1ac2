"""A decision remembered for a class of cases is the one that the pure function makes for each of them."""

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from consentd.check import plain
from consentd.check.outcomes import Outcomes
from consentd.kernel.case import Case, Decision, Question
from consentd.kernel.decide import compile_policy, decide
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import DAY, Instant
from consentd.policy.loader import load

COMPILED = compile_policy(load(Path(__file__).parents[2] / "policies"))
NOW = Instant(1_795_000_000_000_000)
POINT, GROUP = UUID(int=7), UUID(int=9)

about = st.sampled_from(
    [
        ("newsletter", "email"),
        ("promotions", "email"),
        ("promotions", "sms"),
        ("promotions", "phone"),
        ("promotions", "post"),
        ("club_enfants", "email"),
        ("wellness_advice", "email"),
        ("open_tracking", "email"),
        ("orders", "email"),
        ("energy_renovation", "phone"),
    ]
)
states = st.sampled_from(["given", "renewed", "withdrawn", "refused", "unknown", "requested", None])
times = st.integers(-2000, 400).map(lambda days: Instant(NOW + days * DAY))


@st.composite
def rows(draw: st.DrawFn) -> tuple[Any, ...]:
    row: list[Any] = [None] * len(plain.COLUMNS)
    row[plain.POINT], row[plain.GROUP], row[plain.SUBJECT] = POINT, GROUP, GROUP
    row[plain.MERGED] = row[plain.LISTED] = False
    row[plain.TERRITORY] = draw(st.sampled_from(["FR", "DE", "FR-974", "CH", None]))
    row[plain.RESTRICTED] = draw(st.sampled_from([None, None, None, 1]))
    row[plain.CAPACITY] = draw(st.sampled_from(["consumer", "professional"]))
    row[plain.UNREACHABLE] = draw(st.sampled_from([None, None, None, 1]))
    state = draw(states)
    if state is not None:
        row[plain.STATE] = state
        row[plain.STATE_POINT] = draw(st.sampled_from([POINT, NOBODY]))
        row[plain.PROOF] = draw(st.sampled_from(["held", "cited", "none"]))
        row[plain.NOTICE] = draw(st.sampled_from([None, "newsletter", "promotions"]))
        row[plain.VERSION] = draw(st.sampled_from(["1", "2", "3"])) if row[plain.NOTICE] else None
        row[plain.EFFECTIVE] = draw(times)
        row[plain.EXPLICIT], row[plain.PARENTAL] = draw(st.booleans()), draw(st.booleans())
        row[plain.OWN_ACT] = draw(st.sampled_from([None, row[plain.EFFECTIVE]]))
    return tuple(row)


def never(*_: object) -> Any:
    raise AssertionError("there are no facts to open")


def case(row: tuple[Any, ...], purpose: str, channel: str) -> Case:
    return plain.case_of([row], purpose, channel, never)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(about, rows(), times), min_size=2, max_size=40))
def test_a_remembered_decision_is_the_one_that_would_be_made(asked: list[Any]) -> None:
    outcomes = Outcomes(COMPILED)
    for (purpose, channel), row, at in asked:

        def decided(purpose: str = purpose, channel: str = channel, row: Any = row, at: Any = at) -> Decision:
            return decide(COMPILED, Question(purpose, channel, at), case(row, purpose, channel))

        assert outcomes.of(row, purpose, channel, at, decided) == decided()


def test_a_class_of_cases_is_decided_once() -> None:
    outcomes, asked = Outcomes(COMPILED), 0
    for number in range(50):
        row: list[Any] = [None] * len(plain.COLUMNS)
        row[plain.POINT] = row[plain.STATE_POINT] = UUID(int=number + 1)
        row[plain.GROUP] = row[plain.SUBJECT] = UUID(int=number + 1000)
        row[plain.TERRITORY], row[plain.CAPACITY], row[plain.MERGED] = "FR", "consumer", False
        row[plain.STATE], row[plain.PROOF], row[plain.EFFECTIVE] = "withdrawn", "none", NOW - number * DAY
        row[plain.EXPLICIT] = row[plain.PARENTAL] = False

        def decided(row: Any = tuple(row)) -> Decision:
            nonlocal asked
            asked += 1
            return decide(COMPILED, Question("newsletter", "email", NOW), case(row, "newsletter", "email"))

        assert not outcomes.of(row, "newsletter", "email", NOW, decided).allow
    assert asked == 1


def test_nothing_that_a_consent_with_an_end_says_is_remembered() -> None:
    """One person's lapsed consent must not deny another's that still counts."""
    outcomes = Outcomes(COMPILED)
    row: list[Any] = [None] * len(plain.COLUMNS)
    row[plain.POINT] = row[plain.STATE_POINT] = POINT
    row[plain.GROUP] = row[plain.SUBJECT] = GROUP
    row[plain.TERRITORY], row[plain.CAPACITY], row[plain.MERGED] = "FR", "consumer", False
    row[plain.STATE], row[plain.PROOF] = "given", "held"
    row[plain.NOTICE], row[plain.VERSION] = "phone_offers", "1"
    row[plain.EXPLICIT] = row[plain.PARENTAL] = False
    question = Question("promotions", "phone", NOW)
    codes = []
    for age in (400, 10):
        row[plain.EFFECTIVE] = NOW - age * DAY
        one = tuple(row)
        found = outcomes.of(
            one,
            "promotions",
            "phone",
            NOW,
            lambda one=one: decide(COMPILED, question, case(one, "promotions", "phone")),
        )
        codes.append((found.eligible, msgspec.to_builtins(found)["reasons"][0]["code"]))
    assert codes[0] == (False, "expired")
    assert codes[1][0]
