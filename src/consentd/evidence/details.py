"""What entries about nobody, and about erasures, hold sealed: opened under the audit key."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.evidence import store
from consentd.evidence.store import Connection
from consentd.kernel.ids import EntryId, KeyId
from consentd.kernel.instants import Instant

_SLICE = 500


class Detail(NamedTuple):
    entry_id: EntryId
    at: Instant
    content: dict[str, Any] | None
    """None where the audit key was destroyed at the end of its retention, or the entry says no more."""


def details_of(
    connection: Connection, keyring: Keyring, action: str, since: Instant | None = None
) -> Iterator[Detail]:
    """The details of every entry of this action, which all are sealed under audit keys. Flat in memory.
    `since`: of none that is older.

    Raises Tampered where one does not open.
    """
    after = None
    while rows := store.sealed_of(connection, action, since, after, _SLICE):
        for row in rows:
            key = keyring.audit_by_id(KeyId(row.key_id))
            if key is None or row.sealed is None:
                yield Detail(row.entry_id, row.at, None)
                continue
            content = unseal(key, row.sealed, Place("log_entries", "sealed", row.entry_id))
            yield Detail(row.entry_id, row.at, msgspec.json.decode(content, type=dict[str, Any]))
        after = rows[-1].entry_id
