"""The course of a request, over every state, event and situation."""

from itertools import product

import pytest
from msgspec import convert

from consentd.dsr.rights import NEEDS, Proof, Right, proof_by_code
from consentd.dsr.states import OPEN, TRANSITIONS, Case, Event, State, after
from consentd.kernel.errors import Conflict

_VALUES: dict[str, tuple[object, ...]] = {
    "proof": tuple(Proof),
    "needed": tuple(Proof),
    "approvals": (0, 1, 2),
    "approvals_needed": (0, 2),
    "unsettled": (0, 1),
    "gaps": (0, 1),
    **dict.fromkeys(("reviewed", "reasons", "in_first_month", "extended", "overdue"), (False, True)),
}
CASES = [convert(dict(zip(_VALUES, values, strict=True)), Case) for values in product(*_VALUES.values())]
CLOSED = set(State) - OPEN


def _after(state: State, event: Event, case: Case) -> State | None:
    try:
        return after(state, event, case)
    except Conflict:
        return None


def test_promise_12_nothing_runs_leaves_or_is_erased_before_identity_is_proven() -> None:
    beyond = {State.RUNNING, State.REVIEWING, State.ANSWERED, State.PARTIAL, State.APPROVING}
    for state, event, case in product(State, Event, CASES):
        to = _after(state, event, case)
        if to in beyond and to is not state:
            assert case.proof >= case.needed, (state, event, case)


def test_what_needs_approval_does_not_run_without_it() -> None:
    for state, event, case in product(State, Event, CASES):
        if _after(state, event, case) is State.RUNNING and state is not State.RUNNING:
            assert case.approvals >= case.approvals_needed, (state, event, case)


def test_promise_12_complete_means_that_every_silo_did_it_or_lawfully_refused() -> None:
    for state, event, case in product(State, Event, CASES):
        if _after(state, event, case) is State.ANSWERED:
            lawful = event is Event.GAPS_REFUSED and case.reasons
            assert case.gaps == 0 or lawful
            assert event is Event.RELEASED or lawful or not case.unsettled


def test_what_is_reviewed_is_answered_by_a_release_alone() -> None:
    for state, event, case in product(State, Event, CASES):
        if case.reviewed and event is Event.SETTLED:
            assert _after(state, event, case) in (None, State.REVIEWING)


def test_what_is_closed_stays_closed() -> None:
    for state, event in product(CLOSED, Event):
        assert all(_after(state, event, case) is None for case in CASES)


def test_a_refusal_and_an_extension_have_reasons() -> None:
    for state, event, case in product(State, (Event.REFUSED, Event.GAPS_REFUSED, Event.EXTENDED), CASES):
        if _after(state, event, case) is not None:
            assert case.reasons


def test_every_open_state_can_come_to_an_end() -> None:
    ways = {(row.state, row.to) for row in TRANSITIONS}
    for state in OPEN:
        reached, edge = {state}, {state}
        while edge:
            edge = {to for here, to in ways if here in edge} - reached
            reached |= edge
        assert reached & CLOSED, state


def test_every_refusal_says_what_is_missing() -> None:
    with pytest.raises(Conflict, match="has not been shown") as refused:
        after(State.RECEIVED, Event.PROVEN, Case(needed=Proof.PERSON, proof=Proof.CONTACT))
    assert refused.value.code == "identity_not_proven"
    with pytest.raises(Conflict, match="cannot be released") as refused:
        after(State.RECEIVED, Event.RELEASED, Case())
    assert refused.value.code == "not_now"


def test_a_code_proves_a_contact_detail_and_a_person_only_where_it_is_theirs_alone() -> None:
    assert proof_by_code(alone=True, verified=True) is Proof.PERSON
    for alone, verified in ((True, False), (False, True), (False, False)):
        assert proof_by_code(alone=alone, verified=verified) is Proof.CONTACT


def test_what_shows_or_erases_needs_the_person_and_what_only_restricts_needs_nothing() -> None:
    strict = {Right.ACCESS, Right.PORTABILITY, Right.ERASURE, Right.LIFTING, Right.RETENTION}
    strict |= {Right.POST_MORTEM, Right.POST_MORTEM_ERASURE, Right.DIRECTIVES}
    free = {Right.RESTRICTION, Right.MARKETING_OBJECTION, Right.OBJECTION, Right.WITHDRAWAL}
    assert {right for right, need in NEEDS.items() if need.proof is Proof.PERSON} == strict
    assert {right for right, need in NEEDS.items() if need.proof is Proof.NONE} == free
    assert set(NEEDS) == set(Right)
