"""A database to try something out on, which is then thrown away.

On SQLite a copy: one long unit would hold up everyone who writes. On PostgreSQL the database itself, where a
long transaction that is rolled back stands in nobody's way but those who write about the same people.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from consentd.base.clock import Clock
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.kernel.instants import SECOND, Instant

_PREFIX = "dry-run-"
_LOCK = "in-use"
_BEGINNING_SECONDS = 60
"""For which a folder may be without its lock: it was only just made."""


@contextmanager
def _in_use(place: Path) -> Iterator[None]:
    """Until the process ends, however it ends."""
    with (place / _LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep(folder: Path, now: Instant) -> None:
    """Removes the copies of killed processes: what is erased from the database would live on in them."""
    for place in folder.glob(f"{_PREFIX}*"):
        if _left_behind(place, now):
            shutil.rmtree(place, ignore_errors=True)


def _left_behind(place: Path, now: Instant) -> bool:
    try:
        lock = os.open(place / _LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return place.exists() and now / SECOND - place.stat().st_mtime > _BEGINNING_SECONDS
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


@asynccontextmanager
async def scratch(
    database: SqliteDatabase | PostgresDatabase, folder: Path, clock: Clock
) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    """`folder`: where a copy may lie for as long as it is used; the same disk as the database's own."""
    if isinstance(database, PostgresDatabase):
        yield database
        return
    sweep(folder, clock())
    with tempfile.TemporaryDirectory(dir=folder, prefix=_PREFIX) as place, _in_use(Path(place)):
        path = Path(place) / "copy.db"
        await database.copy_to(path)
        # Without a stop journal: what is only tried stops nobody.
        copy = SqliteDatabase(path, clock=clock)
        await copy.open()
        try:
            yield copy
        finally:
            await copy.close()
