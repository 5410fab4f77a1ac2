"""What keys there are: for whoever runs the service. Nothing here opens any."""

import msgspec

from consentd.crypto import store
from consentd.crypto.store import Connection
from consentd.kernel.instants import Instant


class KeyTold(msgspec.Struct, frozen=True):
    use: str
    version: int
    created_at: Instant
    retired_at: Instant | None
    destroyed_at: Instant | None


class Inventory(msgspec.Struct, frozen=True):
    keys: tuple[KeyTold, ...]
    content_keys: int
    proof_keys: int
    restricted_proof_keys: int
    """Kept after an erasure, for the law's sake alone."""
    next_purge_at: Instant | None
    """When the first of those may be destroyed."""


def inventory(connection: Connection) -> Inventory:
    counts = store.count_subject_keys(connection)
    return Inventory(
        tuple(KeyTold(*row) for row in store.key_dates(connection)),
        counts.content,
        counts.proof,
        counts.restricted,
        counts.next_purge,
    )
