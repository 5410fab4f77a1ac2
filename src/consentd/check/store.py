"""Running a check's one statement on the raw driver: the fast path that `bench/check.py` watches.

One question on SQLite runs inline on the event loop; handing it to a thread would cost more than it takes.
Slices of many run off the loop.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import asyncpg
import msgspec

from consentd.check import plain, statement
from consentd.check.lists import statement as lists
from consentd.check.questions import Lookup, Way
from consentd.db.failures import sqlite_failure
from consentd.db.postgres import PostgresDatabase
from consentd.db.postgres_connection import as_unavailable
from consentd.db.sqlite import SqliteDatabase
from consentd.db.unit import Unit
from consentd.kernel.ids import SecretId, SystemId

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]  # Any: columns of all types, see `plain` and `statement.Tag`

_NOTHING: Lookup = (-1, b"\0" * 32, "", 0)


class Ask(msgspec.Struct, frozen=True):
    """What one statement binds, whichever database answers it."""

    way: Way
    purpose: str
    channel: str
    schemes: tuple[str, ...]
    system: SystemId
    secret: SecretId
    since: int | None
    """From when attempts count; None where no cap applies."""
    at: int
    """The earliest instant asked about, where a cap applies: reservations that end before it do not count."""
    lookups: list[Lookup]
    trusted: bool = False
    """Asked by the operator, at the command line: there is no access that could be revoked."""


class AskList(msgspec.Struct, frozen=True):
    """What the statement of a list binds: look-up entries of one scheme."""

    digests: Sequence[bytes]
    scheme: str
    purpose: str
    channel: str
    at: int
    system: SystemId
    secret: SecretId
    few: bool
    """See `lists.statement.FEW`."""
    lapses: bool
    """Whether a grant's age matters."""
    looked: int
    """Of which kinds of facts to bring what they say: see `subjects.facts.KINDS`."""


class Gatherer(Protocol):
    """Where the rows of a check come from. Raises StorageUnavailable."""

    slice: int
    """How many questions one statement should answer."""

    async def one(self, ask: Ask) -> Rows:
        """For a single question, on the event loop."""
        ...

    async def many(self, asks: Sequence[Ask], then: Callable[[int, Rows], T]) -> list[T]:
        """For slices: fetches off the loop, and runs `then` on each one's number and rows in a thread."""
        ...

    async def listed(self, ask: AskList) -> Rows:
        """For thousands at once, in a process that has nothing else to do: on SQLite its loop waits."""
        ...


def gatherer(database: SqliteDatabase | PostgresDatabase) -> Gatherer:
    return _Sqlite(database) if isinstance(database, SqliteDatabase) else _Postgres(database)


class _Sqlite:
    # Beyond some hundred rows SQLite's planner would rather scan an analysed table (a Bloom filter).
    slice = 64

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        # One thread, whose connection keeps its prepared statements and pages warm.
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="consentd-batch")

    async def one(self, ask: Ask) -> Rows:
        return self._fetch(*_sqlite_bound(ask))

    async def many(self, asks: Sequence[Ask], then: Callable[[int, Rows], T]) -> list[T]:
        return await asyncio.get_running_loop().run_in_executor(
            self._beside,
            lambda: [then(number, self._fetch(*_sqlite_bound(ask))) for number, ask in enumerate(asks)],
        )

    async def listed(self, ask: AskList) -> Rows:
        values = {**_list_values(ask), "digests": b"".join(ask.digests), "count": _noughts(len(ask.digests))}
        values |= {"system": ask.system.bytes, "secret": ask.secret.bytes}
        return self._fetch(lists.text_of("sqlite", ask.few), values)

    def _fetch(self, text: str, values: list[Any] | dict[str, Any]) -> Rows:
        try:
            # Fetched to the end at once: a half-read cursor would hold this connection back in time.
            return self._database.fast_reader().execute(text, values).fetchall()
        except sqlite3.Error as error:
            raise sqlite_failure(error) or error from error


class _Postgres:
    slice = 512

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def one(self, ask: Ask) -> Rows:
        return await self._fetch(*_postgres_bound(ask))

    async def listed(self, ask: AskList) -> Rows:
        values = _list_values(ask)
        return await self._fetch(lists.text_of("postgresql", ask.few), [values[name] for name in lists.NAMES])

    async def _fetch(self, text: str, values: list[Any]) -> Rows:
        try:
            rows: Rows = await self._database.fast_pool().fetch(text, *values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise as_unavailable(error) or error from error
        return rows

    async def many(self, asks: Sequence[Ask], then: Callable[[int, Rows], T]) -> list[T]:
        return [await asyncio.to_thread(then, number, await self.one(ask)) for number, ask in enumerate(asks)]


def rows_within(unit: Unit, ask: Ask) -> Rows:
    """The same rows inside a unit: what it decides on is what it has locked (`permits`)."""
    text, values = _sqlite_bound(ask) if unit.dialect == "sqlite" else _postgres_bound(ask)
    return unit.connection.exec_driver_sql(text, tuple(values)).all()


def _sqlite_bound(ask: Ask) -> tuple[str, list[Any]]:
    """The statement, and what it binds."""
    lookups = _padded(ask.lookups)
    values: list[Any] = [ask.purpose, ask.channel, ask.system.bytes, ask.secret.bytes, ask.since or 0]
    if ask.way == "plain":
        text = plain.text_of("sqlite", len(lookups), ask.since is not None)
        for n, digest, scheme, _ in lookups:
            values += (n, digest, scheme)
    else:
        text = statement.text_of(_shape("sqlite", ask, len(lookups)))
        for lookup in lookups:
            values += lookup
        if ask.way == "any":
            values += ask.schemes
    if ask.since is not None:
        values.append(ask.at)
    return text, values


def _postgres_bound(ask: Ask) -> tuple[str, list[Any]]:
    values: list[Any] = [ask.purpose, ask.channel, ask.system, ask.secret, ask.since or 0]
    columns = [list(column) for column in zip(*(ask.lookups or [_NOTHING]), strict=True)]
    if ask.way == "plain":
        one = len(ask.lookups) == 1
        text = plain.text_of("postgresql", 1 if one else 2, ask.since is not None)
        values += [column[0] for column in columns[:3]] if one else columns[:3]
    else:
        text = statement.text_of(_shape("postgresql", ask, 1))
        values += columns
        if ask.way == "any":
            values.append(list(ask.schemes))
    if ask.since is not None:
        values.append(ask.at)
    return text, values


def _list_values(ask: AskList) -> dict[str, Any]:
    return {
        "digests": list(ask.digests),
        "count": len(ask.digests),
        "scheme": ask.scheme,
        "purpose": ask.purpose,
        "channel": ask.channel,
        "at": ask.at,
        "lapses": ask.lapses,
        "looked": ask.looked,
        "system": ask.system,
        "secret": ask.secret,
    }


def _shape(dialect: Any, ask: Ask, lookups: int) -> statement.Shape:  # Any: one of the two names
    chosen = ask.way == "chosen"
    return statement.Shape(dialect, lookups, chosen, 0 if chosen else len(ask.schemes), ask.since is not None)


@lru_cache(maxsize=1)
def _noughts(count: int) -> str:
    """So many, as a JSON array."""
    return "[" + "0," * (count - 1) + "0]"


def _padded(lookups: list[Lookup]) -> list[Lookup]:
    """Rounded up to a power of two, so that slices of all sizes share a few prepared statements."""
    count = len(lookups)
    if count == 1:
        return lookups
    return lookups + [_NOTHING] * ((1 << max(count - 1, 0).bit_length()) - count)
