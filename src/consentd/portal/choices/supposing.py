"""What would be if somebody pressed a button: the same decision, on the case as it would then be. Pure.

So a button to agree stands exactly where agreeing would allow something, and one to stop where there is
something to stop: no rule beside the kernel's own says so a second time.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from consentd.kernel.case import Case, Person
from consentd.kernel.ending import ends, on_consent
from consentd.kernel.fold import Objection, State, StateKey, fold, fold_objections
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Purpose
from consentd.kernel.states import GRANTS, ConsentState, Proof


def stops_at(person: Person, purpose: str, channel: str, now: Instant) -> Instant:
    """From when a stop counts: a yes whose clock was ahead of ours must not outlive it by these minutes."""
    ahead = [
        max(one.effective, one.own_act or one.effective)
        for one in person.states
        if (one.key.purpose, one.key.channel) == (purpose, channel)
        and (one.state in GRANTS or one.own_act is not None)
    ]
    return max([now, *ahead])


def stopped(case: Case, person: Person, purpose: Purpose, channel: str, point: UUID, at: Instant) -> Case:
    """`point`: NOBODY for the whole contact method."""
    how = ends(purpose, channel)
    states, objections = person.states, person.objections
    if how.withdraws:
        key = StateKey(purpose.id, channel, point)
        states = tuple(fold([*states, State(key, ConsentState.WITHDRAWN, at, NOBODY)]).values())
    if how.objects is not None:
        said = Objection(purpose.id, channel, point, how.objects, at, NOBODY)
        objections = tuple(fold_objections([*objections, said]).values())
    return _with(case, msgspec.structs.replace(person, states=states, objections=objections))


def agreed(
    case: Case,
    person: Person,
    purpose: Purpose,
    channel: str,
    points: Sequence[UUID],
    notice: tuple[str, str] | None,
    at: Instant,
) -> Case:
    """By an act of their own. `notice`: id and version of the text that is shown, with its whole proof; None
    for what rests on no consent.
    """
    said = [
        State(
            StateKey(purpose.id, channel, point),
            ConsentState.GIVEN,
            at,
            NOBODY,
            Proof.NONE if notice is None else Proof.HELD,
            explicit=expressly(purpose, channel),
            notice_id=None if notice is None else notice[0],
            notice_version=None if notice is None else notice[1],
            own_act=at,
        )
        for point in points
    ]
    return _with(case, msgspec.structs.replace(person, states=tuple(fold([*person.states, *said]).values())))


def agreed_at(purpose: Purpose, channel: str, points: Sequence[UUID], *, whole: bool) -> tuple[UUID, ...]:
    """Where a press to agree is recorded: a consent, at the contact details that were shown beside it; what
    ends a no to a use without consent, for the contact method too, since the no may name no contact detail.
    `whole`: whether these are all that the person has there.
    """
    if points and (on_consent(purpose, channel) or not whole):
        return tuple(points)
    return (*points, NOBODY)


def expressly(purpose: Purpose, channel: str) -> bool:
    """Whether a yes must be a statement of its own (GDPR 9(2)(a))."""
    return purpose.special_category or "explicit_consent" in purpose.bases.get(channel, ())


def _with(case: Case, person: Person) -> Case:
    people = tuple(person if one.id == person.id else one for one in case.people)
    return msgspec.structs.replace(case, people=people)
