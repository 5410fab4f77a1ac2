"""The course of a request: one table of transitions, with what must hold for each (promise 12). Pure.

    received ─► identifying ─► approving ─► running ─► reviewing ─► answered
        │            │             │           │            │          ▲
        │            ▼             ▼           ▼            ▼          │
        └──────► lapsed         refused     partial ────────┴──────────┘

What is not in the table cannot happen. Nothing runs before identity is proven as well as the right needs it,
by whichever way a request came in and however often the same was asked: a state is reached through the guard
or not at all.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from consentd.dsr.rights import Proof
from consentd.kernel.errors import Conflict


class State(StrEnum):
    RECEIVED = "received"
    IDENTIFYING = "identifying"
    """Asked to show who they are."""
    APPROVING = "approving"
    """Identity is proven; a member of staff has to decide."""
    RUNNING = "running"
    REVIEWING = "reviewing"
    """Done in the silos; looked at before it is released."""
    ANSWERED = "answered"
    PARTIAL = "partial"
    """Answered in time, naming what is missing; open until that is done or lawfully refused."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By the person."""
    LAPSED = "lapsed"
    """Who asked never showed who they are."""


OPEN = frozenset(
    {State.RECEIVED, State.IDENTIFYING, State.APPROVING, State.RUNNING, State.REVIEWING, State.PARTIAL}
)
UNANSWERED = OPEN - {State.PARTIAL}


class Event(StrEnum):
    PROOF_ASKED = "proof_asked"
    PROVEN = "proven"
    APPROVED = "approved"
    SETTLED = "settled"
    """Every task came to an end, or the time for waiting is over."""
    RELEASED = "released"
    REFUSED = "refused"
    GAPS_REFUSED = "gaps_refused"
    """What is missing was lawfully refused, with its reasons."""
    EXTENDED = "extended"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What guards look at."""

    proof: Proof = Proof.NONE
    needed: Proof = Proof.PERSON
    approvals: int = 0
    """Of different members of staff, or of one who let a day pass between."""
    approvals_needed: int = 0
    reviewed: bool = False
    """Whether the result is looked at before it is released."""
    unsettled: int = 0
    """Tasks that are still under way."""
    gaps: int = 0
    """Silos that failed or were silent, or never could take part."""
    reasons: bool = False
    """Whether the step at hand gives reasons, the authority and the judicial remedy (12(4))."""
    in_first_month: bool = True
    extended: bool = False
    overdue: bool = False


class Guard(msgspec.Struct, frozen=True):
    holds: Callable[[Case], bool]
    refusal: Callable[[], Conflict]


_PROVEN = Guard(
    lambda case: case.proof >= case.needed,
    lambda: Conflict(
        "identity_not_proven",
        "Who asks has not been shown well enough for this right: by a code to a contact detail that is "
        "theirs alone, a login of a connected system, or a decision of staff with its grounds.",
    ),
)
_APPROVED = Guard(
    lambda case: case.approvals >= case.approvals_needed,
    lambda: Conflict(
        "approval_missing",
        "Another member of staff has to approve this first; one who works alone, again after a day.",
    ),
)
_SETTLED = Guard(
    lambda case: case.unsettled == 0,
    lambda: Conflict("tasks_under_way", "Some silos have not answered yet, and still may."),
)
_COMPLETE = Guard(
    lambda case: case.gaps == 0,
    lambda: Conflict(
        "gaps", "Some silos failed or are silent: the request is answered in part, and stays open."
    ),
)
_GAPS = Guard(
    lambda case: case.gaps > 0,
    lambda: Conflict("no_gaps", "Every silo did its part: there is nothing to refuse."),
)
_REASONS = Guard(
    lambda case: case.reasons,
    lambda: Conflict(
        "reasons_missing",
        "A refusal says why, and names the authority and the courts (GDPR 12(4)): give the reasons.",
    ),
)
_REVIEWED = Guard(
    lambda case: case.reviewed,
    lambda: Conflict("not_reviewed", "Nothing of this waits to be looked at."),
)
_EXTENDABLE = Guard(
    lambda case: case.reasons and case.in_first_month and not case.extended,
    lambda: Conflict(
        "not_extendable", "The time can be extended once, within the first month, with reasons (GDPR 12(3))."
    ),
)
_WAITS_FOR_STAFF = Guard(
    lambda case: case.approvals_needed > case.approvals,
    lambda: Conflict("no_approval_needed", "No approval is missing."),
)
_GOES_ON = Guard(
    lambda case: case.approvals_needed <= case.approvals,
    lambda: Conflict("approval_needed", "Staff have to approve this."),
)
_OVERDUE = Guard(
    lambda case: case.overdue,
    lambda: Conflict("not_overdue", "The time for it has not passed."),
)


class Transition(msgspec.Struct, frozen=True):
    """Several of the same state and event are tried in their order; the first whose guards hold is taken."""

    state: State
    event: Event
    guards: tuple[Guard, ...]
    to: State


def _rows() -> tuple[Transition, ...]:
    rows: list[Transition] = []

    def row(states: tuple[State, ...], event: Event, to: State | None, *guards: Guard) -> None:
        rows.extend(Transition(state, event, guards, to or state) for state in states)

    s, e = State, Event
    unproven = (s.RECEIVED, s.IDENTIFYING)
    row(unproven, e.PROOF_ASKED, s.IDENTIFYING)
    row(unproven, e.PROVEN, s.APPROVING, _PROVEN, _WAITS_FOR_STAFF)
    row(unproven, e.PROVEN, s.RUNNING, _PROVEN, _GOES_ON)
    row((s.APPROVING,), e.APPROVED, s.RUNNING, _PROVEN, _APPROVED)
    # What came in later is looked at too.
    row((s.RUNNING, s.PARTIAL), e.SETTLED, s.REVIEWING, _PROVEN, _SETTLED, _REVIEWED)
    row((s.RUNNING, s.PARTIAL), e.SETTLED, s.ANSWERED, _PROVEN, _SETTLED, _COMPLETE)
    row((s.RUNNING, s.PARTIAL), e.SETTLED, s.PARTIAL, _PROVEN, _SETTLED, _GAPS)
    row((s.REVIEWING,), e.RELEASED, s.ANSWERED, _PROVEN, _COMPLETE)
    row((s.REVIEWING,), e.RELEASED, s.PARTIAL, _PROVEN, _GAPS)
    row((*unproven, s.APPROVING, s.RUNNING, s.REVIEWING), e.REFUSED, s.REFUSED, _REASONS)
    row((s.PARTIAL,), e.GAPS_REFUSED, s.ANSWERED, _PROVEN, _GAPS, _REASONS)
    row((*unproven, s.APPROVING, s.RUNNING, s.REVIEWING), e.EXTENDED, None, _EXTENDABLE)
    # What is under way in the silos cannot be taken back.
    row((*unproven, s.APPROVING), e.WITHDRAWN, s.WITHDRAWN)
    row(unproven, e.LAPSED, s.LAPSED, _OVERDUE)
    return tuple(rows)


TRANSITIONS: tuple[Transition, ...] = _rows()


def after(state: State, event: Event, case: Case) -> State:
    """The state that follows. Raises Conflict, saying what is missing, where the event cannot be now."""
    found = [row for row in TRANSITIONS if row.state is state and row.event is event]
    if not found:
        raise Conflict(
            "not_now", f"A request that is {state.value} cannot be {event.value.replace('_', ' ')}."
        )
    missing: Guard | None = None
    for row in found:
        fails = [guard for guard in row.guards if not guard.holds(case)]
        if not fails:
            return row.to
        # The first that fails in the first row says what stands in the way: rows go from first to last.
        missing = missing or fails[0]
    assert missing is not None
    raise missing.refusal()
