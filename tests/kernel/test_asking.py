"""Asking again is never nagging: from when on somebody may be asked, by the law of their place."""

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from consentd.kernel.asking import may_be_asked
from consentd.kernel.compiled import compile_policy
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import DAY, Instant, to_instant
from consentd.kernel.regime import ALWAYS, NEVER
from consentd.kernel.states import ConsentState, Ground
from support.builders import demo_policy

COMPILED = compile_policy(demo_policy())
PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
POINT = UUID(int=5)


def at(month: int, day: int, hour: int = 0, minute: int = 0, zone: ZoneInfo = PARIS) -> Instant:
    return to_instant(dt.datetime(2026, month, day, hour, minute, tzinfo=zone))


MARCH = at(3, 3, 15)


def said(
    state: str,
    when: Instant = MARCH,
    point: UUID = NOBODY,
    own: Instant | None = None,
    purpose: str = "newsletter",
) -> State:
    return State(StateKey(purpose, "email", point), ConsentState(state), when, NOBODY, own_act=own)


def objection(
    purpose: str | None = None,
    channel: str | None = None,
    ground: Ground = Ground.MARKETING,
    since: Instant = MARCH,
    point: UUID = NOBODY,
) -> Objection:
    return Objection(purpose, channel, point, ground, since, NOBODY)


def asked(
    *states: State,
    objections: tuple[Objection, ...] = (),
    territory: str | None = "FR",
    purpose: str = "newsletter",
    now: Instant = Instant(at(4, 1)),  # noqa: B008  # an int
) -> Instant:
    return may_be_asked(COMPILED, states, objections, purpose, "email", territory, now)


def test_whoever_never_said_no_may_be_asked() -> None:
    assert asked() == ALWAYS
    for state in ("given", "unknown", "requested", "request_deferred", "revoked", "invalidated"):
        assert asked(said(state)) == ALWAYS


@pytest.mark.parametrize("state", ["refused", "withdrawn"])
@pytest.mark.parametrize("point", [NOBODY, POINT])
def test_after_a_no_of_their_own_six_months_to_the_day(state: str, point: UUID) -> None:
    assert asked(said(state, point=point)) == at(9, 3)


def test_the_last_no_counts_and_one_about_something_else_does_not() -> None:
    later = at(5, 31, 12)
    assert asked(said("refused"), said("withdrawn", later, POINT), now=at(6, 1)) == at(12, 1)
    assert asked(said("refused", purpose="promotions")) == ALWAYS


def test_by_the_clock_of_the_person() -> None:
    assert asked(said("refused", at(3, 3, 22, 30)), territory="FR-974") == at(9, 4, zone=REUNION)
    # Of an unknown part of the country, the last of its clocks.
    assert asked(said("refused"), territory=None) >= at(9, 3)


def test_where_no_pack_says_how_long_it_is_six_months_too() -> None:
    assert asked(said("refused"), territory="DE") == at(9, 3, zone=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "one",
    [
        objection(),
        objection("newsletter"),
        objection(channel="email"),
        objection("newsletter", "email", Ground.PARTICULAR),
        objection(point=POINT),
    ],
)
def test_after_an_objection_never(one: Objection) -> None:
    assert asked(objections=(one,), now=Instant(MARCH + 3000 * DAY)) == NEVER


def test_an_objection_to_something_else_or_lifted_by_their_own_act_is_none() -> None:
    others = (objection("promotions"), objection(channel="sms"))
    assert asked(objections=others) == ALWAYS
    assert asked(objections=(objection(),), purpose="customer_research") == ALWAYS
    assert asked(said("given", own=at(3, 20)), objections=(objection(),)) == ALWAYS
    assert asked(said("given", own=MARCH), objections=(objection(),)) == NEVER


def test_what_came_after_the_question_is_its_answer() -> None:
    assert asked(said("refused"), now=Instant(MARCH - 1)) == ALWAYS
    assert asked(objections=(objection(),), now=Instant(MARCH - 1)) == ALWAYS
