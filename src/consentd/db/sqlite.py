"""The SQLite database: one process, one file, one writer thread, a few readers.

Upholds promises 1, 3 and 8 through the writer and the guard, and promise 7 by passing the same contract
suite as PostgreSQL. Other processes (the command line beside the server) may write too: SQLite's lock
orders them.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from consentd.base.clock import Clock
from consentd.base.counts import Counts
from consentd.db.failures import overloaded, sqlite_failure
from consentd.db.guard import Guard, Kind, watch
from consentd.db.journal import Journal
from consentd.db.prepared import run_directly
from consentd.db.readiness import require_current, require_protected
from consentd.db.sqlite_connection import BUSY_SECONDS, connect
from consentd.db.sqlite_writer import Writer
from consentd.db.unit import Around, Dialect, Work, unwatched

T = TypeVar("T")

READERS = 4
MOST_WAITING_READS = 1000


class SqliteDatabase:
    dialect: Dialect = "sqlite"

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        journal: Journal | None = None,
        counts: Counts | None = None,
        around: Around = unwatched,
    ) -> None:
        self._path = path
        self._around = around
        self._writer = Writer(path, clock, journal, counts or Counts())
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="consentd-reader")
        self._reading = 0
        self._read_guard = Guard()
        self._read_engine = sa.create_engine(
            "sqlite://",
            creator=lambda: connect(path, query_only=True),
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            query_cache_size=2000,
        )
        watch(self._read_engine, lambda _context: self._read_guard)
        self._here = threading.local()
        self._opened: list[sqlite3.Connection | sa.Connection] = []

    async def open(self) -> None:
        """Raises OperatorError if the file is no database, is not durable, or has other tables than these."""
        await asyncio.to_thread(self._verify)
        self._writer.start()

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.stop)
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    async def change(self, work: Work[T]) -> T:
        return await self._write("change", work)

    async def housekeep(self, work: Work[T]) -> T:
        return await self._write("housekeep", work)

    async def sequence(self, work: Work[T]) -> T:
        return await self._write("sequence", work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        if self._reading >= MOST_WAITING_READS:
            raise overloaded()
        self._reading += 1
        try:
            with self._around("read"):
                return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)
        finally:
            self._reading -= 1

    def fast_reader(self) -> sqlite3.Connection:
        """This thread's own connection for the hot path of `check`, used inline on its event loop.

        It cannot write and is in no transaction: each statement sees the latest commit of any process, as
        long as its rows are fetched to the end (a half-read cursor would hold the next ones back in time).
        """
        raw: sqlite3.Connection | None = getattr(self._here, "raw", None)
        if raw is None:
            raw = self._here.raw = connect(self._path, query_only=True)
            self._opened.append(raw)
        return raw

    async def copy_to(self, path: Path) -> None:
        """Writes the database as it is now to a new file. Nobody waits for it meanwhile."""
        await asyncio.to_thread(self._copy, path)

    async def checkpoint_truncate(self) -> bool:
        """Empties the write-ahead log, so that what was shredded is on the disk no more (promise 10).

        False if readers or writers kept it in use for ten seconds: call again later.
        """
        return await asyncio.to_thread(self._truncate)

    async def _write(self, kind: Kind, work: Work[T]) -> T:
        with self._around(kind):
            return cast(T, await self._writer.submit(kind, work))

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        try:
            connection: sa.Connection | None = getattr(self._here, "connection", None)
            if connection is None:
                connection = self._here.connection = self._read_engine.connect()
                self._opened.append(connection)
                opened = connection.connection.driver_connection
                assert isinstance(opened, sqlite3.Connection)
                run_directly(connection, opened, self._read_guard)
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.execute("BEGIN")
            try:
                return work(connection)
            finally:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
        except (sqlite3.Error, sa.exc.DBAPIError) as error:
            failure = sqlite_failure(error)
            if failure is None:
                raise
            self._here.connection = None
            raise failure from error

    def _verify(self) -> None:
        try:
            raw = connect(self._path)
        except sqlite3.Error as error:
            raise sqlite_failure(error) or error from error
        try:
            tables = _names(raw, "table")
            if "alembic_version" in tables:
                row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
            else:
                row = None
            require_current(None if row is None else row[0], empty=tables <= {"alembic_version"})
            require_protected("sqlite", _names(raw, "trigger"))
        finally:
            raw.close()

    def _copy(self, path: Path) -> None:
        try:
            source = connect(self._path, query_only=True)
            try:
                with closing(sqlite3.connect(path)) as target:
                    source.backup(target)
            finally:
                source.close()
        except sqlite3.Error as error:
            raise sqlite_failure(error) or error from error

    def _truncate(self) -> bool:
        deadline = time.monotonic() + BUSY_SECONDS
        try:
            raw = connect(self._path)
            try:
                raw.execute("PRAGMA busy_timeout = 500")
                while True:
                    busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                    if not busy or time.monotonic() >= deadline:
                        return not busy
                    time.sleep(0.05)
            finally:
                raw.close()
        except sqlite3.Error as error:
            raise sqlite_failure(error) or error from error


def _names(raw: sqlite3.Connection, kind: str) -> set[str]:
    rows: list[tuple[Any, ...]] = raw.execute(
        "SELECT name FROM sqlite_master WHERE type = ?", (kind,)
    ).fetchall()
    return {row[0] for row in rows}
