"""Releasing the log to others: a bundle of all of it, or the proof of one entry.

Upholds promise 8: what is handed out is recorded *before* it is read, as an entry of its own; so the entry of
an export stands in the bundle that it made, and where it cannot be recorded nothing is handed out. And
promise 9: everything is read from one snapshot, while the service goes on writing.
"""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from secrets import token_hex

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.evidence import service
from consentd.evidence.bundle.export import export
from consentd.evidence.bundle.layout import Manifest
from consentd.evidence.model import Actor
from consentd.evidence.proof import SignedProof
from consentd.evidence.recorder import begin
from consentd.evidence.store import Connection
from consentd.evidence.verifier import store as rows_store
from consentd.kernel.canonical import row_bytes
from consentd.kernel.errors import NotFound, OperatorError, Unavailable
from consentd.kernel.ids import EntryId

EXPORTED = "log.exported"
PROVEN = "log.proven"
WAIT_SECONDS = 30.0
_PAUSE = 0.1
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Sequence = Callable[[], Awaitable[None]]


async def export_to(
    path: Path, database: Database, keyring: Keyring, origin: str, actor: Actor, sequence: Sequence
) -> Manifest:
    """Writes the bundle to a new file, whole or not at all. `sequence` puts what waits into the log.

    Raises FileExistsError if there is such a file; Unavailable if the log takes nothing in; OperatorError
    if the disk is full; OSError.
    """
    beside = _reserve(path)
    try:
        await _recorded(database, keyring, EXPORTED, actor, {}, sequence)
        keys = keyring.public_keys("log")

        def work(connection: Connection) -> Manifest:
            try:
                with beside.open("r+b") as file:
                    manifest = export(connection, file, origin=origin, keys=keys)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                # The system does not say of which file it speaks, and the database would answer for it.
                why = os.strerror(error.errno)
                raise OperatorError("bundle_unwritable", f"{path} cannot be written: {why}.") from None
            return manifest

        manifest = await database.read(work)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return manifest


async def prove(
    entry_id: EntryId, database: Database, keyring: Keyring, actor: Actor, sequence: Sequence
) -> str:
    """The proof of one entry, with the entry, as a C2SP tlog-proof under the newest checkpoint.

    Raises NotFound if there is no such entry; Unavailable if the log takes nothing in.
    """
    if await database.read(lambda connection: service.index_of(connection, entry_id)) is None:
        await sequence()
    await database.read(lambda connection: service.signed_proof(connection, entry_id))
    await _recorded(database, keyring, PROVEN, actor, {"entry": str(entry_id)}, sequence)

    def work(connection: Connection) -> tuple[SignedProof, bytes]:
        proof = service.signed_proof(connection, entry_id)
        (leaf,) = rows_store.leaves(connection, proof.inclusion.index, 1)
        if leaf.entry is None:
            raise NotFound("entry_missing", "The entry is missing: `consentd audit verify` says more.")
        return proof, row_bytes("log_entries", leaf.entry)

    proof, entry = await database.read(work)
    return proof.text(entry)


async def _recorded(
    database: Database, keyring: Keyring, action: str, actor: Actor, detail: object, sequence: Sequence
) -> None:
    """Records what is about to be handed out; returns when that stands in the signed log."""

    def record(unit: Unit) -> EntryId:
        entry = begin(unit, keyring, action=action, actor=actor, key=keyring.audit())
        entry.close(detail)
        return entry.id

    entry_id = await database.change(record)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await sequence()
            while await database.read(lambda connection: service.index_of(connection, entry_id)) is None:
                await asyncio.sleep(_PAUSE)
                await sequence()
    except TimeoutError:
        raise Unavailable(
            "log_not_sequenced",
            f"The log took nothing in for {WAIT_SECONDS:.0f} seconds: /health/ready of the running service "
            "says why, or `consentd audit verify`.",
        ) from None


def _reserve(path: Path) -> Path:
    """A new file beside the one to be; only their owner may read them. Raises FileExistsError, OSError."""
    # Of a length of its own: a name that is as long as names may be has room for nothing more.
    beside = path.with_name(f".{token_hex(16)}.part")
    _create(path)
    try:
        _create(beside)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return beside


def _create(new: Path) -> None:
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
