"""Legal bases: on what, if anything, may a contact rest?

Each ground answers with the codes of what is missing; none missing means that it carries.
"""

from collections.abc import Sequence
from uuid import UUID

from consentd.kernel import layers
from consentd.kernel.calendar import anniversary
from consentd.kernel.case import Facts
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.fold import State
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.law import InactivityRule
from consentd.kernel.layers import ByPoint
from consentd.kernel.policy import Purpose
from consentd.kernel.regime import Regime
from consentd.kernel.states import GRANTS, ConsentState, Proof
from consentd.kernel.trail import Trail

Missing = tuple[str, ...]

_NOT_A_GRANT = {
    ConsentState.UNKNOWN: "unproven",
    ConsentState.REQUESTED: "requested",
    ConsentState.REQUEST_DEFERRED: "requested",
}


def consent(
    compiled: CompiledPolicy,
    regime: Regime,
    states: ByPoint,
    point: UUID,
    *,
    explicit: bool,
    child: bool,
    trail: Trail,
) -> tuple[State | None, str]:
    """The grant that serves a point, or None and what is wrong with the nearest one.

    A grant for the whole channel serves every point; one on another point never does. A later no ends it,
    whatever else may carry the use (GDPR 7(3)).
    """
    no = layers.refusal(states, point, trail)
    if no is not None:
        return None, no.state.value
    wrong = "no_consent"
    for key in (point,) if point == NOBODY else (point, NOBODY):
        state = states.get(key)
        if state is None:
            continue
        if state.state in GRANTS:
            fault = _fault(compiled, regime, state, explicit=explicit, child=child, trail=trail)
            if fault is None:
                return state, ""
        else:
            fault = _NOT_A_GRANT.get(state.state, "no_consent")
        if wrong == "no_consent":
            wrong = fault
    return None, wrong


def _fault(
    compiled: CompiledPolicy, regime: Regime, state: State, *, explicit: bool, child: bool, trail: Trail
) -> str | None:
    if not trail.passed(state.effective):
        return "no_consent"
    if state.proof is Proof.NONE:
        return "unproven"
    if state.proof is Proof.CITED and not regime.purpose.accepts_cited_proof:
        return "cited_proof_not_accepted"
    if explicit and not state.explicit:
        return "not_explicit"
    if child and not state.parental:
        return "under_age"
    if trail.passed(compiled.outdated_from(state)):
        return "notice_outdated"
    if regime.months is not None and trail.passed(expires(state.effective, regime)):
        return "expired"
    return None


def expires(given: Instant, regime: Regime) -> Instant:
    """00:00 local on the anniversary of the grant's local date; by several clocks, the earliest."""
    assert regime.months is not None
    return min(anniversary(given, regime.months, clock.zone) for clock in regime.place.clocks)


def contract(facts: Facts, purpose: Purpose, trail: Trail) -> bool:
    """Whether a contract in progress is about one of the purpose's matters."""
    running = False
    for held in facts.contracts:
        if held.subject_matter not in purpose.contract_matters or not trail.passed(held.start):
            continue
        running |= held.end is None or not trail.passed(held.end)
    return running


def soft_opt_in(facts: Facts, regime: Regime, point: UUID, trail: Trail) -> Missing:
    """What is missing for an existing customer at this address: of the sales, the one that lacks least."""
    rule = regime.soft
    if rule is None:
        return ("no_soft_opt_in",)
    if not rule.sale:
        return ()
    least: Missing | None = None
    for sale in facts.sales:
        if not trail.passed(sale.at):
            continue
        missing: list[str] = []
        if rule.similar_products and sale.product not in regime.purpose.products:
            missing.append("other_products")
        if rule.from_person:
            if not sale.from_person:
                missing.append("address_not_from_person")
            if sale.contact_point != point:
                missing.append("other_address")
        if rule.refusal_offered and not sale.refusal_offered:
            missing.append("refusal_not_offered")
        if not missing:
            return ()
        if least is None or len(missing) < len(least):
            least = tuple(missing)
    return ("no_soft_opt_in", *(least or ("no_sale",)))


def inactive(facts: Facts, rule: InactivityRule, regime: Regime, trail: Trail) -> bool:
    """Whether the person has not been in touch for too long.

    Only a known last sign can lie too far back: without any, deleting old prospects is retention's work.
    """
    signs: Sequence[Instant | None] = (facts.last_contact, *(sale.at for sale in facts.sales))
    known = [sign for sign in signs if sign is not None and trail.passed(sign)]
    if not known:
        return False
    ends = min(anniversary(max(known), 12 * rule.years, clock.zone) for clock in regime.place.clocks)
    return trail.passed(ends)
