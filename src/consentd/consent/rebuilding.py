"""States from events: after a merge, for a proof, or when somebody doubts them (promise 6)."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from consentd.consent import grouping_store, states_store, store
from consentd.consent.events import counting, objection_of, state_of
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.kernel.fold import Objection, State, fold, fold_objections
from consentd.kernel.ids import GroupId, SubjectId
from consentd.kernel.instants import Instant
from consentd.subjects.service import lock_present

PAGE = 500


class Folded(NamedTuple):
    states: dict[Any, State]
    objections: dict[Any, Objection]


def folded(connection: Any, members: Collection[UUID]) -> Folded:  # Any: a database connection
    """What the events say of one person, computed anew."""
    return fold_of(events_about(connection, members))


class Events(NamedTuple):
    """Rows, in the order in which they arrived."""

    choices: list[Any]
    objections: list[Any]

    def until(self, at: Instant) -> "Events":
        """What had arrived by then."""
        return Events(*([row for row in rows if row["arrived"] <= at] for rows in self))


def events_about(connection: Any, members: Collection[UUID]) -> Events:  # Any: a database connection
    """Every event that counts for one person."""
    ever = grouping_store.ever_merged_with(connection, members)
    return Events(
        counting(store.events_of(connection, ever), members),
        counting(store.objections_of(connection, ever), members),
    )


def fold_of(events: Events) -> Folded:
    choices, objections = events
    return Folded(fold(map(state_of, choices)), fold_objections(map(objection_of, objections)))


def refold(unit: Unit, group: GroupId, members: Collection[UUID]) -> None:
    """Writes a person's states anew. Their rows must be locked, and older states of theirs forgotten."""
    found = folded(unit.connection, members)
    states_store.put_states(unit, group, found.states.values())
    states_store.put_objections(unit, group, found.objections.values())


async def rebuild_all(database: Database, keyring: Keyring) -> int:
    """Builds everyone's states anew, a page of people per unit; how many people. Audited."""
    total = 0
    after = UUID(int=0)
    while True:

        def page(unit: Unit, behind: UUID = after) -> list[tuple[UUID, tuple[UUID, ...]]]:
            groups = grouping_store.groups_page(unit.connection, behind, PAGE)
            # Locked, so that nothing is recorded between reading the events and writing the states; who was
            # merged or erased meanwhile is taken as the lock shows them.
            people = lock_present(unit, [SubjectId(members[0]) for _, members in groups])
            states_store.forget_states(unit, [person.group for person in people])
            for person in people:
                refold(unit, person.group, person.members)
            begin(unit, action="states.rebuilt", actor=OPERATOR, key=keyring.audit()).close(
                {"people": len(groups)}
            )
            return groups

        groups = await database.change(page)
        if not groups:
            return total
        total += len(groups)
        after = groups[-1][0]
