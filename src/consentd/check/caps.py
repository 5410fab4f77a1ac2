"""How far back attempts can matter: what a check's statement must bring back (docs/law.md 18)."""

from consentd.kernel.instants import DAY
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Policy


def reaches(policy: Policy) -> dict[tuple[str, str], int]:
    """Purpose × channel → microseconds, for those that any pack limits at any time; others have no cap."""
    found: dict[tuple[str, str], int] = {}
    rules = [rule for pack in policy.packs.values() for rule in pack.caps]
    for purpose in policy.purposes.values():
        for channel in policy.channels:
            days = [
                max(rule.days, rule.silence_days)
                for rule in rules
                if purpose.kind in MARKETING_KINDS
                and (not rule.channels or channel in rule.channels)
                and (not rule.kinds or purpose.kind in rule.kinds)
            ]
            if days:
                found[purpose.id, channel] = max(days) * DAY
    return found
