"""Rotating keys (docs/keys.md): new versions, re-wrapping in batches, and destroying what nothing needs.

Every step is one unit of its own and says what is left to do, so that a rotation that was killed goes on
where it was: call it again. Destroying an old period key is what makes shredding final in copies: no
backup older than the retention can open a key that was destroyed since.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

import msgspec

from consentd.crypto import store
from consentd.crypto.keyring import Keyring
from consentd.crypto.root import RootKey
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys, open_wrapped
from consentd.crypto.wrapping import wrap
from consentd.db.unit import Unit
from consentd.kernel.ids import KeyId
from consentd.kernel.instants import DAY

_ROTATED = ("period", "audit", "lookup", "suppression", "token", "receipt")


def new_version(unit: Unit, keyring: Keyring, use: str) -> KeyId:
    """A new key for `use`; the older ones open and look up, and nothing new is made with them.

    Commit, then reload every keyring. Suppression keys stay at this for ever: of what they hash no plaintext
    is kept, so it cannot be hashed again. The digest, journal and log keys have one version.
    """
    if use not in _ROTATED:
        raise ValueError(f"{use} keys are not rotated")
    return keyring.add(unit, use)


def rewrap_batch(unit: Unit, keyring: Keyring, limit: int = 1000) -> int:
    """Wraps up to `limit` keys of people and requests by the current period key; how many. 0: all are."""
    period = keyring.period()
    rows = store.not_under(unit.connection, period.id, limit)
    for table, row in rows:
        key = open_wrapped(keyring, row.id, row.wrapper_id, row.wrapped, table.name)
        fresh = wrap(period, key, table.name)
        store.rewrap(unit.connection, table, row.id, fresh, period.id)
    return len(rows)


def destroy_retired(unit: Unit, use: str, retention_days: int) -> list[KeyId]:
    """Destroys "period", "audit" or "lookup" keys retired `retention_days` ago that nothing live needs.

    For a period key the retention is that of the backups; for an audit key, that of staff and system
    entries, whose sealed parts never open afterwards although the log still verifies.
    """
    if use not in ("period", "audit", "lookup") or retention_days < 1:
        raise ValueError(
            "only period, audit and lookup keys are destroyed, a day after they retired or later"
        )
    destroyed: list[KeyId] = []
    for row in store.all_keys(unit.connection):
        if row.use != use or row.wrapped is None or row.retired_at is None:
            continue
        if row.retired_at + retention_days * DAY > unit.now:
            continue
        store.lock_key(unit.connection, row.id)
        if use == "period" and store.wraps_any(unit.connection, row.id):
            continue
        if use == "lookup" and store.any_identifier_under(unit.connection, row.version):
            continue
        store.destroy_key(unit.connection, row.id, unit.now)
        destroyed.append(KeyId(row.id))
    return destroyed


class Rehashed(msgspec.Struct, frozen=True):
    done: int
    stuck: tuple[UUID, ...]
    """Identifiers that keep their old hash: no sealed copy of them opens, or the new hash is taken."""
    last: UUID | None
    """Where to go on; None: the end was reached."""


def rehash_batch(
    unit: Unit,
    keyring: Keyring,
    after: UUID | None = None,
    limit: int = 500,
    value_of: Callable[[bytes], str] = bytes.decode,
) -> Rehashed:
    """Hashes identifiers again under the newest look-up key, out of a sealed copy of what they are.

    `value_of` reads the normalised identifier out of the unsealed copy.
    """
    version = keyring.version("lookup")
    ids = store.identifiers_below(unit.connection, version, after, limit)
    values = _values(unit, keyring, ids, value_of)
    stuck: list[UUID] = []
    for identifier_id in ids:
        if identifier_id not in values:
            stuck.append(identifier_id)
            continue
        newest, blind_index = keyring.blind_index(*values[identifier_id])[0]
        if store.taken(unit.connection, values[identifier_id][0], blind_index):
            stuck.append(identifier_id)
        else:
            store.rehash(unit.connection, identifier_id, blind_index, newest)
    return Rehashed(len(ids) - len(stuck), tuple(stuck), ids[-1] if len(ids) == limit else None)


def _values(
    unit: Unit, keyring: Keyring, ids: Iterable[UUID], value_of: Callable[[bytes], str]
) -> dict[UUID, tuple[str, str]]:
    copies = list(store.linked_copies(unit.connection, list(ids)))
    keys = open_keys(unit.connection, keyring, {copy.subject_id for copy in copies})
    values: dict[UUID, tuple[str, str]] = {}
    for copy in copies:
        content = keys[copy.subject_id].content
        if content is not None and copy.identifier_id not in values:
            plain = unseal(content, copy.sealed, Place("identifier_links", "sealed", copy.link_id))
            values[copy.identifier_id] = copy.scheme, value_of(plain)
    return values


def rotate_root(unit: Unit, keyring: Keyring, root: RootKey) -> int:
    """Wraps all keys by a new root key, in one unit: they are few; how many. Start every process with the new
    one. Raises OperatorError where it is the one in use.
    """
    return keyring.rewrap(unit, root)
