"""Everything that can still be opened: every surviving key tried on every stored ciphertext (promise 10)."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.crypto.keyring import SYMMETRIC
from consentd.crypto.root import RootKey
from consentd.crypto.seal import Place, unseal
from consentd.crypto.secrets import Key, Secret
from consentd.db.tables import metadata
from consentd.db.tables.keys import keys, subject_keys
from consentd.db.tables.requests import request_keys
from consentd.db.unit import Database
from consentd.kernel.errors import Tampered
from consentd.kernel.ids import KeyId


class Opened(NamedTuple):
    """One stored ciphertext, and the key that opened it."""

    table: str
    key: str
    """Its use, or the kind of a person's key: "audit", "content", "proof", "restricted proof"."""
    plaintext: bytes


async def openable(database: Database, root: RootKey) -> list[Opened]:
    """All that is stored sealed and opens, whatever key it takes."""
    return await database.read(lambda connection: list(_openable(connection, root)))


async def stored_bytes(database: Database) -> bytes:
    """Every value of every row of every table, one behind the other."""

    def read(connection: sa.Connection) -> bytes:
        return b"\0".join(
            _bytes(value)
            for table in metadata.sorted_tables
            for row in connection.execute(sa.select(table))
            for value in row
        )

    return await database.read(read)


def _openable(connection: sa.Connection, root: RootKey) -> Iterator[Opened]:
    surviving = list(_surviving(connection, root))
    for table in metadata.sorted_tables:
        for column in table.columns:
            # Hashes are of the same type: that they do not open is found out like everything else.
            if isinstance(column.type, sa.LargeBinary):
                names = list(table.primary_key.columns)
                for row in connection.execute(sa.select(column, *names).where(column.is_not(None))):
                    places = [Place(table.name, column.name, one) for one in row[1:] if type(one) is UUID]
                    for (key, use), place in product(surviving, places):
                        content = _unseal(key, row[0], place)
                        if content is not None:
                            yield Opened(table.name, use, content)


def _surviving(connection: sa.Connection, root: RootKey) -> Iterator[tuple[Key, str]]:
    yield root.key, "root"
    wrappers: dict[UUID, Key] = {}
    for row in connection.execute(sa.select(keys).where(keys.c.wrapped.is_not(None))):
        content = unseal(root.key, row.wrapped, Place("keys", "wrapped", row.id))
        if row.use in SYMMETRIC:
            wrappers[row.id] = Key(KeyId(row.id), Secret(content))
            yield wrappers[row.id], row.use
    for row in connection.execute(sa.select(subject_keys)):
        secret = unseal(wrappers[row.wrapper_id], row.wrapped, Place("subject_keys", "wrapped", row.id))
        kind = f"restricted {row.kind}" if row.restricted_at is not None else row.kind
        yield Key(KeyId(row.id), Secret(secret)), kind
    for row in connection.execute(sa.select(request_keys)):
        secret = unseal(wrappers[row.wrapper_id], row.wrapped, Place("request_keys", "wrapped", row.id))
        yield Key(KeyId(row.id), Secret(secret)), f"request {row.kind}"


def _unseal(key: Key, sealed: bytes, place: Place) -> bytes | None:
    try:
        return unseal(key, sealed, place)
    except Tampered:
        return None


def _bytes(value: Any) -> bytes:  # Any: a column of any type
    if isinstance(value, bytes):
        return value
    return value.bytes if isinstance(value, UUID) else str(value).encode()
