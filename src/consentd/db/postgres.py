"""The PostgreSQL database: many processes, a bounded pool each, plain functions through `run_sync`.

Upholds promises 1, 3, 4 and 8, and promise 7 by passing the same contract suite as SQLite. Writes run READ
COMMITTED and lock what they touch; a lost race (serialisation, deadlock, a key that another inserted first)
is run again, because a unit is a function of the database.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from consentd.base.clock import Clock
from consentd.base.counts import Cell, Counts
from consentd.db.guard import Kind, guard_on, watch
from consentd.db.journal import Journal, write_stops
from consentd.db.postgres_connection import (
    CONNECT_SECONDS,
    as_unavailable,
    cause_of,
    driver_arguments,
    inspect,
    server_settings,
)
from consentd.db.readiness import require_current, require_protected
from consentd.db.unit import Around, Dialect, Unit, Work, unwatched
from consentd.kernel.errors import StorageUnavailable

T = TypeVar("T")

POOL = 10
POOL_SECONDS = 10.0
FAST_POOL = 4
ATTEMPTS = 6
_LOST_RACES = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)


class PostgresDatabase:
    dialect: Dialect = "postgresql"

    def __init__(
        self,
        url: sa.URL,
        *,
        clock: Clock,
        journal: Journal | None = None,
        counts: Counts | None = None,
        around: Around = unwatched,
    ) -> None:
        self._url = url
        self._around = around
        self._clock = clock
        self._journal = journal
        self._counts = counts or Counts()
        self._engine: AsyncEngine | None = None
        self._fast: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Raises OperatorError if the server is not durable or has other tables than these."""
        found = await inspect(self._url)
        require_current(found.revision, empty=found.empty)
        require_protected("postgresql", found.triggers)
        settings = server_settings(runtime_role=found.runtime_role)
        self._engine = create_async_engine(
            self._url,
            pool_size=POOL,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            query_cache_size=2000,
            connect_args={
                "server_settings": settings,
                "timeout": CONNECT_SECONDS,
                "prepared_statement_cache_size": 500,
            },
        )
        watch(self._engine.sync_engine, lambda context: guard_on(context.root_connection))
        self._fast = await asyncpg.create_pool(
            **driver_arguments(self._url),
            min_size=1,
            max_size=FAST_POOL,
            # One plan for every check: planning its statement anew, or compiling it, costs many times what
            # running it does.
            server_settings=settings
            | {"default_transaction_read_only": "on", "plan_cache_mode": "force_generic_plan", "jit": "off"},
            timeout=CONNECT_SECONDS,
            # Nothing is ever set on these connections, and resetting costs a round trip per check.
            reset=_leave,
        )

    async def close(self) -> None:
        if self._fast is not None:
            await self._fast.close()
            self._fast = None
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def change(self, work: Work[T]) -> T:
        return await self._write("change", work)

    async def housekeep(self, work: Work[T]) -> T:
        return await self._write("housekeep", work)

    async def sequence(self, work: Work[T]) -> T:
        return await self._write("sequence", work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        def snapshot(connection: sa.Connection) -> T:
            guard_on(connection).begin("read")
            return work(connection)

        async def attempt(connection: AsyncConnection) -> T:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return await connection.run_sync(snapshot)

        with self._around("read"):
            return await self._attempts(attempt)

    def fast_pool(self) -> asyncpg.Pool:
        """Raw, read-only, autocommitted connections for the hot path of `check`."""
        if self._fast is None:
            raise StorageUnavailable("storage_closed", "The database is not open.")
        return self._fast

    async def checkpoint_truncate(self) -> bool:
        """Nothing to do: how long PostgreSQL's own log keeps what was shredded is its operator's to set."""
        return True

    async def _write(self, kind: Kind, work: Work[T]) -> T:
        async def attempt(connection: AsyncConnection) -> T:
            units: list[Unit] = []

            def run(sync: sa.Connection) -> T:
                guard = guard_on(sync)
                guard.begin(kind)
                unit = Unit(sync, self._clock(), "postgresql")
                units.append(unit)
                result = work(unit)
                guard.end(unit)
                return result

            result = await connection.run_sync(run)
            if units[0].stops:
                await asyncio.to_thread(write_stops, self._journal, units[0].stops)
            await _commit(connection)
            self._counts.add(Cell.COMMITS)
            return result

        try:
            with self._around(kind):
                answer = await self._attempts(attempt)
        except BaseException:
            self._counts.add(Cell.UNITS_UNDONE)
            raise
        self._counts.add(Cell.UNITS_DONE)
        return answer

    async def _attempts(self, attempt: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        if self._engine is None:
            raise StorageUnavailable("storage_closed", "The database is not open.")
        for number in range(1, ATTEMPTS + 1):
            try:
                async with self._engine.connect() as connection:
                    return await attempt(connection)
            except Exception as error:
                last = number == ATTEMPTS
                if not last and _may_try_again(error):
                    await asyncio.sleep(random.uniform(0, 0.005 * 2**number))  # noqa: S311 - jitter
                    continue
                if isinstance(cause_of(error), _LOST_RACES):
                    raise StorageUnavailable(
                        "storage_busy", "Others kept changing the same rows; try again."
                    ) from error
                raise as_unavailable(error) or error from error
        raise AssertionError("unreachable")


async def _commit(connection: AsyncConnection) -> None:
    """A connection lost here leaves the outcome unknown: the unit must not be run again."""
    try:
        await connection.commit()
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise as_unavailable(error) or error from error
        raise


def _may_try_again(error: BaseException) -> bool:
    """A lost race, or a pooled connection that turned out to be dead before anything was committed."""
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(cause_of(error), (*_LOST_RACES, asyncpg.UniqueViolationError))


async def _leave(_connection: object) -> None:
    """Resets nothing."""
