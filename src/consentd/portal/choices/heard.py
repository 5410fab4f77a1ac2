"""Which tools a changed choice reaches, and how: by what is registered, and by nothing else. Pure."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

import msgspec

from consentd.callers.model import Scope
from consentd.callers.service import SystemRow
from consentd.dsr.choices import choices_of
from consentd.dsr.plan import NO_CHOICE_KEPT, NOT_KNOWN_BY, UNSUPPORTED
from consentd.dsr.rights import Right
from consentd.dsr.views import RequestTold
from consentd.kernel.connection import Verb
from consentd.kernel.policy import Policy, System, tool_name

Pair = tuple[str | None, str | None]
"""Purpose and channel that a choice was about; None: all marketing, every contact method."""


class Hears(StrEnum):
    ASKS = "asks"
    """It asks before each contact: the choice binds it already."""
    COPY = "copy"
    """It decides by a copy of choices that it renews, and that says no once it is too old."""
    TOLD = "told"
    """A request tells it, with tasks that are under way or done: to stop all marketing is one."""
    TOLD_OF_ALL = "told_of_all"
    """It keeps choices of its own, and is told of them when all marketing stops, but not of a single one."""
    UNKNOWN = "unknown"
    """The request found nothing by which it knows customers."""
    UNTOLD = "untold"
    """It is not connected for this, so nothing tells it by itself."""


class Heard(msgspec.Struct, frozen=True):
    name: str
    how: Hears


def heard(
    policy: Policy,
    systems: Iterable[SystemRow],
    about: Collection[Pair],
    told: Mapping[str, Hears] | None = None,
) -> tuple[Heard, ...]:
    """Each tool that has to do with any of these, by name: those of the policy, and others that ask. `told`:
    of a stop of all marketing, by id which tools its request tells, or cannot; None for a single choice.
    """
    connected = {one.name: one for one in systems}
    found = [
        Heard(
            tool_name(policy, id_), _hears(connected.get(id_), about, _instead(policy, system, about, told))
        )
        for id_, system in policy.systems.items()
        if any(_uses(system, pair) for pair in about)
    ]
    for name, row in connected.items():
        how = _hears(row, about, Hears.UNTOLD)
        if name not in policy.systems and how is not Hears.UNTOLD:
            found.append(Heard(name, how))
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def told_by(request: RequestTold) -> dict[str, Hears]:
    """Of a request that ends choices: which tools it tells, and which it has nothing to ask by."""
    found = {}
    for silo in request.silos:
        codes = {task.code for task in silo.tasks if task.verb == Verb.WRITE_PREFERENCE.value}
        if NOT_KNOWN_BY in codes:
            found[silo.system] = Hears.UNKNOWN
        elif codes - {NO_CHOICE_KEPT, UNSUPPORTED}:
            found[silo.system] = Hears.TOLD
    return found


def _instead(
    policy: Policy, system: System, about: Collection[Pair], told: Mapping[str, Hears] | None
) -> Hears:
    """How one hears that neither asks nor has a copy."""
    if told is not None:
        return told.get(system.id, Hears.UNTOLD)
    connection = system.connection
    if connection is None or Verb.WRITE_PREFERENCE not in connection.verbs:
        return Hears.UNTOLD
    kept = {(one.purpose, one.channel) for one in choices_of(policy, Right.MARKETING_OBJECTION, system)}
    return Hears.TOLD_OF_ALL if kept & {*about} else Hears.UNTOLD


def _uses(system: System, pair: Pair) -> bool:
    purpose, channel = pair
    return (purpose is None or not system.purposes or purpose in system.purposes) and (
        channel is None or not system.channels or channel in system.channels
    )


def _hears(row: SystemRow | None, about: Collection[Pair], instead: Hears) -> Hears:
    if row is None or not any(
        (purpose is None or not row.purposes or purpose in row.purposes)
        and (channel is None or not row.channels or channel in row.channels)
        for purpose, channel in about
    ):
        return instead
    if Scope.REPLICA.value in row.scopes:
        return Hears.COPY
    return Hears.ASKS if Scope.CHECK.value in row.scopes else instead
