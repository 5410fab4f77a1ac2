"""What stands for many people, asked at once: where `subjects.ahead` knows that nobody else changes it."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from consentd.consent import states_store
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import GroupId, IdentifierId
from consentd.subjects.ahead import Around
from consentd.subjects.spelling import Named


class Standing(NamedTuple):
    states: Mapping[StateKey, State]
    objections: Collection[Objection]


NOTHING = Standing({}, ())
"""Of a record that was made just now."""


class Beside(NamedTuple):
    """All that says whose a new record is: the one person who holds some of what it holds."""

    around: Around
    own: Mapping[IdentifierId, Named]
    """What the new record holds."""
    standing: Standing
    """For the person."""


def standing_of(connection: Any, groups: Collection[GroupId]) -> dict[GroupId, Standing]:
    """Any: a database connection. What stands for each of these."""
    if not groups:
        return {}
    states = states_store.states_of_groups(connection, groups)
    objections = states_store.objections_of_groups(connection, groups)
    return {
        group: Standing(states.get(group, {}), tuple(objections.get(group, {}).values())) for group in groups
    }
