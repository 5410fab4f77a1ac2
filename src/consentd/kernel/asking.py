"""From when on may a person be asked for a consent (again)? Pure (docs/law.md 9, decision 0049).

After a no of their own not for the months that the law pack sets, after an objection never. This is about
being asked: what a person does of their own accord is no answer to a question of ours, and needs no leave.
"""

from collections.abc import Iterable

from consentd.kernel.calendar import anniversary, local_date
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.fold import Objection, State
from consentd.kernel.instants import Instant
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.places import Place
from consentd.kernel.policy import Purpose
from consentd.kernel.regime import ALWAYS, NEVER
from consentd.kernel.states import GRANTS, ConsentState, Ground

MONTHS = 6
"""Where no law pack says how long. Our own choice."""
OWN_NOES = frozenset({ConsentState.REFUSED, ConsentState.WITHDRAWN})
"""Noes that the person said; what the company revoked or found invalid is none of theirs."""


def may_be_asked(
    compiled: CompiledPolicy,
    states: Iterable[State],
    objections: Iterable[Objection],
    purpose: str,
    channel: str,
    territory: str | None,
    now: Instant,
) -> Instant:
    """The first instant at which they may be; at `now` or before: now. NEVER: never again, unless an act of
    their own lifts the objection. What came after `now` does not count: it may be the answer.

    `states`: one for each event, or as they were folded; only among the former is a no that the company's own
    act covers by now.
    """
    about = compiled.purposes[purpose]
    concerned = [one for one in states if (one.key.purpose, one.key.channel) == (purpose, channel)]
    acts = [one.own_act for one in concerned if one.own_act is not None]
    for objection in objections:
        lifted = any(act > objection.since for act in acts)
        if objection.since <= now and not lifted and objected(about, channel, objection):
            return NEVER
    place = compiled.gazetteer.find(territory)
    said = [one for one in concerned if one.effective <= now]
    noes = [
        no.effective
        for no in said
        if no.state in OWN_NOES
        and not any(
            yes.state in GRANTS and yes.key == no.key and yes.effective > no.effective for yes in said
        )
    ]
    return max((_over(about, channel, place, no) for no in noes), default=ALWAYS)


def objected(purpose: Purpose, channel: str, objection: Objection) -> bool:
    """Whether an objection is about this, at any contact detail."""
    if objection.purpose not in (None, purpose.id) or objection.channel not in (None, channel):
        return False
    return objection.ground is Ground.PARTICULAR or purpose.kind in MARKETING_KINDS


def _over(purpose: Purpose, channel: str, place: Place, no: Instant) -> Instant:
    """When the silence after a no is over, by the last of the place's clocks."""
    day = local_date(no, place.zone)
    months = next(
        (
            rule.no_reasking_months
            for pack in place.packs
            for rule in pack.retention
            if rule.no_reasking_months is not None and rule.applies(day, purpose.kind, channel, "consumer")
        ),
        MONTHS,
    )
    return max(anniversary(no, months, clock.zone) for clock in place.clocks)
