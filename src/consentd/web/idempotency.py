"""One effect per Idempotency-Key (draft-ietf-httpapi-idempotency-key-header; promise 2).

A key belongs to one caller and one route, for seven days. Key and body are kept as keyed hashes; what is
remembered is the id of the act, from which its answer is built again. Another body under the same key is
422; the same call still running is 409: within this process by a set, across processes by a lock of the
transaction (PostgreSQL) or because writers queue (SQLite).

For every POST that changes something:

    repeat = repeats.of(request)                       # None where no key came
    async with repeats.alone(repeat):
        answer = await service.record(request.caller, data, repeat)

and inside the service's unit, first `remembered`, and last `remember`.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.kernel.ids import BatchId
from consentd.kernel.instants import DAY
from consentd.web import logs, store
from consentd.web.call import Call

KEPT = 7 * DAY
HEADER = b"idempotency-key"

_KEY = re.compile(rb"[\x21-\x7e]{1,255}")


class Repeat(msgspec.Struct, frozen=True):
    """A call that may have been made before. Digests, never the key or the body themselves."""

    caller: UUID
    route: str
    key_digest: bytes
    body_digest: bytes


class Repeats:
    """Recognises repeated calls, and which of them are under way in this process."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._running: set[tuple[UUID, str, bytes]] = set()

    async def of(self, request: Call) -> Repeat | None:
        """None where no key came. Raises Unprocessable for a key that is not 1 to 255 visible characters."""
        key = request.exchange.headers.get(HEADER)
        if key is None:
            return None
        if not _KEY.fullmatch(key):
            raise Unprocessable(
                "bad_idempotency_key",
                "Idempotency-Key takes 1 to 255 visible ASCII characters, for example a random UUID.",
            )
        return Repeat(
            request.caller.system_id,
            f"{request.method} {logs.route_of(request.scope)}",
            self._keyring.digest("idempotency-key", key),
            self._keyring.digest("idempotency-body", _exactly(request, await request.body())),
        )

    @asynccontextmanager
    async def alone(self, repeat: Repeat | None) -> AsyncIterator[None]:
        """Raises Conflict while the same call runs in this process."""
        if repeat is None:
            yield
            return
        mark = (repeat.caller, repeat.route, repeat.key_digest)
        if mark in self._running:
            raise still_running()
        self._running.add(mark)
        try:
            yield
        finally:
            self._running.discard(mark)


def remembered(unit: Unit, repeat: Repeat | None) -> BatchId | None:
    """The act that this call has done already, or None. Call it first in the unit.

    Raises Unprocessable if the key stood for another body, Conflict if another process is at it.
    """
    if repeat is None:
        return None
    if unit.dialect == "postgresql" and not store.try_lock(unit.connection, _lock_number(repeat)):
        raise still_running()
    row = store.find(unit.connection, repeat.caller, repeat.route, repeat.key_digest, unit.now - KEPT)
    if row is None:
        return None
    if row.body != repeat.body_digest:
        raise Unprocessable(
            "idempotency_key_reused",
            "This Idempotency-Key came before with another body. Nothing was done: use a new key.",
        )
    return row.batch_id


def remember(unit: Unit, repeat: Repeat | None, batch_id: BatchId, status: int) -> None:
    """Notes what this call did, in the transaction that did it."""
    if repeat is not None:
        store.save(
            unit.connection,
            repeat.caller,
            repeat.route,
            repeat.key_digest,
            repeat.body_digest,
            batch_id,
            status,
            unit.now,
        )


async def purge(database: Database) -> int:
    """Forgets keys older than seven days; how many."""
    return await database.housekeep(lambda unit: store.purge(unit.connection, unit.now - KEPT))


def still_running() -> Conflict:
    return Conflict(
        "still_running", "The same call, with this Idempotency-Key, is still running.", retry_after=1
    )


def _exactly(request: Call, body: bytes) -> bytes:
    """The path's own parameters belong to what was asked: one key under two of them is two acts."""
    return request.scope["path"].encode() + b"\0" + request.scope["query_string"] + b"\0" + body


def _lock_number(repeat: Repeat) -> int:
    """64 bits, signed: two different calls that meet on one number only make one of them try again."""
    mixed = repeat.caller.bytes + repeat.route.encode() + repeat.key_digest
    return int.from_bytes(hashlib.blake2b(mixed, digest_size=8).digest(), "big", signed=True)
