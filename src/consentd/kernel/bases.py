"""Which of a purpose's legal bases carries a contact with one person, and at which of their points."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from consentd.kernel import grounds, layers
from consentd.kernel.case import Person, Point, Reason
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.fold import Slots
from consentd.kernel.layers import ByPoint
from consentd.kernel.reasons import reason
from consentd.kernel.regime import Regime
from consentd.kernel.trail import Trail

CONSENT = ("consent", "explicit_consent")
CONTESTABLE = ("legitimate_interest", "public_task")
"""What an objection on other grounds, 21(1), takes away."""


class Carried(msgspec.Struct, frozen=True):
    """The ground that carries, and the hours that came with it."""

    basis: str
    reason: Reason
    slots: Slots = ()


class Attempted(msgspec.Struct, frozen=True):
    """What came of trying one basis: the points that it serves, or what is missing."""

    points: Sequence[UUID] = ()
    carried: Carried | None = None
    missing: Sequence[str] = ()


class Side(msgspec.Struct, frozen=True):
    """One person's side of the question, as far as it has been worked out."""

    person: Person
    channel: str
    held: Sequence[Point]
    points: Sequence[UUID]
    """Ids of `held`; NOBODY alone where the channel needs no contact point."""
    states: ByPoint
    regime: Regime
    child: bool


def carried(compiled: CompiledPolicy, side: Side, trail: Trail) -> Carried | None:
    """The first basis that carries for a point that can be reached; notes why none does."""
    regime, person = side.regime, side.person
    missing: list[str] = []
    unreachable = {point.id for point in side.held if point.unreachable}
    disputed = bool(person.objections) and layers.contested(
        person, regime.purpose, side.channel, side.states, side.points, trail
    )
    for basis in regime.bases:
        if basis in CONTESTABLE and disputed:
            missing.append("objected")
            continue
        if side.child and regime.marketing and basis not in CONSENT:
            missing.append("under_age")
            continue
        attempted = _attempt(compiled, side, basis, trail)
        if attempted.carried is None:
            missing += attempted.missing
        elif unreachable and unreachable.issuperset(attempted.points):
            missing.insert(0, "unreachable")
        else:
            return attempted.carried
    for code in missing or ["no_consent"]:
        trail.deny(code, _cites(code, regime))
    return None


def _attempt(compiled: CompiledPolicy, side: Side, basis: str, trail: Trail) -> Attempted:
    if basis in CONSENT:
        return _by_consent(compiled, side, basis, trail)
    regime, facts = side.regime, side.person.facts
    rule = regime.inactivity
    if rule is not None and basis in rule.bases and grounds.inactive(facts, rule, regime, trail):
        return Attempted(missing=("inactive",))
    if basis == "eprivacy_13_2":
        return _by_sale(side, trail)
    if basis == "contract" and regime.purpose.contract_matters:
        if not grounds.contract(facts, regime.purpose, trail):
            return Attempted(missing=("no_contract",))
        return Attempted(side.points, Carried(basis, reason("contract_in_progress", regime.cites)))
    # The others rest on the purpose itself; what they are called is also the reason's code.
    return Attempted(side.points, Carried(basis, reason(basis, regime.cites)))


def _by_sale(side: Side, trail: Trail) -> Attempted:
    regime = side.regime
    gaps = {point: grounds.soft_opt_in(side.person.facts, regime, point, trail) for point in side.points}
    served = [point for point, missing in gaps.items() if not missing]
    if not served or regime.soft is None:
        return Attempted(missing=min(gaps.values(), key=len))
    return Attempted(served, Carried("eprivacy_13_2", reason("soft_opt_in", regime.soft.cites)))


def _by_consent(compiled: CompiledPolicy, side: Side, basis: str, trail: Trail) -> Attempted:
    regime = side.regime
    explicit = basis == "explicit_consent" or regime.purpose.special_category
    served: list[UUID] = []
    slots: list[Slots] = []
    faults: list[str] = []
    for point in side.points:
        grant, fault = grounds.consent(
            compiled, regime, side.states, point, explicit=explicit, child=side.child, trail=trail
        )
        if grant is None:
            faults.append(fault)
        else:
            served.append(point)
            slots.append(grant.slots)
    if not served:
        # Of several points, one with a consent that falls short says more than one without any.
        return Attempted(missing=sorted(faults, key="no_consent".__eq__)[:1])
    # Hours agreed to at one of several points are no agreement about the others.
    agreed = slots[0] if len(slots) == 1 or len(set(slots)) == 1 else ()
    code = "explicit_consent_given" if explicit else "consent_given"
    return Attempted(served, Carried(basis, reason(code, regime.cites), agreed))


def _cites(code: str, regime: Regime) -> tuple[str, ...]:
    if code == "no_consent":
        return regime.cites
    if code == "expired":
        return regime.months_cites
    if code == "no_soft_opt_in" and regime.soft is not None:
        return regime.soft.cites
    if code == "inactive" and regime.inactivity is not None:
        return regime.inactivity.cites
    return regime.age_cites if code == "under_age" else ()
