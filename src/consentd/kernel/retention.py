"""Until when people are kept who give no sign any more (GDPR 5(1)(e), docs/erasure.md). Pure."""

import datetime as dt
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.calendar import add_months, local_date
from consentd.kernel.case import Contract
from consentd.kernel.instants import Instant, midnight
from consentd.kernel.policy import Keeping


class Standing(StrEnum):
    """How somebody stands under a rule."""

    NOT_YET = "not_yet"
    CONTRACT = "contract"
    """Their time is over, but a contract is in progress."""
    RESTRICTED = "restricted"
    """What is held of them is frozen: perhaps they need it (GDPR 18)."""
    REQUEST = "request"
    """A request of theirs is open, which needs what is held."""
    DUE = "due"


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one person, as far as it bears on how long they are kept."""

    recorded: Instant
    """When they came on record: of several records that are one person, the latest."""
    last: Instant | None = None
    """Their last act that is known: a sale, a choice, an objection, a message of theirs."""
    contracts: tuple[Contract, ...] = ()
    restricted: bool = False
    open_request: bool = False


def over_at(rule: Keeping, signs: Signs, now: Instant, zone: ZoneInfo) -> Instant:
    """From when the rule no longer has them kept: the day after the anniversary of their last sign, so that
    the period is whole wherever they were; of their coming on record where there is none.
    """
    ended = [one.end for one in signs.contracts if one.end is not None and one.end <= now]
    known = [*ended, *([signs.last] if signs.last is not None else [])]
    last = max(known, default=signs.recorded)
    return midnight(add_months(local_date(last, zone), rule.months) + dt.timedelta(days=1), zone)


def standing(rule: Keeping, signs: Signs, now: Instant, zone: ZoneInfo) -> Standing:
    """Whoever is due and held for a reason is told by the reason that holds longest."""
    if now < over_at(rule, signs, now, zone):
        return Standing.NOT_YET
    if any(one.end is None or now < one.end for one in signs.contracts):
        return Standing.CONTRACT
    if signs.restricted:
        return Standing.RESTRICTED
    return Standing.REQUEST if signs.open_request else Standing.DUE
