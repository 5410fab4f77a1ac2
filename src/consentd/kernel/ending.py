"""What a person's stop ends of a use by a contact method. Pure; it depends on the policy alone."""

import msgspec

from consentd.kernel.bases import CONSENT, CONTESTABLE
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Purpose
from consentd.kernel.states import Ground


class Ends(msgspec.Struct, frozen=True):
    withdraws: bool
    """Whether there is a consent to withdraw (GDPR 7(3))."""
    objects: Ground | None
    """The ground to object on; None: there is nothing to object to."""
    remains: bool = False
    """Whether something that is not the person's to end may carry the use all the same."""


def on_consent(purpose: Purpose, channel: str) -> bool:
    """Whether a consent can carry the use by this contact method."""
    return bool({*CONSENT}.intersection(purpose.bases.get(channel, ())))


def ends(purpose: Purpose, channel: str) -> Ends:
    """A consent is withdrawn, and what rests on anything else is objected to: under 21(2) for marketing,
    under 21(1) for what rests on the company's interest. What a contract or the law requires goes on.

    Marketing that has no basis by this contact method is objected to: bases may change.
    """
    bases = frozenset(purpose.bases.get(channel, ()))
    withdraws = on_consent(purpose, channel)
    if purpose.kind in MARKETING_KINDS:
        return Ends(withdraws, None if withdraws and bases <= {*CONSENT} else Ground.MARKETING)
    contests = Ground.PARTICULAR if bases & {*CONTESTABLE} else None
    return Ends(withdraws, contests, bool(bases - {*CONSENT, *CONTESTABLE}))
