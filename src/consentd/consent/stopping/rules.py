"""What pressing a stop link ends, and what of that is not ended yet. Pure; it only ever reduces (promise 14).

A withdrawal ends consents, an objection what rests on something else (`kernel/ending.py`).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from consentd.kernel.asking import OWN_NOES
from consentd.kernel.ending import ends
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Policy, Purpose
from consentd.kernel.states import GRANTS, Ground


class Stops(StrEnum):
    """How much is to end. The wider ones end these messages too."""

    THIS = "this"
    CHANNEL = "channel"
    """All marketing by this contact method."""
    ALL = "all"
    """All marketing."""


class Objecting(msgspec.Struct, frozen=True):
    """An objection, as wide as the person: at every contact point. None: all of them."""

    purpose: str | None
    channel: str | None
    ground: Ground


class Ending(msgspec.Struct, frozen=True):
    """What is to end, whoever the person is."""

    objections: tuple[Objecting, ...] = ()
    consent: bool = False
    """The consents for the message's purpose by its channel."""


class Unended(msgspec.Struct, frozen=True):
    """What is not ended yet."""

    withdraws: bool
    """The consents for the purpose by the whole channel."""
    objections: tuple[Objecting, ...]
    at: Instant
    """The instant that all of it counts from."""


def stoppable(policy: Policy, purpose: str, channel: str) -> bool:
    """Whether such messages stop by a stop link at all. Does not depend on the person."""
    return ending(policy, purpose, channel, Stops.THIS) != Ending()


def remains(policy: Policy, purpose: str, channel: str) -> bool:
    """Whether a contract or the law may carry such messages all the same. Does not depend on the person."""
    about = policy.purposes.get(purpose)
    return about is not None and ends(about, channel).remains


def ending(policy: Policy, purpose: str, channel: str, stops: Stops) -> Ending:
    """What is to end for a message of this purpose by this channel, one that the policy knows or knew."""
    about = policy.purposes.get(purpose)
    own = Ending() if about is None or channel not in policy.channels else _of_these(about, channel)
    if stops is Stops.THIS:
        return own
    wide = Objecting(
        None, channel if stops is Stops.CHANNEL and channel in policy.channels else None, Ground.MARKETING
    )
    if stops is Stops.CHANNEL and wide.channel is None:
        # A contact method that is used no more.
        return own
    kept = tuple(one for one in own.objections if one.ground is not Ground.MARKETING)
    return Ending((wide, *kept), own.consent)


def _of_these(purpose: Purpose, channel: str) -> Ending:
    how = ends(purpose, channel)
    objections = () if how.objects is None else (Objecting(purpose.id, channel, how.objects),)
    # Bases may change, and a yes to marketing may come in later: it is withdrawn in any case.
    return Ending(objections, how.withdraws or purpose.kind in MARKETING_KINDS)


def unended(
    policy: Policy,
    wanted: Ending,
    purpose: str,
    channel: str,
    states: Mapping[StateKey, State],
    objections: Iterable[Objection],
    now: Instant,
) -> Unended:
    """What of it does not stand already. Nothing: pressing changes nothing (RFC 8058).

    A yes that is not on record may come in later, from a tool that was away: a withdrawal is written also
    where no yes stands, and then an older one does not outlive it. It is for the whole channel, so that a
    later yes may be for the channel too: at a contact detail, a no is lifted there alone.
    """
    standing = list(objections)
    missing = tuple(one for one in wanted.objections if not _stands(policy, one, states, standing))
    about = {key: one for key, one in states.items() if (key.purpose, key.channel) == (purpose, channel)}
    withdraws = wanted.consent and not _withdrawn(about.pop(StateKey(purpose, channel, NOBODY), None), about)
    # A yes whose clock was ahead of ours must not outlive the stop by these minutes.
    ahead = [
        max(one.effective, one.own_act or one.effective)
        for key, one in states.items()
        if one.state in GRANTS or one.own_act is not None
        if (withdraws and (key.purpose, key.channel) == (purpose, channel))
        or any(_concerns(policy, objecting, key) for objecting in missing)
    ]
    return Unended(withdraws, missing, max([now, *ahead]))


def _withdrawn(whole: State | None, points: Mapping[StateKey, State]) -> bool:
    """Whether the person's own no stands for the channel, and no later yes at a contact detail."""
    if whole is None or whole.state not in OWN_NOES:
        return False
    return all(one.state not in GRANTS or one.effective <= whole.effective for one in points.values())


def _stands(
    policy: Policy, wanted: Objecting, states: Mapping[StateKey, State], standing: Iterable[Objection]
) -> bool:
    """Whether an objection as wide as this one stands, and nothing of it was lifted since."""
    acts = [
        one.own_act
        for key, one in states.items()
        if one.own_act is not None and _concerns(policy, wanted, key)
    ]
    return any(
        one.ground is wanted.ground
        and one.contact_point == NOBODY
        and one.purpose in (None, wanted.purpose)
        and one.channel in (None, wanted.channel)
        and all(act <= one.since for act in acts)
        for one in standing
    )


def _concerns(policy: Policy, wanted: Objecting, key: StateKey) -> bool:
    if wanted.channel not in (None, key.channel):
        return False
    if wanted.purpose is not None:
        return wanted.purpose == key.purpose
    about = policy.purposes.get(key.purpose)
    return about is not None and about.kind in MARKETING_KINDS
