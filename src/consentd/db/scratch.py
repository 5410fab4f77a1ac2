"""A database to try something out on, which is then thrown away.

On SQLite a copy: one long unit would hold up everyone who writes. On PostgreSQL the database itself, where a
long transaction that is rolled back stands in nobody's way but those who write about the same people.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from consentd.base.clock import Clock
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase


@asynccontextmanager
async def scratch(
    database: SqliteDatabase | PostgresDatabase, folder: Path, clock: Clock
) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    """`folder`: where a copy may lie for as long as it is used; the same disk as the database's own."""
    if isinstance(database, PostgresDatabase):
        yield database
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix="dry-run-") as place:
        path = Path(place) / "copy.db"
        await database.copy_to(path)
        # Without a stop journal: what is only tried stops nobody.
        copy = SqliteDatabase(path, clock=clock)
        await copy.open()
        try:
            yield copy
        finally:
            await copy.close()
