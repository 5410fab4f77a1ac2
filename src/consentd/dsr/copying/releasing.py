"""Whether a copy goes out by itself, or staff look at it first, and why (`release` of the policy).

The policy can let copies go in which nothing calls for eyes. What does is here, and no policy can change it:
who asked is known by a decision of staff, several people share what the silos were asked by, a silo did not
do its whole part, or somebody may stand in the records who is not the person (`eyes`).
"""

from consentd.dsr import plan, store
from consentd.dsr.cases import RequestCase
from consentd.dsr.copying import announcing, rounds
from consentd.dsr.copying.contact import proven_contact
from consentd.dsr.copying.eyes import Marks
from consentd.dsr.shapes import STAFF_TOOK
from consentd.dsr.states import Event, State
from consentd.evidence.model import SERVICE, ActorKind
from consentd.kernel.request_rules import released_by_itself
from consentd.subjects import service as subjects
from consentd.subjects.spelling import Named

RELEASED, LOOKED_AT = "released_by_policy", "looked_at_because"


def decide(case: RequestCase, marks: Marks | None) -> None:
    """In the unit in which the copy was finished: releases it, or says why staff look at it. `marks`: None
    where the policy, when the making began, let none go.
    """
    allowed = released_by_itself(case.compiled.policy.requests, case.right)
    if marks is None or not allowed or case.state is not State.REVIEWING:
        return
    because = calls_for_eyes(case, marks)
    if because:
        _say_why(case, because)
        return
    case.note(RELEASED, case.state, SERVICE)
    case.move(Event.RELEASED, SERVICE)
    rounds.released(case, SERVICE)
    announcing.ready(case)
    rounds.closed(case, SERVICE)


def calls_for_eyes(case: RequestCase, marks: Marks) -> list[str]:
    """Why staff have to look, in words that name silos and nobody else; empty where nothing calls for it."""
    asked = case.content().asked
    found: list[str] = []
    if asked.agent is not None:
        found.append("mandate")
    if asked.came_by in STAFF_TOOK:
        found.append("taken_in_by_staff")
    if _identified_by_staff(case):
        found.append("identified_by_staff")
    if proven_contact(case) is None:
        # Staff hand it over, and then they may as well look.
        found.append("no_proven_contact")
    if _shared(case):
        found.append("shared_contact")
    if rounds.standing(case):
        found.append("held_back")
    gaps = {*plan.gaps(case.tasks()), *(system for system, told in marks.items() if told is None)}
    found += [f"gap:{system}" for system in sorted(gaps)]
    found += [f"{mark}:{system}" for system, told in sorted(marks.items()) for mark in sorted(told or ())]
    return found


def _identified_by_staff(case: RequestCase) -> bool:
    return any(
        step["event"] == Event.PROVEN.value and step["actor_kind"] == ActorKind.STAFF.value
        for step in store.steps(case.unit.connection, case.id)
    )


def _shared(case: RequestCase) -> bool:
    """Whether anybody else holds anything by which the silos were asked."""
    names = [Named(scheme, value) for scheme, value in case.content().known]
    holding = subjects.holders_of(case.unit.connection, case.keyring, names)
    return any(len(holders) > 1 for holders in holding.values())


def _say_why(case: RequestCase, because: list[str]) -> None:
    """Once for as long as it is the same: a copy is made again after each thing that is held back."""
    said: list[str] | None = None
    for step in store.steps(case.unit.connection, case.id):
        if step["event"] == Event.SETTLED.value:
            said = None
        elif step["event"] == LOOKED_AT:
            said = reasons_of(step["because"])
    if said != because:
        case.note(LOOKED_AT, case.state, SERVICE, clear={"because": " ".join(because)})


def reasons_of(because: str | None) -> list[str]:
    """As they were noted."""
    return because.split() if because else []
