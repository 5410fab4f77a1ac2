"""The two keys of each person: making, opening, and destroying them (docs/keys.md, promises 10 and 11).

Both are wrapped by a period key, in a seal that names their own row: a wrapped key moved to another row
does not open. A proof key that is restricted opens only where the caller says that it may.
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import msgspec

from consentd.crypto import store, wrapping
from consentd.crypto.keyring import Keyring, UnknownKey
from consentd.crypto.secrets import Key
from consentd.crypto.store import Connection, SubjectKeyRow
from consentd.crypto.wrapping import draw_key
from consentd.db.unit import Unit
from consentd.kernel.ids import KeyId, SubjectId
from consentd.kernel.instants import Instant

_TABLE = "subject_keys"


class SubjectKeys(msgspec.Struct, frozen=True):
    """Both keys of a person whose content was never erased."""

    content: Key
    """For identifiers, names, facts and free text; destroyed by erasure."""
    proof: Key
    """For what must be shown later: sealed parts of events, evidence, log entries."""


class OpenedKeys(msgspec.Struct, frozen=True):
    """What can be opened of a person's keys: None where destroyed, or restricted and not asked for."""

    content: Key | None = None
    proof: Key | None = None
    restricted: bool = False
    """Whether the proof key is kept for the law's sake alone."""


def draw_keys() -> SubjectKeys:
    """Both keys of somebody who is about to be recorded; `insert_keys` is to follow in the same unit."""
    return SubjectKeys(draw_key(), draw_key())


def insert_keys(unit: Unit, keyring: Keyring, made: Mapping[SubjectId, SubjectKeys]) -> None:
    """Stores drawn keys, wrapped. Raises UnknownKey if the period key in memory is over."""
    if not made:
        return
    period = wrapping_key(unit, keyring)
    rows: list[SubjectKeyRow] = []
    for subject_id, keys in made.items():
        for kind, key in (("content", keys.content), ("proof", keys.proof)):
            rows.append(SubjectKeyRow(key.id, subject_id, kind, wrap(period, key), period.id, None, None))
    store.insert_subject_keys(unit.connection, rows, unit.now)


def open_keys(
    connection: Connection, keyring: Keyring, subject_ids: Collection[SubjectId], *, restricted: bool = False
) -> dict[SubjectId, OpenedKeys]:
    """Everyone's keys, in one statement. `restricted`: restricted proof keys are opened too.

    Raises UnknownKey where another process has rotated: reload and try again.
    """
    opened: dict[SubjectId, OpenedKeys] = {subject_id: OpenedKeys() for subject_id in subject_ids}
    for row in store.subject_keys_of(connection, opened):
        keys = opened[row.subject_id]
        if row.kind == "content":
            keys = msgspec.structs.replace(keys, content=_open(keyring, row))
        else:
            kept = row.restricted_at is not None
            proof = _open(keyring, row) if restricted or not kept else None
            keys = msgspec.structs.replace(keys, proof=proof, restricted=kept)
        opened[row.subject_id] = keys
    return opened


def open_wrapped(
    keyring: Keyring, key_id: UUID, wrapper_id: UUID, wrapped: bytes, table: str = _TABLE
) -> Key:
    """The key of a raw row of `table`. Raises UnknownKey, Tampered."""
    return wrapping.unwrap(keyring.period_by_id(KeyId(wrapper_id)), KeyId(key_id), wrapped, table)


def wrap(period: Key, key: Key) -> bytes:
    return wrapping.wrap(period, key, _TABLE)


def wrapping_key(unit: Unit, keyring: Keyring) -> Key:
    """The period key to wrap a new key by. Raises UnknownKey if the one in memory is over."""
    period = keyring.period()
    # A process that slept through a rotation must not wrap by a key that is about to be, or was, destroyed.
    if period.id not in unit.held and not store.hold_key(unit.connection, period.id):
        raise UnknownKey("unknown_key", f"Period key {period.id} was retired: reload the keyring.")
    unit.held.add(period.id)
    return period


def destroy_content(unit: Unit, subject_ids: Iterable[SubjectId]) -> int:
    """Erasure: what these people's content keys sealed never opens again. How many keys there were."""
    return store.delete_subject_keys(unit.connection, "content", subject_ids)


def restrict_proof(
    unit: Unit,
    subject_id: SubjectId,
    at: Instant,
    purge_at: Instant | None,
    kept_by: str | None = None,
) -> bool:
    """Keeps the proof key for the law's sake alone, until `purge_at` (None: not known yet). False: none.

    `kept_by`: which rule says so, canonical JSON that names nobody.
    """
    return store.restrict_proof_key(unit.connection, subject_id, at, purge_at, kept_by) == 1


def destroy_proof(unit: Unit, subject_ids: Iterable[SubjectId]) -> int:
    return store.delete_subject_keys(unit.connection, "proof", subject_ids)


def purge_due(unit: Unit, at: Instant, most: int = 500) -> dict[SubjectId, str | None]:
    """Destroys proof keys whose time is over, the longest first; whose they were, and what kept each."""
    return store.delete_due_proof_keys(unit.connection, at, most)


def kept_proofs(connection: Connection, at: Instant, soon: Instant) -> list[store.KeptProofs]:
    """What is kept after an erasure, by what keeps it; what is due then, and more by `soon`."""
    return store.kept_proofs(connection, at, soon)


def _open(keyring: Keyring, row: SubjectKeyRow) -> Key:
    return open_wrapped(keyring, row.id, row.wrapper_id, row.wrapped)
