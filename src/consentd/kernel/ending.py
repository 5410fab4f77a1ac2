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


def ends(purpose: Purpose, channel: str) -> Ends:
    """A consent is withdrawn, and what rests on anything else is objected to: under 21(2) for marketing,
    under 21(1) for what rests on the company's interest. What a contract or the law requires goes on.

    Marketing that has no basis by this contact method is objected to: bases may change.
    """
    bases = frozenset(purpose.bases.get(channel, ()))
    on_consent = bool(bases & {*CONSENT})
    if purpose.kind in MARKETING_KINDS:
        return Ends(on_consent, None if on_consent and bases <= {*CONSENT} else Ground.MARKETING)
    return Ends(on_consent, Ground.PARTICULAR if bases & {*CONTESTABLE} else None)
