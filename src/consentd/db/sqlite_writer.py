"""The one thread that writes to SQLite: many units, a savepoint each but the first, one synced commit.

Upholds promise 1 (callers are answered after the shared sync, never before), promise 3 (a unit that raises
leaves nothing and harms no other) and, for stops, docs/keys.md: the journal is synced before the commit.

SQLAlchemy builds the statements; transactions are begun and ended here, on the driver, and nowhere else.
Cost per unit beside its statements: two savepoint statements, if it is not the first, and a share of BEGIN,
COMMIT and the sync (bench/units.py watches it).
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from consentd.base.clock import Clock
from consentd.base.counts import Cell, Counts
from consentd.db.failures import BUSY_CODES, overloaded, sqlite_code, sqlite_failure
from consentd.db.guard import Guard, Kind, watch
from consentd.db.journal import Journal, write_stops
from consentd.db.prepared import run_directly
from consentd.db.sqlite_connection import BUSY_SECONDS, connect
from consentd.db.unit import Unit, Work
from consentd.kernel.errors import StorageUnavailable

GROUP_UNITS = 64
GROUP_SECONDS = 0.010
MOST_WAITING = 10_000


class _Job:
    """One unit asked for, and its answer. Any: what `work` returns is between it and its caller."""

    __slots__ = ("error", "future", "kind", "loop", "result", "work")

    def __init__(self, kind: Kind, work: Work[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.kind = kind
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    def __init__(self, path: Path, clock: Clock, journal: Journal | None, counts: Counts) -> None:
        self._path = path
        self._clock = clock
        self._journal = journal
        self._counts = counts
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._guard = Guard()
        self._engine = sa.create_engine(
            "sqlite://",
            creator=lambda: connect(path),
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            query_cache_size=2000,
        )
        watch(self._engine, lambda _context: self._guard, self._guard.settle)
        self._connection: sa.Connection | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consentd-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, kind: Kind, work: Work[Any]) -> asyncio.Future[Any]:
        """Queues a unit. A caller that stops waiting before it began cancels it; later, it is carried out."""
        if self._closing.is_set() or not self._thread.is_alive():
            raise StorageUnavailable("storage_closed", "The database is not open.")
        if self._queue.qsize() >= MOST_WAITING:
            raise overloaded()
        job = _Job(kind, work, asyncio.get_running_loop())
        self._queue.put(job)
        return job.future

    def stop(self) -> None:
        """Finishes what is queued, then ends the thread. Blocks."""
        if not self._closing.is_set():
            self._closing.set()
            self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group: list[_Job] = []
            try:
                self._commit_together(first, group)
            # Whatever happened, the callers are told and the thread lives on: it is the only one that writes.
            except BaseException as error:
                self._lose(error, group)
            undone = sum(job.error is not None for job in group)
            self._counts.add(Cell.UNITS_UNDONE, undone)
            self._counts.add(Cell.UNITS_DONE, len(group) - undone)
            _answer(group)
        self._discard()

    def _commit_together(self, first: _Job, group: list[_Job]) -> None:
        group.append(first)
        raw = self._begin()
        until = time.monotonic() + GROUP_SECONDS
        stops = self._run_unit(raw, first, undo=self._begin_again)
        while len(group) < GROUP_UNITS and time.monotonic() < until:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._queue.put(None)
                break
            group.append(job)
            raw.execute("SAVEPOINT unit")
            stops += self._run_unit(raw, job, undo=_to_savepoint)
            raw.execute("RELEASE unit")
        if stops:
            write_stops(self._journal, stops)
        raw.execute("COMMIT")
        self._counts.add(Cell.COMMITS)

    def _begin(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            opened = self._connection.connection.driver_connection
            assert isinstance(opened, sqlite3.Connection)
            run_directly(self._connection, opened, self._guard)
        raw = self._connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        # SQLite's own busy handler waits, but gives up at once in some races (recovery of the log by another
        # process): those are tried again until the same time is over.
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if sqlite_code(error) not in BUSY_CODES or time.monotonic() >= deadline:
                    raise
                time.sleep(0.005)
            else:
                return raw

    def _begin_again(self, raw: sqlite3.Connection) -> None:
        """Undoes the first unit of a group, and with it all there is: beside a savepoint SQLite copies each
        page that it changes, and goes through the copies at each row.
        """
        raw.execute("ROLLBACK")
        self._begin()

    def _run_unit(
        self, raw: sqlite3.Connection, job: _Job, undo: Callable[[sqlite3.Connection], None]
    ) -> list[bytes]:
        if job.future.cancelled():
            return []
        assert self._connection is not None
        unit = Unit(self._connection, self._clock(), "sqlite")
        self._guard.begin(job.kind)
        try:
            job.result = job.work(unit)
            self._guard.end(unit)
        except BaseException as error:
            # A storage error may have ended the transaction, and with it the whole group.
            storage_failed = sqlite_code(error) is not None and sqlite_failure(error) is not None
            if storage_failed or not raw.in_transaction:
                raise
            job.error = error
            undo(raw)
            return []
        return unit.stops

    def _lose(self, error: BaseException, group: list[_Job]) -> None:
        """Nothing of this group was committed. A fresh connection is made for the next."""
        self._discard()
        if sqlite_code(error) in BUSY_CODES:
            # They would each wait as long again for the same lock.
            group += self._take_all()
        for job in group:
            if job.error is None:
                job.error = sqlite_failure(error) or error
                job.error.__cause__ = error.__cause__ if job.error is error else error

    def _take_all(self) -> list[_Job]:
        jobs: list[_Job] = []
        for _ in range(self._queue.qsize()):
            job = self._queue.get()
            if job is None:
                self._queue.put(None)
                break
            jobs.append(job)
        return jobs

    def _discard(self) -> None:
        """Forgets the connection. Never raises: closing a broken one may fail, and rolls back as it ends."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(sqlite3.Error, sa.exc.SQLAlchemyError):
            raw = connection.connection.driver_connection
            if isinstance(raw, sqlite3.Connection) and raw.in_transaction:
                raw.execute("ROLLBACK")
        with suppress(sqlite3.Error, sa.exc.SQLAlchemyError):
            connection.invalidate()
            connection.close()


def _to_savepoint(raw: sqlite3.Connection) -> None:
    raw.execute("ROLLBACK TO unit")


def _answer(jobs: list[_Job]) -> None:
    """Wakes each event loop once, with all of its answers."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, its_jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, its_jobs)
        except RuntimeError:
            continue  # that loop was closed: nobody waits there any more


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        elif isinstance(job.error, StopIteration):
            # A future cannot carry it.
            job.future.set_exception(RuntimeError("a unit raised StopIteration"))
        else:
            job.future.set_exception(job.error)
