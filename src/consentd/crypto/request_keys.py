"""The keys of a rights request: of what is worked with, of the copy made for the person, of mail to them.

Each goes when what it seals is over: the content key with the request, the package's when its link expires,
that of letters to the person when the last of them was sent.
Wrapped by a period key like people's own, and re-wrapped with them (docs/keys.md).
"""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from consentd.crypto import store
from consentd.crypto.keyring import Keyring
from consentd.crypto.secrets import Key
from consentd.crypto.store import Connection
from consentd.crypto.subject_keys import open_wrapped, wrapping_key
from consentd.crypto.wrapping import wrap
from consentd.db.unit import Unit

Kind = Literal["content", "package", "mail"]
_TABLE = "request_keys"


def put(unit: Unit, keyring: Keyring, request: UUID, kind: Kind, key: Key) -> None:
    """Stores a key that was drawn, wrapped. Raises UnknownKey if the period key in memory is over."""
    period = wrapping_key(unit, keyring)
    row = {
        "id": key.id,
        "request_id": request,
        "kind": kind,
        "wrapped": wrap(period, key, _TABLE),
        "wrapper_id": period.id,
        "created_at": unit.now,
    }
    store.insert_request_key(unit.connection, row)


def open_key(connection: Connection, keyring: Keyring, request: UUID, kind: Kind) -> Key | None:
    """None where it was never made, or destroyed. Raises UnknownKey where another process has rotated."""
    row = store.request_key(connection, request, kind)
    return None if row is None else open_wrapped(keyring, row.id, row.wrapper_id, row.wrapped, _TABLE)


def destroy(unit: Unit, request: UUID, *kinds: Kind) -> int:
    """What they sealed never opens again; how many there were."""
    return store.delete_request_keys(unit.connection, request, _all(kinds))


def _all(kinds: Collection[Kind]) -> Collection[str]:
    return kinds or ("content", "package", "mail")
