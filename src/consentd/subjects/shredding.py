"""Forgetting people: their content key and every look-up entry go at once (docs/keys.md, promise 10).

What stays is listed by whoever calls: proof keys that the law orders kept, and the do-not-contact list.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import uuid4

from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import destroy_content
from consentd.db.unit import Unit
from consentd.evidence.recorder import Entry, Row, hashed
from consentd.kernel.canonical import Scalar
from consentd.kernel.ids import IdentifierId, SubjectId
from consentd.kernel.instants import DAY, Instant
from consentd.subjects import erased, store, suppression_store
from consentd.subjects.model import Contact


class Stop(NamedTuple):
    """What stays forbidden after somebody is forgotten. None: all marketing; every channel."""

    purpose: str | None
    channel: str | None
    contact_point: IdentifierId | None
    since: Instant
    reason: str


def suppress(
    unit: Unit,
    keyring: Keyring,
    contacts: Collection[Contact],
    channels: Mapping[str, Collection[str]],
    stops: Sequence[Stop],
) -> list[tuple[str, str]]:
    """Puts a person's identifiers on the do-not-contact list, as keyed hashes. Returns what is new: the ids
    of its entries, each with the hash of what never changes in it, which a log entry is to keep sealed.

    All of them, customer numbers too: whoever comes back under any of them is recognised. Entries say the
    day and no more: an instant would lead from an address to the events of the one who was erased.
    `channels`: for each, the schemes of its contact points.
    """
    added: list[tuple[str, str]] = []
    for contact in contacts:
        for stop in stops:
            for channel in _channels_of(stop, contact, channels):
                added += _add(unit, keyring, contact, stop, channel)
    return added


def _channels_of(stop: Stop, contact: Contact, channels: Mapping[str, Collection[str]]) -> list[str | None]:
    """On which channels a stop goes on under this identifier. One about a contact detail stays with it."""
    if stop.contact_point is None:
        return [stop.channel]
    if stop.contact_point != contact.id:
        return []
    if stop.channel is not None:
        return [stop.channel]
    return [channel for channel, schemes in channels.items() if contact.named.scheme in schemes]


def _add(
    unit: Unit, keyring: Keyring, contact: Contact, stop: Stop, channel: str | None
) -> list[tuple[str, str]]:
    scheme, value = contact.named.scheme, contact.named.value
    version, digest = keyring.suppression_digest(scheme, value)[0]
    # The day's end: what the person did earlier that day must not lift what they said later.
    since = (stop.since // DAY + 1) * DAY - 1
    if suppression_store.has_suppression(unit.connection, scheme, digest, stop.purpose, channel, since):
        return []
    row: dict[str, Scalar] = {
        # Of no time either: not the ordered ids of everything else.
        "id": uuid4(),
        "scheme": scheme,
        "digest": digest,
        "key_version": version,
        "purpose": stop.purpose,
        "channel": channel,
        "reason": stop.reason,
        "since": since,
        "created_at": unit.now // DAY * DAY,
    }
    suppression_store.add_suppression(unit, {**row, "identifier_id": contact.id})
    return [(str(row["id"]), suppression_hash(row))]


def suppression_hash(row: Row) -> str:
    """The hash of an entry of the list, but for what follows from who holds its address now."""
    return hashed("suppressions", row, ("identifier_id", "last_seen_at")).hex()


def shred(
    unit: Unit, keyring: Keyring, entries: Mapping[SubjectId, Entry], contacts: Collection[Contact]
) -> int:
    """Destroys the content keys and look-up entries of these subjects, each recorded under the entry about
    it. How many identifiers are gone: those that nobody else holds, which the erasure ledger remembers.
    """
    destroy_content(unit, entries)
    gone = set(store.forget(unit, entries))
    erased.enter(unit, keyring, (contact.named for contact in contacts if contact.id in gone))
    return len(gone)
