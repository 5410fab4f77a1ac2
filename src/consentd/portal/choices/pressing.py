"""What a press of one button records, by what stands at that moment. Pure.

A press is a wish: that something stops, or that it may be. Where they said so already nothing is recorded, so
that pressing twice does what pressing once does. What is asked for on an old page and is not to be had any
more is refused, never half done; but a stop is recorded also where nothing stands any more, since a yes of
before may come in later, from a tool that was away.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from consentd.kernel.ending import Ends, ends, on_consent
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.fold import State
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Policy, Purpose
from consentd.kernel.states import GRANTS, NEUTRAL, Ground
from consentd.portal.choices.model import Control, Grid, Part
from consentd.portal.choices.supposing import agreed_at


class Agreeing(msgspec.Struct, frozen=True):
    points: tuple[UUID, ...]
    """At each of these contact details; NOBODY where the contact method needs none."""


class Stopping(msgspec.Struct, frozen=True):
    points: tuple[UUID, ...]
    """At each of these contact details; NOBODY for the whole contact method."""
    withdraws: bool
    objects: Ground | None


def pressed(
    grid: Grid, purpose: Purpose, channel: str, point: UUID | None, wish: Control
) -> Agreeing | Stopping | None:
    """What is to be recorded; None where it is so already. `point`: None for all that the page showed as one.

    Raises NotFound for what is no cell, Conflict (choice_changed) for what is not to be had.
    """
    cell = grid.cell(purpose.id, channel)
    parts = () if cell is None else _parts(cell.parts, point)
    if not parts:
        raise NotFound("no_such_choice", "There is no such choice on your page.")
    open_ = [part for part in parts if part.control is wish]
    if wish is Control.STOP:
        how = ends(purpose, channel)
        if open_:
            only = all(part.whole and len(part.points) < 2 for part in open_)
            at = NOBODY if point is None or only else point
            return Stopping((at,), how.withdraws, how.objects)
        if any(part.allowed for part in parts):
            raise _changed()
        if all(part.why.code in _STOPPED for part in parts) or how == Ends(withdraws=False, objects=None):
            return None
        return Stopping((point or NOBODY,), how.withdraws, how.objects)
    if open_:
        shown = [id_ for part in open_ for id_ in part.points] if point is None else [point]
        held = {id_ for part in cell.parts for id_ in part.points} if cell else set()
        return Agreeing(agreed_at(purpose, channel, shown, whole=held == set(shown)))
    if all(part.why.code in _AGREED or (not on_consent(purpose, channel) and part.allowed) for part in parts):
        return None
    raise _changed()


_AGREED = ("consent_given", "explicit_consent_given")
_STOPPED = ("withdrawn", "refused", "objected")


def _parts(parts: Iterable[Part], point: UUID | None) -> tuple[Part, ...]:
    return tuple(part for part in parts if point is None or point in part.points)


def _changed() -> Conflict:
    return Conflict("choice_changed", "This choice is not open any more: look at the page again.")


def marketing_ended(policy: Policy, states: Iterable[State]) -> tuple[tuple[str, str], ...]:
    """Beside an objection to all marketing: purpose and channel of every yes, given, claimed or waiting to be
    confirmed, so that nobody has to wonder which of the two counts.
    """
    ended = {
        (one.key.purpose, one.key.channel)
        for one in states
        if one.state in GRANTS | NEUTRAL
        and (known := policy.purposes.get(one.key.purpose)) is not None
        and known.kind in MARKETING_KINDS
        and one.key.channel in policy.channels
    }
    return tuple(sorted(ended))


def marketing_stops_at(policy: Policy, states: Iterable[State], now: Instant) -> Instant:
    """From when: a yes whose clock was ahead of ours must not outlive it by these minutes."""
    ahead = [
        max(one.effective, one.own_act or one.effective)
        for one in states
        if (one.state in GRANTS or one.own_act is not None)
        and (known := policy.purposes.get(one.key.purpose)) is not None
        and known.kind in MARKETING_KINDS
    ]
    return max([now, *ahead])
