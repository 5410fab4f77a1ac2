"""What holds of every decision, whatever is known: tried on many made-up cases against the demo rules."""

import datetime as dt
from pathlib import Path
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consentd.kernel.case import (
    Attempt,
    Birth,
    Case,
    Contract,
    Decision,
    Facts,
    Person,
    Point,
    Question,
    Sale,
    Suppression,
)
from consentd.kernel.decide import compile_policy, decide
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import DAY, HOUR, Instant, to_instant
from consentd.kernel.policy import decode, document
from consentd.kernel.reasons import REASONS
from consentd.kernel.states import GRANTS, NEUTRAL, NOES, ConsentState, Ground, Proof
from consentd.policy.loader import load

POLICY = load(Path(__file__).parents[2] / "policies")
COMPILED = compile_policy(POLICY)
HOME, WORK = UUID(int=11), UUID(int=12)
ANNA, BRUNO = UUID(int=21), UUID(int=22)
EVENT = UUID(int=31)

START = to_instant(dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
instants = st.integers(0, 900 * 24 * 4).map(lambda quarter: Instant(START + quarter * HOUR // 4))
weekday_hours = st.integers(0, 120).map(
    lambda week: Instant(to_instant(dt.datetime(2025, 1, 7, 10, 30, tzinfo=dt.UTC)) + week * 7 * DAY)
)
keys = st.sampled_from([NOBODY, HOME, WORK])
territories = st.sampled_from(["FR", "FR-69", "FR-69", "RE", "MQ", "DE", "AT", "CH", None, None])


def rarely(draw: st.DrawFn) -> bool:
    """One time in ten. Not zero: small numbers are tried far more often than others."""
    return draw(st.integers(0, 9)) == 7


@st.composite
def states(draw: st.DrawFn, purpose: str, channel: str) -> tuple[State, ...]:
    found = []
    for point in draw(st.sampled_from([(HOME,), (NOBODY,), (NOBODY, HOME), (), (WORK, HOME, NOBODY)])):
        state = draw(st.sampled_from([*[ConsentState.GIVEN] * 8, *sorted(GRANTS | NOES | NEUTRAL)]))
        found.append(
            State(
                StateKey(purpose, channel, point),
                state,
                draw(instants),
                EVENT,
                proof=draw(st.sampled_from([*[Proof.HELD] * 8, Proof.CITED, Proof.NONE])),
                explicit=draw(st.booleans()),
                parental=draw(st.booleans()),
                notice_id=draw(st.sampled_from([None, "newsletter"])),
                notice_version=draw(st.sampled_from(["3", "3", "2", "1", "4"])),
                slots=draw(st.sampled_from([(), (("mon-sun", "08:00", "22:00"),)])),
                own_act=draw(st.none() | instants),
            )
        )
    return tuple(found)


facts = st.builds(
    Facts,
    births=st.just(())
    | st.lists(
        st.builds(Birth, st.integers(2008, 2014), st.just(5), st.just(20))
        | st.builds(Birth, st.integers(1960, 2014)),
        max_size=2,
    ).map(tuple),
    sales=st.lists(
        st.builds(
            Sale,
            instants,
            st.sampled_from(["skincare", "shovel"]),
            st.booleans(),
            st.booleans(),
            keys | st.none(),
        ),
        max_size=2,
    ).map(tuple),
    contracts=st.lists(
        st.builds(
            Contract,
            instants,
            st.none() | instants,
            st.sampled_from(["fragrance_subscription", "insulation_works"]),
        ),
        max_size=2,
    ).map(tuple),
    last_contact=st.none() | instants,
)
objections = st.builds(
    Objection,
    st.sampled_from([None, "promotions", "newsletter"]),
    st.sampled_from([None, "email", "phone"]),
    keys,
    st.sampled_from(Ground),
    instants,
    st.just(EVENT),
)
suppressions = st.builds(
    Suppression,
    instants,
    st.sampled_from([None, "promotions"]),
    st.sampled_from([None, "email"]),
    st.sampled_from([None, HOME]),
)


# Calls and newsletters have the most to go wrong, and so are asked about most.
ASKED = [
    *[("promotions", "phone")] * 10,
    *[("newsletter", "email")] * 5,
    *[("energy_renovation", "phone")] * 3,
    *sorted((purpose.id, channel) for purpose in POLICY.purposes.values() for channel in purpose.bases),
]


@st.composite
def asked(draw: st.DrawFn) -> tuple[Question, Case]:
    """A question, and a case in which a yes is not rare."""
    purpose, channel = draw(st.sampled_from(ASKED))
    people = []
    for person in draw(st.sampled_from([(ANNA,), (ANNA,), (ANNA, BRUNO)])):
        people.append(
            Person(
                person,
                named=person == ANNA or draw(st.booleans()),
                territory=draw(territories),
                restricted=rarely(draw),
                states=draw(states(purpose, channel)),
                objections=(draw(objections),) if rarely(draw) else (),
                facts=draw(facts),
            )
        )
    holders = tuple(person.id for person in people)
    points = tuple(
        Point(
            point,
            holders,
            professional=rarely(draw),
            unreachable=rarely(draw),
        )
        for point in draw(st.sampled_from([(HOME,), (HOME,), (HOME,), (HOME, WORK), ()]))
    )
    attempts = tuple(
        draw(st.lists(st.builds(Attempt, instants, st.booleans(), st.none() | instants), max_size=5))
    )
    barred = (draw(suppressions),) if rarely(draw) else ()
    case = Case(tuple(people), points, len(points) == 1, barred, attempts)
    return Question(purpose, channel, draw(st.one_of(instants, weekday_hours))), case


def answer(question: Question, case: Case, at: int | None = None) -> Decision:
    moved = question if at is None else msgspec.structs.replace(question, at=Instant(at))
    return decide(COMPILED, moved, case)


many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(asked())
def test_a_decision_agrees_with_itself(both: tuple[Question, Case]) -> None:
    found = answer(*both)
    codes = [reason.code for reason in found.reasons]
    assert set(codes) <= REASONS.keys()
    assert len(set(codes)) == len(codes)
    assert {reason.coarse == "allowed" for reason in found.reasons} == {found.allow}
    assert found.eligible or not found.allow
    assert found.eligible == (found.basis is not None)
    if found.eligible and not found.allow:
        assert all(reason.coarse == "not_now" for reason in found.reasons)
    else:
        assert found.next_allowed_at is None
    assert found.valid_until is None or found.valid_until > both[0].at


@many
@given(asked())
def test_consent_is_never_found_where_no_proven_yes_is_recorded(both: tuple[Question, Case]) -> None:
    question, case = both
    found = answer(question, case)
    if found.eligible and found.basis in ("consent", "explicit_consent"):
        usable = {NOBODY, *(point.id for point in case.points)}
        for person in case.people:
            if person.named and len([other for other in case.people if other.named]) == 1:
                assert any(
                    state.state in GRANTS
                    and state.proof is not Proof.NONE
                    and state.effective <= question.at
                    and state.key.contact_point in usable
                    for state in person.states
                )


def restricted(case: Case) -> Case:
    first = msgspec.structs.replace(case.people[0], restricted=True)
    return msgspec.structs.replace(case, people=(first, *case.people[1:]))


def objected(case: Case, objection: Objection) -> Case:
    first = msgspec.structs.replace(case.people[0], objections=(*case.people[0].objections, objection))
    return msgspec.structs.replace(case, people=(first, *case.people[1:]))


def refused(case: Case, question: Question, point: UUID, at: Instant) -> Case:
    key = StateKey(question.purpose, question.channel, point)
    others = tuple(state for state in case.people[0].states if state.key != key)
    # The later wins: one that is said before what stands takes nothing away.
    standing = [state.effective for state in case.people[0].states if state.key == key]
    state = State(key, ConsentState.REFUSED, max([at, *standing]), EVENT)
    first = msgspec.structs.replace(case.people[0], states=(*others, state))
    return msgspec.structs.replace(case, people=(first, *case.people[1:]))


@many
@given(asked(), objections, suppressions, keys, instants)
def test_a_further_no_never_turns_a_no_into_a_yes(
    both: tuple[Question, Case], objection: Objection, listed: Suppression, point: UUID, at: Instant
) -> None:
    question, case = both
    before = answer(question, case)
    for worse in (
        restricted(case),
        objected(case, objection),
        refused(case, question, point, at),
        msgspec.structs.replace(case, suppressions=(*case.suppressions, listed)),
        msgspec.structs.replace(case, attempts=(*case.attempts, Attempt(at, refused=True))),
        msgspec.structs.replace(
            case,
            people=(*case.people, Person(UUID(int=99), named=False, restricted=True)),
        ),
    ):
        after = answer(question, worse)
        # What lifts a no acts at its own key: replacing the state there can only take an own act away.
        assert before.allow or not after.allow
        assert before.eligible or not after.eligible


GRANTED_WITH_HOURS_LATER = (
    Question("promotions", "phone", Instant(1735689600000000)),
    Case(
        (
            Person(
                UUID(int=21),
                named=True,
                territory="FR",
                states=(
                    State(
                        StateKey("promotions", "phone", UUID(int=11)),
                        ConsentState.GIVEN,
                        Instant(1735690500000000),
                        UUID(int=31),
                        Proof.HELD,
                        slots=(("mon-sun", "08:00", "22:00"),),
                    ),
                ),
            ),
        ),
        (Point(UUID(int=11), (UUID(int=21),)),),
        chosen=True,
    ),
)
"""On a holiday another ground carries; before its hours begin, a grant with hours of its own does."""


@many
@example(GRANTED_WITH_HOURS_LATER, [0] * 8)
@given(asked(), st.lists(st.integers(0, 1000), min_size=8, max_size=8))
def test_valid_until_is_the_first_instant_at_which_the_answer_changes(
    both: tuple[Question, Case], thousandths: list[int]
) -> None:
    question, case = both
    found = answer(question, case)
    end = question.at + 2500 * DAY if found.valid_until is None else found.valid_until
    for part in (*thousandths, 1000):
        at = question.at + (end - question.at - 1) * part // 1000
        between = answer(question, case, at)
        assert (between.allow, between.eligible) == (found.allow, found.eligible)
    if found.valid_until is not None:
        after = answer(question, case, found.valid_until)
        assert (after.allow, after.eligible) != (found.allow, found.eligible)


@many
@given(asked(), st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_next_allowed_at_allows_and_nothing_before_it_does(
    both: tuple[Question, Case], thousandths: list[int]
) -> None:
    question, case = both
    found = answer(question, case)
    if found.next_allowed_at is None:
        return
    assert answer(question, case, found.next_allowed_at).allow
    for part in thousandths:
        at = question.at + (found.next_allowed_at - question.at - 1) * part // 1000
        assert not answer(question, case, at).allow


@many
@given(asked())
def test_the_order_of_people_states_and_points_does_not_matter(both: tuple[Question, Case]) -> None:
    question, case = both
    people = tuple(
        msgspec.structs.replace(person, states=person.states[::-1]) for person in reversed(case.people)
    )
    turned = msgspec.structs.replace(case, people=people, points=case.points[::-1])
    first, second = answer(question, case), answer(question, turned)
    assert (first.allow, first.eligible) == (second.allow, second.eligible)
    assert (first.valid_until, first.next_allowed_at) == (second.valid_until, second.next_allowed_at)


@many
@given(asked())
def test_a_policy_read_back_from_its_document_decides_alike(both: tuple[Question, Case]) -> None:
    assert decide(AGAIN, *both) == answer(*both)


AGAIN = compile_policy(decode(document(POLICY)))
