"""Which choices a silo is told to note for a right that ends them (GDPR 7(3), 21(2)). Pure.

A silo asks before it contacts anybody; a choice noted in it too is what its own screens then show.
"""

from consentd.dsr.rights import Right
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Policy, System
from consentd.systems.connectors.contract import Preference

_CONSENT = frozenset({"consent", "explicit_consent"})
STOPPED = "withdrawn"
"""In every silo: whether the person objected or took a yes back, it stops."""


def choices_of(policy: Policy, right: Right, system: System) -> tuple[Preference, ...]:
    """Each use by each channel that ends and that the silo keeps a choice about; none for other rights."""
    return tuple(
        Preference(purpose, channel, STOPPED)
        for purpose, channel in _kept(policy, system)
        if _ends(policy, right, purpose, channel)
    )


def _kept(policy: Policy, system: System) -> list[tuple[str, str]]:
    """What the silo keeps choices about, in one order."""
    sql = system.connection.sql if system.connection else None
    if sql is not None:
        return sorted({(one.purpose, one.channel) for one in sql.preferences if STOPPED in one.writes})
    purposes, channels = system.purposes or tuple(policy.purposes), system.channels or tuple(policy.channels)
    return sorted((purpose, channel) for purpose in purposes for channel in channels)


def _ends(policy: Policy, right: Right, purpose: str, channel: str) -> bool:
    known = policy.purposes.get(purpose)
    if known is None or channel not in known.bases:
        return False
    if right is Right.MARKETING_OBJECTION:
        return known.kind in MARKETING_KINDS
    return right is Right.WITHDRAWAL and bool(_CONSENT & {*known.bases[channel]})
