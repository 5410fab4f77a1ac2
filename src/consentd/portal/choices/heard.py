"""Which tools a changed choice reaches, and how: by what is registered, and by nothing else. Pure."""

from collections.abc import Collection, Iterable
from enum import StrEnum

import msgspec

from consentd.callers.model import Scope
from consentd.callers.service import SystemRow
from consentd.kernel.policy import Policy, System

Pair = tuple[str | None, str | None]
"""Purpose and channel that a choice was about; None: all marketing, every contact method."""


class Hears(StrEnum):
    ASKS = "asks"
    """It asks before each contact: the choice binds it already."""
    COPY = "copy"
    """It decides by a copy of choices that it renews, and that says no once it is too old."""
    UNTOLD = "untold"
    """It is not connected for this, so nothing tells it by itself."""


class Heard(msgspec.Struct, frozen=True):
    name: str
    how: Hears


def heard(policy: Policy, systems: Iterable[SystemRow], about: Collection[Pair]) -> tuple[Heard, ...]:
    """Each tool that has to do with any of these, by name: those of the policy, and others that ask."""
    connected = {one.name: one for one in systems}
    found = [
        Heard(system.name, _hears(connected.get(id_), about))
        for id_, system in policy.systems.items()
        if any(_uses(system, pair) for pair in about)
    ]
    for name, row in connected.items():
        how = _hears(row, about)
        if name not in policy.systems and how is not Hears.UNTOLD:
            found.append(Heard(name, how))
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def _uses(system: System, pair: Pair) -> bool:
    purpose, channel = pair
    return (purpose is None or not system.purposes or purpose in system.purposes) and (
        channel is None or not system.channels or channel in system.channels
    )


def _hears(row: SystemRow | None, about: Collection[Pair]) -> Hears:
    if row is None or not any(
        (purpose is None or not row.purposes or purpose in row.purposes)
        and (channel is None or not row.channels or channel in row.channels)
        for purpose, channel in about
    ):
        return Hears.UNTOLD
    if Scope.REPLICA.value in row.scopes:
        return Hears.COPY
    return Hears.ASKS if Scope.CHECK.value in row.scopes else Hears.UNTOLD
