"""Which part of what is known a system's replica may hold: its own people, purposes and channels. Pure.

A person is a system's own if it ever named them when it recorded something, or if they have a number that the
policy says this system gives its customers (`systems/*.yaml`, a scheme of which each person has one). Whoever
shares an identifier with such a person comes along with that identifier alone: their no counts too.
"""

from collections.abc import Collection

import msgspec

from consentd.check.caps import reaches
from consentd.kernel.canonical import canonical
from consentd.kernel.case import NO_FACTS, Facts
from consentd.kernel.policy import Policy, Purpose


class Extent(msgspec.Struct, frozen=True):
    """What one system's replica holds. Empty `purposes` and `channels`: not limited."""

    schemes: frozenset[str]
    """Whose identifiers are told, hashed."""
    points: frozenset[str]
    """Schemes of contact details on the system's channels."""
    own: frozenset[str]
    """Schemes whose numbers make a person this system's."""
    purposes: frozenset[str]
    channels: frozenset[str]
    sales: bool
    """Whether any of its purposes looks at sales, or at when somebody was last in touch."""
    matters: frozenset[str]
    """What contracts its purposes look at."""
    reach: int
    """How far back an attempt can matter, whatever it is for: microseconds."""

    def holds(self, purpose: str | None, channel: str | None) -> bool:
        """`purpose`, `channel`: None or "*" for all."""
        return (not self.purposes or purpose in (None, "*") or purpose in self.purposes) and (
            not self.channels or channel in (None, "*") or channel in self.channels
        )

    def name(self) -> str:
        """Changes where it would hold other things: then a replica begins anew."""
        told = msgspec.to_builtins(self)
        plain = {key: sorted(value) if isinstance(value, list) else value for key, value in told.items()}
        return canonical(plain).decode()


def extent(policy: Policy, system: str, purposes: Collection[str], channels: Collection[str]) -> Extent:
    """`system`: its name, which is that of its file in the policy if it has one."""
    wanted = [one for one in policy.purposes.values() if not purposes or one.id in purposes]
    reached = [one for id_, one in policy.channels.items() if not channels or id_ in channels]
    points = frozenset(scheme for channel in reached for scheme in channel.schemes)
    entry = policy.systems.get(system)
    named = frozenset(entry.identifiers) if entry is not None else frozenset(policy.identifiers)
    schemes = (named | points) & frozenset(policy.identifiers)
    own = frozenset(
        scheme for scheme in named if entry is not None and policy.identifiers[scheme].one_per_person
    )
    return Extent(
        schemes,
        points,
        own,
        frozenset(purposes),
        frozenset(channels),
        any(_looks_at_sales(policy, purpose) for purpose in wanted),
        frozenset(matter for purpose in wanted for matter in purpose.contract_matters),
        max(reaches(policy).values(), default=0),
    )


def _looks_at_sales(policy: Policy, purpose: Purpose) -> bool:
    bases = {basis for listed in purpose.bases.values() for basis in listed}
    silent = {basis for pack in policy.packs.values() for rule in pack.inactivity for basis in rule.bases}
    return "eprivacy_13_2" in bases or bool(bases & silent)


def kept(facts: Facts, held: Extent) -> Facts | None:
    """What the system's purposes look at of these facts; None for nothing."""
    found = Facts(
        facts.births,
        facts.sales if held.sales else (),
        tuple(one for one in facts.contracts if one.subject_matter in held.matters),
        facts.last_contact if held.sales else None,
    )
    return None if found == NO_FACTS else found
