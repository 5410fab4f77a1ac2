"""Units of work: a plain function over one connection, committed at the boundary and nowhere else.

Upholds promise 3 (change, audit entry and outgoing work commit together) and promise 8 (no unaudited
change): a *change* that recorded no entry is rolled back; *housekeeping* may write only the tables marked
for it. Inside a unit nothing but the database is waited for.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol, TypeVar
from uuid import UUID

import sqlalchemy as sa

from consentd.kernel.instants import Instant

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]


class Unaudited(AssertionError):
    """A unit wrote something that its kind does not allow: a defect of ours, never of the caller."""


class Unit:
    """One transaction under way. `now` is read once, so that all rows of a unit agree on when they were made.

    `stops` are lines for the stop journal: they are synced to it before the commit (docs/keys.md).
    """

    def __init__(self, connection: sa.Connection, now: Instant, dialect: Dialect) -> None:
        self.connection = connection
        self.now = now
        self.dialect = dialect
        self.entries = 0
        self.stops: list[bytes] = []
        self.held: set[UUID] = set()
        """Keys that cannot be destroyed until this unit ends: found in use, and locked, once."""


Work = Callable[[Unit], T]
Around = Callable[[str], AbstractContextManager[None]]
"""Put around each unit and each reading by whoever watches; it is given the kind."""


def unwatched(_kind: str) -> AbstractContextManager[None]:
    return nullcontext()


class Database(Protocol):
    """What both databases offer alike (promise 7). One contract suite holds each to it."""

    dialect: Dialect

    async def change(self, work: Work[T]) -> T:
        """Runs `work` in a serialisable-enough write unit and commits it, synced, with its audit entries.

        `work` may run more than once (a lost race is retried) and must be a function of the database.
        Raises what `work` raises, after rolling back; Unaudited if it recorded no entry although it wrote;
        StorageUnavailable if the database cannot be written or stays busy.
        """
        ...

    async def housekeep(self, work: Work[T]) -> T:
        """The same without an audit entry, for the housekeeping tables alone."""
        ...

    async def sequence(self, work: Work[T]) -> T:
        """The same for the log's sequencer alone: it writes what is logged, so it cannot be logged itself."""
        ...

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs `work` on a consistent snapshot that it cannot write."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...
