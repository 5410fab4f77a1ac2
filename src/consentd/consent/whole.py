"""All that one person ever chose, and what stands: for the copy that they ask for (GDPR 15).

Reads and decides nothing; who may see it is the caller's to know.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from consentd.consent import states_store
from consentd.consent.answers import EventWritten
from consentd.consent.opening import opened
from consentd.consent.rebuilding import Events, events_about
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.secrets import Key
from consentd.kernel.fold import Objection, State
from consentd.kernel.ids import SubjectId
from consentd.subjects.service import Found

__all__ = ["Events", "Objected", "choices", "events_about", "objections", "standing", "standing_objections"]

_SLICE = 500


class Objected(NamedTuple):
    row: Any
    detail: dict[str, Any]
    """Method, collector and the like; empty where the proof key is gone or restricted."""
    reason: str | None
    """In the person's own words, where they gave one."""


def standing(connection: Any, person: Found) -> list[State]:
    """Any: a database connection. What stands, in the order of its keys."""
    return [state for _, state in sorted(states_store.states(connection, person.group).items())]


def standing_objections(connection: Any, person: Found) -> list[Objection]:
    found = states_store.objection_states(connection, person.group)
    return sorted(found, key=lambda one: (one.since, one.event))


def choices(connection: Any, keyring: Keyring, events: Events) -> Iterator[EventWritten]:
    """Each with its opened sealed part, in the order in which they arrived."""
    return _opened(connection, keyring, events.choices, "consent_events")


def objections(
    connection: Any, keyring: Keyring, events: Events, keys: dict[SubjectId, Key]
) -> Iterator[Objected]:
    """The same. `keys`: content keys, under which the person's own words are."""
    for event in _opened(connection, keyring, events.objections, "objections"):
        words, key = event.detail.get("reason"), keys.get(event.row["subject_id"])
        reason = None
        if words is not None and key is not None:
            place = Place("objections", "sealed", event.row["id"])
            reason = unseal(key, bytes.fromhex(words), place).decode()
        yield Objected(event.row, event.detail, reason)


def _opened(connection: Any, keyring: Keyring, rows: list[Any], table: str) -> Iterator[EventWritten]:
    for start in range(0, len(rows), _SLICE):
        yield from opened(connection, keyring, rows[start : start + _SLICE], table)
