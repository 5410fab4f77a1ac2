"""What is over goes: the key first, the files second (promise 10). Whatever a kill left behind goes too.

A copy that is past its time is handed out no more even before it is swept, and a database that was put back
from a backup knows its time as well. What went before its time is destroyed again by
the replay (`destroyed`).
"""

import asyncio
import contextlib
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.dsr.cases import RequestCase
from consentd.dsr.copies import SealedCopies
from consentd.dsr.copying import rounds, store
from consentd.dsr.forgetting import KEPT_DAYS
from consentd.dsr.package.files import remove_files
from consentd.dsr.states import OPEN
from consentd.evidence.model import SERVICE
from consentd.kernel.instants import DAY, SECOND
from consentd.policy.service import PolicyBook

_MANY = 200
_YOUNG_SECONDS = 3600
"""A folder in which somebody may be writing, of whom the database does not know yet."""


async def sweep(database: Database, keyring: Keyring, policies: PolicyBook, copies: SealedCopies) -> None:
    """Safe beside others, and to be called again."""

    def due(unit: Unit) -> tuple[list[tuple[UUID, UUID]], list[UUID], int]:
        store.purge_links(unit, unit.now - 2 * DAY)
        over = [(row["request_id"], row["id"]) for row in store.over(unit.connection, unit.now, _MANY)]
        open_ = [state.value for state in OPEN]
        closed = store.closed_with_key(unit.connection, open_, unit.now - KEPT_DAYS * DAY, _MANY)
        return over, [row["id"] for row in closed], unit.now

    over, closed, now = await database.housekeep(due)
    for request, package in over:
        await database.change(partial(_expire, keyring, policies, request, package))
    for request in closed:
        await database.change(partial(_close, keyring, policies, request))
    for request in await asyncio.to_thread(_folders, copies.root):
        kept = await database.read(partial(_kept, request))
        await asyncio.to_thread(_clear, copies.folder(request), *kept, now // SECOND - _YOUNG_SECONDS)


def _expire(keyring: Keyring, policies: PolicyBook, request: UUID, package: UUID, unit: Unit) -> None:
    case = RequestCase.locked(unit, keyring, policies.active(unit.connection), request)
    found = store.package(unit.connection, package)
    if found is not None and found["destroyed_at"] is None:
        rounds.destroy(case, [package], SERVICE)


def _close(keyring: Keyring, policies: PolicyBook, request: UUID, unit: Unit) -> None:
    rounds.closed(RequestCase.locked(unit, keyring, policies.active(unit.connection), request), SERVICE)


def _folders(root: Path) -> list[UUID]:
    found = []
    for path in root.iterdir() if root.exists() else ():
        with contextlib.suppress(ValueError):
            found.append(UUID(path.name))
    return found


def _kept(request: UUID, connection: Any) -> tuple[bool, set[str]]:  # Any: a connection
    """Whether what was gathered still opens; the folders in the request's that do."""
    keys, work = store.with_keys(connection, request), store.work(connection, request)
    gathered = ("package", request) in keys
    kept = {str(of) for kind, of in keys if kind == "archive"}
    if gathered and work is not None and work["own_id"] is not None:
        kept.add(str(work["own_id"]))
    return gathered, kept


def _clear(folder: Path, gathered: bool, kept: set[str], young: int) -> None:
    """`young`: since when a folder may be one in which somebody writes, in seconds since 1970."""
    if not gathered and not kept:
        remove_files(folder)
        return
    with contextlib.suppress(FileNotFoundError):
        for path in list(folder.iterdir()):
            if path.is_file():
                if not gathered:
                    path.unlink(missing_ok=True)
            elif path.name not in kept and (not gathered or path.stat().st_mtime < young):
                remove_files(path)
