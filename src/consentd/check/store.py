"""Running a check's one statement on the raw driver: the fast path that `bench/check.py` watches.

One question on SQLite runs inline on the event loop, in about forty microseconds; handing it to a thread
would cost more than it takes. Slices of many run off the loop.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from consentd.check.questions import Lookups
from consentd.check.statement import Shape, text_of
from consentd.db.failures import sqlite_failure
from consentd.db.postgres import PostgresDatabase
from consentd.db.postgres_connection import as_unavailable
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.consent import attempts
from consentd.kernel.ids import SecretId, SystemId

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]  # Any: columns of all types, see statement.Tag

_NO_DIGEST = b"\0" * 32


class Ask:
    """What one slice binds, whichever database answers."""

    __slots__ = ("channel", "chosen", "lookups", "purpose", "schemes", "secret", "since", "system")

    def __init__(
        self,
        purpose: str,
        channel: str,
        system: SystemId,
        secret: SecretId,
        since: int | None,
        lookups: Lookups,
        schemes: Sequence[str],
        chosen: bool,
    ) -> None:
        self.purpose = purpose
        self.channel = channel
        self.system = system
        self.secret = secret
        self.since = since
        self.lookups = lookups
        self.schemes = schemes
        self.chosen = chosen


class Gatherer(Protocol):
    """Where the rows of a check come from. Raises StorageUnavailable."""

    async def one(self, ask: Ask) -> Rows:
        """For a single question, on the event loop."""
        ...

    async def many(self, ask: Ask, then: Callable[[Rows], T]) -> T:
        """For a slice: fetches off the loop and runs `then` on the rows in a thread."""
        ...


def gatherer(database: SqliteDatabase | PostgresDatabase) -> Gatherer:
    return _Sqlite(database) if isinstance(database, SqliteDatabase) else _Postgres(database)


class _Sqlite:
    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def one(self, ask: Ask) -> Rows:
        return self._fetch(ask)

    async def many(self, ask: Ask, then: Callable[[Rows], T]) -> T:
        return await asyncio.to_thread(lambda: then(self._fetch(ask)))

    def _fetch(self, ask: Ask) -> Rows:
        lookups, listed = _padded(ask)
        shape = Shape(
            "sqlite",
            len(lookups),
            len(listed),
            ask.chosen,
            0 if ask.chosen else len(ask.schemes),
            ask.since is not None,
        )
        values: list[Any] = [ask.purpose, ask.channel, ask.system.bytes, ask.secret.bytes, ask.since]
        for lookup in lookups:
            values += lookup
        for digest in listed:
            values += digest
        if not ask.chosen:
            values += ask.schemes
        try:
            # Fetched to the end at once: a half-read cursor would hold this connection back in time.
            return self._database.fast_reader().execute(text_of(shape), values).fetchall()
        except sqlite3.Error as error:
            raise sqlite_failure(error) or error from error


class _Postgres:
    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def one(self, ask: Ask) -> Rows:
        lookups, listed = ask.lookups.lookups, ask.lookups.listed
        shape = Shape("postgresql", 1, 1 if listed else 0, ask.chosen, 1, ask.since is not None)
        values: list[Any] = [ask.purpose, ask.channel, ask.system, ask.secret, ask.since or 0]
        values += [list(column) for column in zip(*lookups, strict=True)] or [[], [], [], []]
        if listed:
            values += [list(column) for column in zip(*listed, strict=True)]
        if not ask.chosen:
            values.append(list(ask.schemes))
        try:
            rows: Rows = await self._database.fast_pool().fetch(text_of(shape), *values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise as_unavailable(error) or error from error
        return rows

    async def many(self, ask: Ask, then: Callable[[Rows], T]) -> T:
        rows = await self.one(ask)
        return await asyncio.to_thread(then, rows)


def _padded(
    ask: Ask,
) -> tuple[list[tuple[int, bytes, str, int]], list[tuple[int, bytes, str]]]:
    """Rounded up to a power of two, so that slices of all sizes share a few prepared statements."""
    lookups, listed = ask.lookups.lookups, ask.lookups.listed
    if len(lookups) <= 1 and len(listed) <= 1:
        return (lookups or [(0, _NO_DIGEST, "", 0)]), listed
    return (
        lookups + [(-1, _NO_DIGEST, "", 0)] * (_room(len(lookups)) - len(lookups)),
        listed + [(-1, _NO_DIGEST, "")] * (_room(len(listed)) - len(listed)) if listed else listed,
    )


def _room(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


# --- attempts

ATTEMPTS = attempts


def attempts_by_id(connection: sa.Connection, ids: Collection[UUID]) -> list[sa.RowMapping]:
    statement = sa.select(attempts).where(attempts.c.id.in_(list(ids))).order_by(attempts.c.id)
    return list(connection.execute(statement).mappings())


def attempts_of_batch(connection: sa.Connection, batch: UUID) -> list[sa.RowMapping]:
    statement = sa.select(attempts).where(attempts.c.batch_id == batch).order_by(attempts.c.id)
    return list(connection.execute(statement).mappings())
