"""Who is meant by several identifiers: the rules, as a function of who holds what (docs/data.md).

Identifiers that resolve to several people never merge them: that would let one wrong card number join two
lives. They make a candidate for a person to decide on.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec


class Hint(msgspec.Struct, frozen=True):
    """One identifier that was named, and the people who hold it now."""

    id: UUID
    scheme: str
    one_per_person: bool
    holders: frozenset[UUID]


class Meant(msgspec.Struct, frozen=True):
    """The people meant. None: somebody new. Several: nobody can tell which (`reason` says why)."""

    people: tuple[UUID, ...]
    reason: str | None = None
    suspects: tuple[UUID, ...] = ()
    """People that may be the same as the one meant, and should be looked at."""


def meant(hints: Sequence[Hint], accounts: Mapping[UUID, Mapping[str, frozenset[UUID]]]) -> Meant:
    """Resolves `hints`. `accounts`: for each person, the identifiers they hold in one-per-person schemes.

    1. Nobody holds any of them: somebody new.
    2. The people who hold *all* the known ones are meant; one such person is certain.
    3. Where a shared address is all that is known, a customer number that contradicts a holder's own
       excludes that holder: the couple's mailbox does not make them one customer.
    4. Nobody holds them all: they contradict each other, and everyone named is meant.
    """
    known = [hint for hint in hints if hint.holders]
    if not known:
        return Meant(())
    everyone = frozenset().union(*(hint.holders for hint in known))
    excluded: frozenset[UUID] = frozenset()
    if not any(hint.one_per_person for hint in known):
        unknown = [hint for hint in hints if hint.one_per_person and not hint.holders]
        excluded = frozenset(
            person
            for person in everyone
            if any(accounts.get(person, {}).get(hint.scheme) for hint in unknown)
        )
    left = everyone - excluded
    if not left:
        return Meant((), "shared_contact", tuple(sorted(excluded)))
    holding_all = frozenset.intersection(*(hint.holders for hint in known)) & left
    if len(holding_all) == 1:
        return Meant(tuple(holding_all))
    if holding_all:
        return Meant(tuple(sorted(holding_all)), "shared_contact", tuple(sorted(holding_all)))
    if len(left) == 1:
        return Meant(tuple(left))
    return Meant(tuple(sorted(left)), "contradicting_identifiers", tuple(sorted(left)))
