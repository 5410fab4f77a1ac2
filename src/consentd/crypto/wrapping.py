"""Keys of one thing's own: drawn, wrapped under a period key, opened again (promises 10 and 11).

A wrapped key is sealed for its own row of its own table: moved to another it does not open. Deleting the
wrapped bytes destroys what the key sealed; in backups too once the period key is destroyed, so that a period
key must outlive every key it wraps: a table of wrapped keys takes part in the rotation (`crypto.rotation`),
or its keys live for less than a period.
"""

import os
from uuid import UUID

from consentd.base.ids import new_id
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key, Secret
from consentd.kernel.ids import KeyId


def draw_key() -> Key:
    """32 random bytes under an id of their own."""
    return Key(KeyId(new_id()), Secret(os.urandom(32)))


def wrap(period: Key, key: Key, table: str) -> bytes:
    """What is stored of the key: 97 bytes."""
    return seal(period, key.secret.reveal(), _place(table, key.id))


def unwrap(period: Key, key_id: KeyId, wrapped: bytes, table: str) -> Key:
    """Raises Tampered where it was altered, moved, or wrapped by another key."""
    return Key(key_id, Secret(unseal(period, wrapped, _place(table, key_id))))


def _place(table: str, key_id: UUID) -> Place:
    return Place(table, "wrapped", key_id)
