"""Whether asking, or a mail that asks to confirm, is called for. Pure."""

from collections.abc import Iterable

from consentd.kernel.asking import objected
from consentd.kernel.fold import Objection, State
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Purpose
from consentd.kernel.states import NOES


def stopped_since(
    purpose: Purpose,
    channel: str,
    states: Iterable[State],
    objections: Iterable[Objection],
    asked: Instant,
) -> bool:
    """Whether a no came after the person asked: whoever changed their mind is not written to."""
    noes = any(
        one.state in NOES
        and one.effective > asked
        and (one.key.purpose, one.key.channel) == (purpose.id, channel)
        for one in states
    )
    return noes or any(one.since > asked and objected(purpose, channel, one) for one in objections)
