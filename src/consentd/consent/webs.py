"""Who of the records that hang together is one person: the rules, apart from what they are about (pure)."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from consentd.consent.grouping import components
from consentd.kernel.ids import IdentifierId, SubjectId
from consentd.subjects.candidates import MOST_SHARING

Pair = frozenset[UUID]
Numbers = Mapping[SubjectId, Mapping[str, frozenset[IdentifierId]]]


class Web(NamedTuple):
    """Records that hang together, and by what."""

    holders: Mapping[IdentifierId, frozenset[SubjectId]]
    numbers: Numbers
    """Of each record, the identifiers of which one person has one, by scheme."""
    fixed: frozenset[Pair]
    """Merged by a person's decision."""
    apart: frozenset[Pair]
    """Kept apart by one."""


def people(members: Collection[SubjectId], web: Web) -> list[list[SubjectId]]:
    """Who of these records is one person. Pure.

    1. An identifier joins its holders, unless two of them have different numbers of one kind: two cards.
    2. What hangs together only through others, and holds two such numbers after all, is not joined at all:
       nothing says which of the identifiers is the shared one.
    3. What a person decided stands.
    """
    joining = [
        frozenset((first, other))
        for held in web.holders.values()
        if 1 < len(held) <= MOST_SHARING and not contradicting(held, web.numbers)
        for first, *others in [sorted(held)]
        for other in others
    ]
    found: list[list[SubjectId]] = []
    for together in components(members, [*joining, *web.fixed]):
        whole = frozenset(together)
        if contradicting(together, web.numbers) or any(pair <= whole for pair in web.apart):
            found += components(together, [pair for pair in web.fixed if pair <= whole])
        else:
            found.append(together)
    return found


def contradicting(records: Iterable[SubjectId], numbers: Numbers) -> bool:
    """Whether two of them have different numbers of one kind."""
    seen: dict[str, frozenset[IdentifierId]] = {}
    for record in records:
        for scheme, its in numbers.get(record, {}).items():
            if scheme in seen and not seen[scheme] & its:
                return True
            seen[scheme] = seen.get(scheme, its) | its
    return False
