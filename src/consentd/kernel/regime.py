"""The law in force for one purpose, channel, place and capacity, cut into spans of time.

Dated rules are turned into instants once per policy, so that a decision looks one span up instead of
working with zones and dates. Where several clocks count, a span carries what is lawful by each of them.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

import msgspec

from consentd.kernel.calendar import local_date
from consentd.kernel.instants import Instant, midnight
from consentd.kernel.law import (
    MARKETING_KINDS,
    BasisRule,
    CapRule,
    HoursRule,
    InactivityRule,
    Pack,
    Rule,
    SectorBan,
    SoftOptInRule,
)
from consentd.kernel.places import Clock, Place
from consentd.kernel.policy import Purpose

ALWAYS = Instant(-(2**62))
NEVER = Instant(2**62)

R = TypeVar("R", bound=Rule)
_EXPLICIT = frozenset({"consent", "explicit_consent", "vital_interests", "legal_obligation"})


class ClockHours(msgspec.Struct, frozen=True, cache_hash=True):
    clock: Clock
    rule: HoursRule


class Regime(msgspec.Struct, frozen=True):
    """What holds from `since` (inclusive) to `until` (exclusive)."""

    since: Instant
    until: Instant
    purpose: Purpose
    place: Place
    packs: tuple[str, ...]
    bases: tuple[str, ...]
    """Those of the purpose that the law allows, in the purpose's order."""
    cites: tuple[str, ...]
    """The articles that say which bases are allowed."""
    marketing: bool
    no_pack: bool
    months: int | None
    months_cites: tuple[str, ...]
    ban: SectorBan | None
    hours: tuple[ClockHours, ...]
    cap: CapRule | None
    age: int | None
    age_cites: tuple[str, ...]
    soft: SoftOptInRule | None
    inactivity: InactivityRule | None


class _Law(msgspec.Struct, frozen=True):
    """The rules on one local day, by one clock."""

    basis: BasisRule | None
    validity: tuple[int, tuple[str, ...]] | None
    ban: SectorBan | None
    hours: ClockHours | None
    cap: CapRule | None
    age: tuple[int, tuple[str, ...]] | None
    soft: SoftOptInRule | None
    inactivity: InactivityRule | None


def timeline(purpose: Purpose, channel: str, place: Place, capacity: str) -> tuple[Regime, ...]:
    """The spans of a purpose × channel, oldest first, without gaps from ALWAYS to NEVER."""
    cuts = sorted({ALWAYS, NEVER, *_changes(place)})
    spans: list[Regime] = []
    for since, until in pairwise(cuts):
        span = _regime(since, until, purpose, channel, place, capacity)
        # Most dated rules say nothing about this purpose and channel: no change there.
        if spans and msgspec.structs.replace(span, since=spans[-1].since, until=spans[-1].until) == spans[-1]:
            span = msgspec.structs.replace(span, since=spans.pop().since)
        spans.append(span)
    return tuple(spans)


def _changes(place: Place) -> Iterable[Instant]:
    for pack in place.packs:
        for rule in _rules(pack):
            for day in (rule.since, rule.until):
                if day is not None:
                    yield from (midnight(day, clock.zone) for clock in place.clocks)


def _rules(pack: Pack) -> Iterable[Rule]:
    yield from pack.bases
    yield from pack.validity
    yield from pack.sector_bans
    yield from pack.hours
    yield from pack.caps
    yield from pack.ages
    yield from pack.soft_opt_in
    yield from pack.inactivity


def first(rules: Iterable[Sequence[R]], day: dt.date, kind: str, channel: str, capacity: str) -> R | None:
    """The first rule that applies, the packs in their order."""
    for listed in rules:
        for rule in listed:
            if rule.applies(day, kind, channel, capacity):
                return rule
    return None


def _law_on(day: dt.date, clock: Clock, purpose: Purpose, channel: str, place: Place, capacity: str) -> _Law:
    about = (purpose.kind, channel, capacity)
    packs = place.packs
    validity = first([pack.validity for pack in packs], day, *about)
    hours = first([pack.hours for pack in packs], day, *about)
    bans = [
        rule
        for pack in packs
        for rule in pack.sector_bans
        if rule.applies(day, *about) and purpose.sector in rule.sectors
    ]
    ages = [
        rule
        for pack in packs
        for rule in pack.ages
        if rule.applies(day, *about) and rule.country in (None, place.country)
    ]
    # Within a pack the rule that names the country goes before the one that names none.
    ages.sort(key=lambda rule: rule.country is None)
    return _Law(
        basis=first([pack.bases for pack in packs], day, *about),
        validity=None if validity is None else (validity.months, validity.cites),
        ban=bans[0] if bans else None,
        hours=None if hours is None else ClockHours(clock, hours),
        cap=first([pack.caps for pack in packs], day, *about),
        age=(ages[0].years, ages[0].cites) if ages else None,
        soft=first([pack.soft_opt_in for pack in packs], day, *about),
        inactivity=first([pack.inactivity for pack in packs], day, *about),
    )


def _regime(
    since: Instant, until: Instant, purpose: Purpose, channel: str, place: Place, capacity: str
) -> Regime:
    laws = [_law_on(_day(since, clock), clock, purpose, channel, place, capacity) for clock in place.clocks]
    marketing = purpose.kind in MARKETING_KINDS
    months = [law.validity for law in laws if law.validity is not None]
    if purpose.validity_months is not None:
        months.append((purpose.validity_months, ()))
    shortest = min(months, default=None, key=lambda validity: validity[0])
    oldest = max((law.age for law in laws if law.age is not None), default=None)
    bans = [law.ban for law in laws if law.ban is not None]
    caps = [law.cap for law in laws if law.cap is not None]
    # It must be lawful by every clock: a basis that one of them lacks is none.
    bases = tuple(
        basis
        for basis in purpose.bases.get(channel, ())
        if all(_allowed(law, basis, purpose) for law in laws)
    )
    rules = [law.basis for law in laws if law.basis is not None]
    return Regime(
        since=since,
        until=until,
        purpose=purpose,
        place=place,
        packs=tuple(pack.label for pack in place.packs),
        bases=bases,
        cites=rules[0].cites if rules else (),
        marketing=marketing,
        no_pack=marketing and not place.covered,
        months=None if shortest is None else shortest[0],
        months_cites=() if shortest is None else shortest[1],
        ban=bans[0] if bans else None,
        hours=tuple(law.hours for law in laws if law.hours is not None),
        cap=min(caps, default=None, key=lambda cap: cap.attempts),
        age=None if oldest is None else oldest[0],
        age_cites=() if oldest is None else oldest[1],
        soft=next((law.soft for law in laws if law.soft is not None), None),
        inactivity=next((law.inactivity for law in laws if law.inactivity is not None), None),
    )


def _allowed(law: _Law, basis: str, purpose: Purpose) -> bool:
    if purpose.special_category and basis not in _EXPLICIT:
        return False
    if law.basis is None:
        return False
    return basis in law.basis.allowed or (basis == "explicit_consent" and "consent" in law.basis.allowed)


def _day(at: Instant, clock: Clock) -> dt.date:
    return dt.date.min if at == ALWAYS else local_date(at, clock.zone)
