"""All that is known of one person, opened: for the copy that they ask for (GDPR 15).

Reads and decides nothing; who may see it is the caller's to know. What a destroyed key sealed is left out.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.secrets import Key
from consentd.crypto.subject_keys import open_keys
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import Instant
from consentd.subjects import facts_store, links_store, store
from consentd.subjects.facts import Payload
from consentd.subjects.naming import open_names
from consentd.subjects.requests import Name
from consentd.subjects.service import Found
from consentd.subjects.spelling import Named

_payload = msgspec.json.Decoder(Payload)


class NameKnown(NamedTuple):
    system_id: UUID | None
    """Who told it; None: the command line."""
    name: Name


class DetailKnown(NamedTuple):
    """An identifier, as one system told it."""

    id: UUID
    named: Named
    system_id: UUID | None
    since: Instant
    strength: str
    verified_at: Instant | None
    capacity: str
    unreachable_since: Instant | None


class FactKnown(NamedTuple):
    payload: Payload
    system_id: UUID | None
    arrived: Instant
    entry_id: UUID


def keys_of(connection: Any, keyring: Keyring, members: Sequence[SubjectId]) -> dict[SubjectId, Key]:
    """Any: a database connection. The content keys of those who still have one."""
    opened = open_keys(connection, keyring, members)
    return {member: keys.content for member, keys in opened.items() if keys.content is not None}


def names_of(connection: Any, person: Found, keys: dict[SubjectId, Key]) -> Iterator[NameKnown]:
    sealed = store.sealed_names(connection, person.members)
    for member, key in keys.items():
        for system, name in open_names(key, member, sealed.get(member)).items():
            yield NameKnown(UUID(system) if system else None, name)


def details_of(connection: Any, person: Found, keys: dict[SubjectId, Key]) -> Iterator[DetailKnown]:
    for row in links_store.links_of(connection, person.members):
        key = keys.get(row.subject_id)
        if key is None:
            continue
        value = unseal(key, row.sealed, Place("identifier_links", "sealed", row.id)).decode()
        yield DetailKnown(
            row.identifier_id,
            Named(row.scheme, value),
            row.system_id,
            row.created_at,
            row.strength,
            row.verified_at,
            row.capacity,
            row.unreachable_since,
        )


def facts_of(connection: Any, person: Found, keys: dict[SubjectId, Key]) -> Iterator[FactKnown]:
    """Every one that was stated, the first to arrive first."""
    found = facts_store.facts_of(connection, person.members)
    rows = [row for member in keys for row in found[member]]
    for row in sorted(rows, key=lambda row: (row["arrived"], row["id"])):
        sealed = unseal(keys[row["subject_id"]], row["sealed"], Place("facts", "sealed", row["id"]))
        yield FactKnown(_payload.decode(sealed), row["system_id"], row["arrived"], row["entry_id"])
