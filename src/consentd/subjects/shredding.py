"""Forgetting people: their content key and every look-up entry go at once (docs/keys.md, promise 10).

What stays is listed by whoever calls: proof keys that the law orders kept, and the do-not-contact list.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import destroy_content
from consentd.db.unit import Unit
from consentd.kernel.ids import IdentifierId, SubjectId
from consentd.kernel.instants import Instant
from consentd.subjects import store, suppression_store
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
    schemes: Collection[str],
    stops: Sequence[Stop],
) -> int:
    """Puts contact details on the do-not-contact list, as keyed hashes; how many entries were new.

    `schemes`: those whose identifiers can be written to or called.
    """
    added = 0
    for contact in contacts:
        if contact.named.scheme not in schemes:
            continue
        version, digest = keyring.suppression_digest(contact.named.scheme, contact.named.value)[0]
        for stop in stops:
            if stop.contact_point not in (None, contact.id):
                continue
            if suppression_store.has_suppression(
                unit.connection, contact.named.scheme, digest, stop.purpose, stop.channel, stop.since
            ):
                continue
            suppression_store.add_suppression(
                unit,
                {
                    "id": new_id(),
                    "scheme": contact.named.scheme,
                    "digest": digest,
                    "key_version": version,
                    "purpose": stop.purpose,
                    "channel": stop.channel,
                    "reason": stop.reason,
                    "since": stop.since,
                    "identifier_id": contact.id,
                    "created_at": unit.now,
                },
            )
            added += 1
    return added


def shred(unit: Unit, subjects: Collection[SubjectId]) -> int:
    """Destroys the content keys and look-up entries of these subjects. How many identifiers are gone."""
    destroy_content(unit, subjects)
    return len(store.forget(unit, subjects))
