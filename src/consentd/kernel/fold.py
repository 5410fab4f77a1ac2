"""The fold: from the events of one key to its state (docs/deciding.md, promise 6).

The state is the *greatest* event under a total order, so folding is a join: in any order, any grouping and
any number of times, the same events give the same state. That is why a late arrival needs no replay, why
merging two people joins their states, and why a state can always be rebuilt. The fold knows no clock and
no policy: expiry, age and law belong to `decide`.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from consentd.kernel.instants import Instant
from consentd.kernel.states import NEUTRAL, ConsentState, Ground, Proof

Slots = tuple[tuple[str, str, str], ...]
"""Hours that a person expressly agreed to be called at: (days, from, to), ("mon-sat", "09:00", "21:00")."""


class StateKey(msgspec.Struct, frozen=True, order=True):
    """What a choice is about. `contact_point` is NOBODY for the whole channel."""

    purpose: str
    channel: str
    contact_point: UUID


class State(msgspec.Struct, frozen=True):
    """What stands for one key; also what one event says, before it is joined with others."""

    key: StateKey
    state: ConsentState
    effective: Instant
    """When it counts from: for a day without a time, its first instant for a grant, its last for a no."""
    event: UUID
    proof: Proof = Proof.NONE
    explicit: bool = False
    parental: bool = False
    notice_id: str | None = None
    notice_version: str | None = None
    slots: Slots = ()
    own_act: Instant | None = None
    """When the person last gave consent by an act of their own; lifts objections made before it."""


# At equal times the stricter wins; among the equally strict the order is fixed, but arbitrary.
_STRICTNESS = {
    ConsentState.UNKNOWN: 0,
    ConsentState.REQUEST_DEFERRED: 1,
    ConsentState.REQUESTED: 2,
    ConsentState.GIVEN: 3,
    ConsentState.RENEWED: 4,
    ConsentState.INVALIDATED: 5,
    ConsentState.REVOKED: 6,
    ConsentState.REFUSED: 7,
    ConsentState.WITHDRAWN: 8,
}


def _rank(state: State) -> tuple[bool, int, int, bytes]:
    decisive = state.state not in NEUTRAL
    return decisive, state.effective, _STRICTNESS[state.state], state.event.bytes


def join(left: State, right: State) -> State:
    """The state in which both stand recorded. Commutative, associative, idempotent; keys must be equal."""
    if left.key != right.key:
        raise ValueError("states of different keys cannot be joined")
    winner = max(left, right, key=_rank)
    acts = [act for act in (left.own_act, right.own_act) if act is not None]
    return msgspec.structs.replace(winner, own_act=max(acts, default=None))


def fold(events: Iterable[State]) -> dict[StateKey, State]:
    """The state of every key that the events speak of."""
    states: dict[StateKey, State] = {}
    for event in events:
        standing = states.get(event.key)
        states[event.key] = event if standing is None else join(standing, event)
    return states


class Objection(msgspec.Struct, frozen=True):
    """A standing objection; an event as recorded, or the latest of those with the same scope."""

    purpose: str | None
    """None: all direct marketing, whatever the purpose."""
    channel: str | None
    contact_point: UUID
    """NOBODY: every contact point."""
    ground: Ground
    since: Instant
    event: UUID

    @property
    def scope(self) -> tuple[str, str, UUID, Ground]:
        return self.purpose or "*", self.channel or "*", self.contact_point, self.ground


def fold_objections(events: Iterable[Objection]) -> dict[tuple[str, str, UUID, Ground], Objection]:
    """The latest objection of each scope. None is dropped: only `decide` sees what lifts one."""
    standing: dict[tuple[str, str, UUID, Ground], Objection] = {}
    for event in events:
        known = standing.get(event.scope)
        if known is None or (event.since, event.event.bytes) > (known.since, known.event.bytes):
            standing[event.scope] = event
    return standing
