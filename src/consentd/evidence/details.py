"""What entries about nobody, and about erasures, hold sealed: opened under the audit key."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.evidence import store
from consentd.evidence.store import Connection
from consentd.kernel.ids import EntryId, KeyId

_SLICE = 500


class Detail(NamedTuple):
    entry_id: EntryId
    content: dict[str, Any] | None
    """None where the audit key was destroyed at the end of its retention."""


def details_of(connection: Connection, keyring: Keyring, action: str) -> Iterator[Detail]:
    """The details of every entry of this action, which all are sealed under audit keys. Flat in memory.

    Raises Tampered where one does not open.
    """
    after = None
    while rows := store.sealed_of(connection, action, after, _SLICE):
        for row in rows:
            key = keyring.audit_by_id(KeyId(row.key_id))
            if key is None:
                yield Detail(row.entry_id, None)
                continue
            content = unseal(key, row.sealed or b"", Place("log_entries", "sealed", row.entry_id))
            yield Detail(row.entry_id, msgspec.json.decode(content, type=dict[str, Any]))
        after = rows[-1].entry_id
