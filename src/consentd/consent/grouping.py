"""Who is one person with whom: the groups that follow from merges and unmerges (docs/data.md)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from consentd.consent import grouping_store
from consentd.kernel.ids import SubjectId
from consentd.subjects import service as subjects

PAGE = 500


def components(members: Iterable[SubjectId], edges: Iterable[frozenset[UUID]]) -> list[list[SubjectId]]:
    """The people that these subjects are, given which pairs stand merged."""
    left = sorted(members)
    pairs = list(edges)
    found: list[list[SubjectId]] = []
    while left:
        reached: set[UUID] = {left[0]}
        grown = True
        while grown:
            more = {id_ for pair in pairs if pair & reached for id_ in pair}
            grown = not more <= reached
            reached |= more
        found.append([subject for subject in left if subject in reached])
        left = [subject for subject in left if subject not in reached]
    return found


def wrong_groups(connection: Any) -> Iterator[tuple[str, str, str]]:  # Any: a database connection
    """Every subject whose group is not what the edges say: (table, who, how). Only merges are walked."""
    after = UUID(int=0)
    while page := grouping_store.merged_page(connection, after, PAGE):
        reached = {
            SubjectId(id_) for id_ in grouping_store.ever_merged_with(connection, [row.id for row in page])
        }
        standing = subjects.edges_of(connection, reached)
        expected = {
            member: (component[0], len(component) > 1)
            for component in components(reached, standing)
            for member in component
        }
        for row in page:
            if (row.group, row.merged) != expected[row.id]:
                yield "subjects", str(row.id), "its group is not the one that its merges and unmerges make"
        after = page[-1].id
