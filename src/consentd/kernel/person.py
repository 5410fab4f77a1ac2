"""One person of a case: everything that must hold for them, in the order of docs/law.md 10."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from consentd.kernel import bases, grounds, layers, timing
from consentd.kernel.age import of_age_from
from consentd.kernel.bases import CONSENT, Carried, Side
from consentd.kernel.case import Case, Person, Question, Reason
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.layers import ByPoint
from consentd.kernel.regime import Regime
from consentd.kernel.trail import Trail


class Verdict(msgspec.Struct, frozen=True):
    """About one person at one instant. `carried` is None where they are not eligible."""

    denials: Sequence[Reason]
    """Empty where nothing is against it; not-now reasons alone where `carried` is set."""
    carried: Carried | None
    until: Instant
    """Nothing that was looked at changes before."""
    opens: Instant | None
    """Where only the time is wrong: not before this instant. None: none in sight."""
    packs: tuple[str, ...]


def bars(person: Person, points: Sequence[UUID], question: Question, regime: Regime, trail: Trail) -> ByPoint:
    """Notes freezing and objections, whoever was named: a co-holder's no counts for all."""
    purpose = regime.purpose
    states = layers.by_point(person.states, purpose.id, question.channel) if person.states else {}
    if person.restricted and not purpose.under_restriction:
        trail.deny("restricted")
    if person.objections and layers.marketing_objection(
        person, purpose, question.channel, states, points, trail
    ):
        trail.deny("objected")
    return states


def refusals(states: ByPoint, points: Sequence[UUID], regime: Regime, trail: Trail) -> None:
    """Notes every no. What a contract or the law requires is not for the person to refuse here."""
    if not states or regime.purpose.kind in ("service", "legal"):
        return
    for point in points:
        no = layers.refusal(states, point, trail)
        if no is not None:
            trail.deny(no.state.value)


def assess(compiled: CompiledPolicy, question: Question, case: Case, person: Person, at: Instant) -> Verdict:
    """The verdict on one named person."""
    trail = Trail(at)
    held = [point for point in case.points if person.id in point.holders]
    professional = bool(held) and all(point.professional for point in held)
    regime = compiled.regime(question.purpose, question.channel, person.territory, professional, at)
    trail.until = regime.until
    points = [point.id for point in held] or [NOBODY]
    if regime.no_pack:
        trail.deny("no_law_pack")
    states = bars(person, points, question, regime, trail)
    _suppression(case, question, regime, states, points, trail)
    _sector(person, regime, trail)
    child = _child(person, regime, states, points, trail)
    if not held and compiled.channels[question.channel].schemes:
        trail.deny("no_contact_point")
    refusals(states, points, regime, trail)
    if trail.denials:
        return Verdict(trail.denials, None, trail.until, None, regime.packs)
    side = Side(person, question.channel, held, points, states, regime, child)
    carried = bases.carried(compiled, side, trail)
    opens: Instant | None = None
    if carried is not None and (regime.hours or regime.cap is not None):
        opens = timing.not_now(case.attempts, regime, carried.slots, trail)
    return Verdict(trail.denials, carried, trail.until, opens, regime.packs)


def _suppression(
    case: Case, question: Question, regime: Regime, states: ByPoint, points: Sequence[UUID], trail: Trail
) -> None:
    if (
        case.suppressions
        and regime.marketing
        and layers.suppressed(case.suppressions, regime.purpose, question.channel, states, points, trail)
    ):
        trail.deny("suppressed")


def _sector(person: Person, regime: Regime, trail: Trail) -> None:
    ban = regime.ban
    if ban is not None and not (
        ban.except_contract and grounds.contract(person.facts, regime.purpose, trail)
    ):
        trail.deny("sector_ban", ban.cites)


def _child(person: Person, regime: Regime, states: ByPoint, points: Sequence[UUID], trail: Trail) -> bool:
    """Whether the person is known to be too young; denies where no parent took part, or age must be known."""
    births = person.facts.births
    if not births:
        if regime.purpose.for_minors:
            trail.deny("age_unknown", regime.age_cites)
        return False
    if regime.age is None:
        return False
    adult = of_age_from(births, regime.age, regime.place)
    if adult is None or trail.passed(adult):
        return False
    on_consent = regime.marketing or all(basis in CONSENT for basis in regime.bases)
    with_parent = any(key in states and states[key].parental for key in (*points, NOBODY))
    if on_consent and not with_parent:
        trail.deny("under_age", regime.age_cites)
    return True
