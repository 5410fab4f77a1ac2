"""A consent ends with a later no, whatever the use is and whatever else may carry it (GDPR 7(3))."""

from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from consentd.kernel.case import Case, Person, Point, Question
from consentd.kernel.decide import compile_policy, decide
from consentd.kernel.fold import State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import DAY, Instant, parse_moment
from consentd.kernel.places import Gazetteer
from consentd.kernel.states import NOES, ConsentState, Proof
from consentd.policy.loader import load

POLICY = load(Path(__file__).parents[2] / "policies")
ANNA, HOME = UUID(int=1), UUID(int=2)
GIVEN = parse_moment("2026-09-01", Gazetteer.home(POLICY)).first
KINDS = ("direct_marketing", "profiling", "tracking", "research", "service", "legal")


def allowed(kind: str, bases: tuple[str, ...], *states: State) -> bool:
    newsletter = msgspec.structs.replace(
        POLICY.purposes["newsletter"], kind=kind, bases={"email": bases}, contract_matters=("maintenance",)
    )
    compiled = compile_policy(msgspec.structs.replace(POLICY, purposes={"newsletter": newsletter}))
    anna = Person(ANNA, named=True, territory="FR-69", states=states)
    question = Question("newsletter", "email", Instant(GIVEN + 30 * DAY))
    return decide(compiled, question, Case((anna,), (Point(HOME, (ANNA,)),))).eligible


def yes(at: UUID, days: int = 0) -> State:
    when = Instant(GIVEN + days * DAY)
    return State(StateKey("newsletter", "email", at), ConsentState.GIVEN, when, UUID(int=3), Proof.HELD)


def no(state: ConsentState, at: UUID, days: int = 1) -> State:
    return State(StateKey("newsletter", "email", at), state, Instant(GIVEN + days * DAY), UUID(int=4))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bases", [("consent",), ("consent", "contract"), ("contract", "consent")])
@pytest.mark.parametrize("given_at", [HOME, NOBODY])
@pytest.mark.parametrize("refused_at", [HOME, NOBODY])
def test_promise_5_a_later_no_ends_a_consent(
    kind: str, bases: tuple[str, ...], given_at: UUID, refused_at: UUID
) -> None:
    if given_at == refused_at:
        # One key has one state: the fold keeps the later.
        return
    assert allowed(kind, bases, yes(given_at))
    for state in NOES:
        assert not allowed(kind, bases, yes(given_at), no(state, refused_at)), state
    assert allowed(kind, bases, yes(HOME, 2), no(ConsentState.WITHDRAWN, NOBODY))
