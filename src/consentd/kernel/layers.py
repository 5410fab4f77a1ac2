"""Noes: refusals, objections and the do-not-contact list, by contact point, channel and person.

Where they disagree the least permissive wins (docs/law.md 12). A no counts whatever its time: one known only
to the day counts from that day's end, and must not be missed before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from consentd.kernel.case import Person, Suppression
from consentd.kernel.fold import Objection, State
from consentd.kernel.ids import NOBODY
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Purpose
from consentd.kernel.states import GRANTS, NOES, Ground, Proof
from consentd.kernel.trail import Trail

ByPoint = Mapping[UUID, State]
"""One person's states for the purpose × channel asked; NOBODY is the whole channel."""


def by_point(states: Iterable[State], purpose: str, channel: str) -> dict[UUID, State]:
    return {
        state.key.contact_point: state
        for state in states
        if state.key.purpose == purpose and state.key.channel == channel
    }


def refusal(states: ByPoint, point: UUID, trail: Trail) -> State | None:
    """The no that stands at a point: its own, or the channel's unless a later proven yes names the point."""
    own = states.get(point)
    if own is not None and own.state in NOES:
        return own
    whole = states.get(NOBODY)
    if whole is None or whole.state not in NOES:
        return None
    if (
        own is not None
        and own.state in GRANTS
        and own.proof is not Proof.NONE
        and own.effective > whole.effective
        and trail.passed(own.effective)
    ):
        return None
    return whole


def _acted_since(states: ByPoint, points: Iterable[UUID], since: int, trail: Trail) -> bool:
    """Whether the person consented by an act of their own after `since`, at one of these keys."""
    for point in points:
        state = states.get(point)
        if state is not None and state.own_act is not None and state.own_act > since:
            return trail.passed(state.own_act)
    return False


def _lifted(named: UUID, states: ByPoint, point: UUID, since: int, trail: Trail) -> bool:
    # A no that names a contact point is lifted there alone; one that names none, there or for the channel.
    keys = (point,) if named != NOBODY else (point, NOBODY)
    return _acted_since(states, keys, since, trail)


def marketing_objection(
    person: Person, purpose: Purpose, channel: str, states: ByPoint, points: Sequence[UUID], trail: Trail
) -> Objection | None:
    """The first objection that ends this purpose for the person at one of the points."""
    for objection in person.objections:
        if not _ends(objection, purpose) or objection.channel not in (None, channel):
            continue
        for point in points:
            if objection.contact_point in (NOBODY, point) and not _lifted(
                objection.contact_point, states, point, objection.since, trail
            ):
                return objection
    return None


def _ends(objection: Objection, purpose: Purpose) -> bool:
    if objection.purpose not in (None, purpose.id):
        return False
    if objection.ground is Ground.MARKETING:
        return purpose.kind in MARKETING_KINDS
    # 21(1) on one purpose ends it whatever it rests on, except what a contract or the law requires.
    return objection.purpose is not None and purpose.kind not in ("service", "legal")


def contested(
    person: Person, purpose: Purpose, channel: str, states: ByPoint, points: Sequence[UUID], trail: Trail
) -> bool:
    """Whether an objection under 21(1) takes away legitimate interest and public task."""
    return any(
        objection.ground is Ground.PARTICULAR
        and objection.purpose in (None, purpose.id)
        and objection.channel in (None, channel)
        and objection.contact_point in (NOBODY, point)
        and not _lifted(objection.contact_point, states, point, objection.since, trail)
        for objection in person.objections
        for point in points
    )


def suppressed(
    listed: Iterable[Suppression],
    purpose: Purpose,
    channel: str,
    states: ByPoint,
    points: Sequence[UUID],
    trail: Trail,
) -> bool:
    """Whether the do-not-contact list bars a point; lifted as an objection is."""
    for entry in listed:
        if entry.purpose not in (None, purpose.id) or entry.channel not in (None, channel):
            continue
        for point in points:
            named = NOBODY if entry.point is None else entry.point
            if named in (NOBODY, point) and not _lifted(named, states, point, entry.since, trail):
                return True
    return False
