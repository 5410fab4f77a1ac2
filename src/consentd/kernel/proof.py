"""Until when the proof of a consent must be kept (docs/law.md 3, 16; UWG §7a). Used at erasure."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.calendar import add_months, local_date
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import Instant, midnight
from consentd.kernel.law import ProofRule
from consentd.kernel.places import Place
from consentd.kernel.regime import first


class ProofDuty(msgspec.Struct, frozen=True, kw_only=True):
    """How long, and which rule says so."""

    until: Instant
    """From when the proof may be destroyed."""
    rule: str
    pack: str
    """With its version, "de@2026-08-11"."""
    cites: tuple[str, ...]


def proof_duty(
    compiled: CompiledPolicy,
    territory: str | None,
    channel: str,
    grants: Sequence[Instant],
    last_use: Instant | None,
    ended: Instant | None,
) -> ProofDuty | None:
    """Until when the proof must be kept, and why; None where there is no grant, hence no duty.

    `ended` is when the consent was withdrawn, was erased or ran out. Where nobody ended it and the law
    limits it, it ended on that anniversary; where the law does not, with the latest grant or use. The
    period is whole: the last day counts to its end. Of several clocks, the latest counts.
    """
    if not grants:
        return None
    place = compiled.gazetteer.find(territory)
    known = [*grants, *([last_use] if last_use is not None else []), *([ended] if ended is not None else [])]
    day = local_date(max(known), place.zone)
    rule = first([pack.proof for pack in place.packs], day, "direct_marketing", channel, "consumer")
    if rule is None:
        return None
    anchors = _anchors(rule, place, channel, max(grants), last_use, ended)
    return ProofDuty(
        until=max(_over(max(anchors), rule.years, clock.zone) for clock in place.clocks),
        rule=rule.id,
        pack=next(pack.label for pack in place.packs if rule in pack.proof),
        cites=rule.cites,
    )


def _anchors(
    rule: ProofRule,
    place: Place,
    channel: str,
    grant: Instant,
    last_use: Instant | None,
    ended: Instant | None,
) -> list[Instant]:
    anchors: list[Instant] = []
    if "grant" in rule.anchors:
        anchors.append(grant)
    if "last_use" in rule.anchors and last_use is not None:
        anchors.append(last_use)
    if "end" in rule.anchors:
        anchors.append(ended if ended is not None else _ran_out(place, channel, grant))
    return anchors or [grant]


def _ran_out(place: Place, channel: str, grant: Instant) -> Instant:
    day = local_date(grant, place.zone)
    limits = [pack.validity for pack in place.packs]
    limit = first(limits, day, "direct_marketing", channel, "consumer")
    return grant if limit is None else midnight(add_months(day, limit.months), place.zone)


def _over(anchor: Instant, years: int, zone: ZoneInfo) -> Instant:
    return midnight(add_months(local_date(anchor, zone), 12 * years) + dt.timedelta(days=1), zone)
