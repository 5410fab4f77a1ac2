"""From a decision about one person to what they are told of it: which of the reasons, since when, until when.

Pure. The person's own side of the question alone is looked at.
"""

from collections.abc import Sequence
from uuid import UUID

from consentd.kernel import grounds, layers
from consentd.kernel.bases import CONSENT
from consentd.kernel.case import Case, Person, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.fold import Objection, State
from consentd.kernel.ids import NOBODY
from consentd.kernel.layers import ByPoint
from consentd.kernel.person import Verdict
from consentd.kernel.regime import Regime
from consentd.kernel.states import GRANTS, NOES, ConsentState, Ground
from consentd.kernel.trail import Trail
from consentd.portal.choices.model import Breadth, Why

_PENDING = frozenset({ConsentState.REQUESTED})
_DEFERRED = frozenset({ConsentState.REQUEST_DEFERRED})
_CLAIMED = frozenset({ConsentState.UNKNOWN}) | GRANTS
_BEHIND: dict[str, frozenset[ConsentState]] = {
    "consent_given": GRANTS,
    "explicit_consent_given": GRANTS,
    "requested": _PENDING,
    "deferred": _DEFERRED,
    "unproven": _CLAIMED,
    "cited_proof_not_accepted": GRANTS,
    "not_explicit": GRANTS,
    "notice_outdated": GRANTS,
    "expired": GRANTS,
    **{state.value: frozenset({state}) for state in NOES},
}
"""In which state the choice stands that a reason speaks of."""


def why_of(
    compiled: CompiledPolicy,
    person: Person,
    question: Question,
    own: Case,
    mine: Verdict,
    points: Sequence[UUID],
) -> Why:
    professional = bool(own.points) and all(point.professional for point in own.points)
    regime = compiled.regime(question.purpose, question.channel, person.territory, professional, question.at)
    states = layers.by_point(person.states, question.purpose, question.channel)
    keys = list(points) or [NOBODY]
    code = mine.carried.reason.code if mine.carried is not None else mine.denials[0].code
    if code in ("objected", "suppressed") and any(one.code == "sector_ban" for one in mine.denials):
        # Whoever takes their objection back gets nothing either: nobody is told to write for that.
        code = "sector_ban"
    if code == "objected":
        return _objected(person, question, regime, states, keys)
    if code == "requested" and _behind(states, keys, _PENDING) is None:
        code = "deferred"
    state = _behind(states, keys, _BEHIND[code]) if code in _BEHIND else None
    if state is None:
        return Why(code)
    if mine.carried is not None and mine.carried.basis in CONSENT:
        state = _serving(compiled, regime, states, keys, question, person) or state
    ends = code in ("expired", "consent_given", "explicit_consent_given") and regime.months is not None
    return Why(
        code,
        since=state.effective,
        event=state.event,
        until=grounds.expires(state.effective, regime) if ends else None,
        months=regime.months if ends else None,
    )


def _behind(states: ByPoint, keys: Sequence[UUID], wanted: frozenset[ConsentState]) -> State | None:
    """The choice at a contact detail before that for the whole contact method; of several the latest."""
    found = [states[key] for key in keys if key in states and states[key].state in wanted]
    if not found and NOBODY in states and states[NOBODY].state in wanted:
        found = [states[NOBODY]]
    return max(found, key=lambda one: one.effective, default=None)


def _serving(
    compiled: CompiledPolicy,
    regime: Regime,
    states: ByPoint,
    keys: Sequence[UUID],
    question: Question,
    person: Person,
) -> State | None:
    """The very consent that carries."""
    trail = Trail(question.at)
    for key in keys:
        explicit = regime.purpose.special_category
        grant, _ = grounds.consent(compiled, regime, states, key, explicit=explicit, child=False, trail=trail)
        if grant is not None:
            return grant
    return None


def _objected(
    person: Person, question: Question, regime: Regime, states: ByPoint, keys: Sequence[UUID]
) -> Why:
    trail = Trail(question.at)
    found = layers.marketing_objection(person, regime.purpose, question.channel, states, keys, trail)
    found = found or next((one for one in person.objections if _contests(one, question, keys)), None)
    if found is None:
        return Why("objected")
    if found.purpose is not None:
        breadth = Breadth.PURPOSE
    elif found.ground is Ground.PARTICULAR:
        breadth = None
    else:
        breadth = Breadth.ALL if found.channel is None else Breadth.CHANNEL
    return Why("objected", since=found.since, breadth=breadth)


def _contests(one: Objection, question: Question, keys: Sequence[UUID]) -> bool:
    return (
        one.ground is Ground.PARTICULAR
        and one.purpose in (None, question.purpose)
        and one.channel in (None, question.channel)
        and one.contact_point in (NOBODY, *keys)
    )
