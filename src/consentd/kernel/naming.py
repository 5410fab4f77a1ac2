"""Who is meant by the names of a question, what would be used, and who else counts.

Upholds docs/deciding.md: who holds all the names that anybody holds is meant; everyone who holds one, where
nobody holds them all. A no of whoever shares a contact point that would be used counts too.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

P = TypeVar("P")
"""What tells a person: the same in every collection, and compared only."""
I = TypeVar("I")  # noqa: E741  # what tells an identifier


class Meant(NamedTuple, Generic[P, I]):
    """`people`: those meant; `points`: what would be used; `others`: who only shares one of them."""

    people: set[P]
    points: list[I]
    others: set[P]


def meant(holders: Sequence[Collection[P]]) -> set[P]:
    """`holders`: of each name that anybody holds."""
    if not holders:
        return set()
    if len(holders) == 1:
        return set(holders[0])
    sets = [set(some) for some in holders]
    return set.intersection(*sets) or set.union(*sets)


def involved(people: set[P], wanted: Collection[I] | None, points: Mapping[I, Collection[P]]) -> Meant[P, I]:
    """`wanted`: the contact points that were named; None: whichever the people have. `points`: those of the
    channel that may count, with everyone who holds each.
    """
    if wanted is not None:
        # A contact detail that one of those meant does not hold is not theirs to be reached at.
        used = [id_ for id_ in wanted if all(person in points[id_] for person in people)]
    else:
        used = [id_ for id_, held in points.items() if not people.isdisjoint(held)]
    others = {person for id_ in used for person in points[id_]} - people
    return Meant(people, used, others)
