"""The keys of a rights request: of what is worked with while it is open, of what is gathered of the person
for a copy of their data, of each copy that is made of it, of mail to them.

Each goes when what it seals is over: the content key with the request, what was gathered once the whole copy
is released, the copy's own when its time is over, that of letters when the last of them was sent.
Wrapped by a period key like people's own, and re-wrapped with them (docs/keys.md).
"""

from typing import Literal, get_args
from uuid import UUID

from consentd.crypto import store
from consentd.crypto.keyring import Keyring
from consentd.crypto.secrets import Key
from consentd.crypto.store import Connection
from consentd.crypto.subject_keys import open_wrapped, wrapping_key
from consentd.crypto.wrapping import wrap
from consentd.db.unit import Unit

Kind = Literal["content", "package", "archive", "mail"]
_TABLE = "request_keys"


def put(unit: Unit, keyring: Keyring, request: UUID, kind: Kind, key: Key, *, of: UUID | None = None) -> None:
    """Stores a key that was drawn, wrapped. `of`: an archive's package; the others are the request's own.

    Raises UnknownKey if the period key in memory is over.
    """
    period = wrapping_key(unit, keyring)
    row = {
        "id": key.id,
        "request_id": request,
        "kind": kind,
        "of_id": of or request,
        "wrapped": wrap(period, key, _TABLE),
        "wrapper_id": period.id,
        "created_at": unit.now,
    }
    store.insert_request_key(unit.connection, row)


def open_key(
    connection: Connection, keyring: Keyring, request: UUID, kind: Kind, *, of: UUID | None = None
) -> Key | None:
    """None where it was never made, or destroyed. Raises UnknownKey where another process has rotated."""
    row = store.request_key(connection, request, kind, of or request)
    return None if row is None else open_wrapped(keyring, row.id, row.wrapper_id, row.wrapped, _TABLE)


def destroy(unit: Unit, request: UUID, *kinds: Kind) -> int:
    """What they sealed never opens again; how many there were. All of them where no kind is named."""
    return store.delete_request_keys(unit.connection, request, kinds or get_args(Kind))


def destroy_archive(unit: Unit, request: UUID, package: UUID) -> int:
    return store.delete_request_keys(unit.connection, request, ("archive",), package)
