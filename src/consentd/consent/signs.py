"""The last that was heard of people, page by page: what retention looks at. Names nobody, changes nothing."""

from typing import Any
from uuid import UUID

import msgspec

from consentd.consent import grouping_store
from consentd.consent.rebuilding import events_about
from consentd.crypto.keyring import Keyring
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import GroupId, SubjectId
from consentd.kernel.instants import Instant
from consentd.kernel.retention import Signs
from consentd.kernel.states import GRANTS, NOES, ConsentState
from consentd.subjects import service as subjects
from consentd.subjects.facts import fold_facts
from consentd.subjects.folded import payloads_of_all
from consentd.subjects.whole import keys_of

_OWN = GRANTS | NOES
"""What people say themselves. A claim is a system's word, and an export would renew it each time."""


class Heard(msgspec.Struct, frozen=True):
    group: GroupId
    members: tuple[SubjectId, ...]
    schemes: frozenset[str]
    """By which kinds of identifiers they are known."""
    signs: Signs


def heard_of(connection: Any, keyring: Keyring, after: UUID, limit: int) -> list[Heard]:
    """Any: a database connection. The next people in the order of their groups' ids; empty at the end.

    Raises UnknownKey where another process rotated: reload and try again.
    """
    return [
        _heard(connection, keyring, GroupId(group), tuple(map(SubjectId, members)))
        for group, members in grouping_store.groups_page(connection, after, limit)
    ]


def heard_of_one(connection: Any, keyring: Keyring, group: GroupId) -> Heard | None:
    """Any: a database connection. None where there is nobody (any more)."""
    try:
        members = subjects.person_of(connection, group).members
    except NotFound:
        return None
    return _heard(connection, keyring, group, members)


def _heard(connection: Any, keyring: Keyring, group: GroupId, members: tuple[SubjectId, ...]) -> Heard:
    person = subjects.person_of(connection, group)
    keys = keys_of(connection, keyring, members)
    facts = fold_facts(payloads_of_all(connection, tuple(keys.items())))
    choices, objections = events_about(connection, members)
    acts = [row["happened_last"] for row in choices if ConsentState(row["state"]) in _OWN]
    acts += [row["effective"] for row in objections]
    acts += [] if facts.last_contact is None else [facts.last_contact]
    signs = Signs(
        recorded=subjects.recorded_at(connection, members),
        last=Instant(max(acts)) if acts else None,
        contracts=facts.contracts,
        restricted=person.restricted,
    )
    return Heard(group, members, subjects.schemes_of(connection, members), signs)
