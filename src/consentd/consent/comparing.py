"""What stands, against the fold of the events: every place where they differ (promise 6).

Whoever can edit the database can write anything into it. So nothing that is read here may end the comparison:
what makes no sense is a difference like any other, and hides none of the others.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from consentd.consent import grouping_store, states_store, store
from consentd.consent.events import counting, objection_of, state_of
from consentd.consent.rebuilding import PAGE, Folded, folded
from consentd.kernel.fold import Objection, State, fold, fold_objections

Difference = tuple[str, str, str]
"""Table, the person, and what is wrong there."""

_SENSELESS = (ValueError, TypeError, LookupError, AttributeError)
"""What reading raises where a row holds what the service never writes."""


class _Group(NamedTuple):
    id: UUID
    members: tuple[UUID, ...]


def differences(connection: Any) -> Iterator[Difference]:  # Any: a database connection
    """Every place where a state is not the fold of its events. Flat in memory."""
    merged = bool(grouping_store.any_edges(connection))
    after = UUID(int=0)
    while page := [_Group(*one) for one in grouping_store.groups_page(connection, after, PAGE)]:
        yield from _of_page(connection, page, merged)
        after = page[-1].id
    for group in states_store.stray_groups(connection):
        yield "consent_states", str(group), "states of a person that does not exist or was erased"


def _of_page(connection: Any, page: Sequence[_Group], merged: bool) -> list[Difference]:
    try:
        return list(_compared(connection, page, merged))
    except _SENSELESS:
        if len(page) > 1:
            # One by one: the others of the page are compared all the same.
            return [found for group in page for found in _of_page(connection, [group], merged)]
        return list(_senseless(connection, page[0]))


def _compared(connection: Any, page: Sequence[_Group], merged: bool) -> Iterator[Difference]:
    expected = dict(_expected(connection, page, merged))
    standing = states_store.states_of_groups(connection, [group.id for group in page])
    objecting = states_store.objections_of_groups(connection, [group.id for group in page])
    for group, fold_ in expected.items():
        if standing.get(group, {}) != fold_.states:
            yield "consent_states", str(group), "the states are not the fold of the events"
        if objecting.get(group, {}) != fold_.objections:
            yield "objection_states", str(group), "the objections are not the fold of their events"


def _senseless(connection: Any, group: _Group) -> Iterator[Difference]:
    """Where one person's rows hold what makes no sense."""
    ever = grouping_store.ever_merged_with(connection, group.members)
    choices, objections = store.events_of(connection, ever), store.objections_of(connection, ever)
    reads: dict[str, Callable[[], object]] = {
        "consent_events": lambda: fold(map(state_of, counting(choices, group.members))),
        "objections": lambda: fold_objections(map(objection_of, counting(objections, group.members))),
        "consent_states": lambda: states_store.states_of_groups(connection, [group.id]),
        "objection_states": lambda: states_store.objections_of_groups(connection, [group.id]),
    }
    for table, read in reads.items():
        try:
            read()
        except _SENSELESS:
            yield table, str(group.id), "a value is none that consentd ever writes: nothing can be compared"


def _expected(connection: Any, page: Sequence[_Group], merged: bool) -> Iterable[tuple[UUID, Folded]]:
    if merged:
        for group in page:
            yield group.id, folded(connection, group.members)
        return
    # Nobody was ever merged: one statement serves the whole page.
    subjects = [member for group in page for member in group.members]
    events: defaultdict[UUID, list[State]] = defaultdict(list)
    for row in store.events_of(connection, subjects):
        events[row["subject_id"]].append(state_of(row))
    objections: defaultdict[UUID, list[Objection]] = defaultdict(list)
    for row in store.objections_of(connection, subjects):
        objections[row["subject_id"]].append(objection_of(row))
    for group in page:
        yield group.id, Folded(fold(events[group.id]), fold_objections(objections[group.id]))
