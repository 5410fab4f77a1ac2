"""Opening a database by its URL: the one place that chooses between the two."""

import sqlalchemy as sa

from consentd.base.clock import Clock
from consentd.base.counts import Counts
from consentd.db.journal import Journal
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.db.sqlite_connection import path_of
from consentd.db.unit import Around, unwatched
from consentd.kernel.errors import OperatorError


def open_database(
    url: str,
    *,
    clock: Clock,
    journal: Journal | None = None,
    counts: Counts | None = None,
    around: Around = unwatched,
) -> SqliteDatabase | PostgresDatabase:
    """`sqlite:///path` or `postgresql+asyncpg://…`. Nothing is connected to until `open()`.

    `journal` is given the lines of a unit's stops and must have synced them when it returns; it is called
    in a thread, before the commit. If it raises, nothing is committed. `counts`: where units are counted;
    `around`: put around each of them.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise OperatorError("bad_database_url", "CONSENTD_DATABASE_URL cannot be read.") from error
    match parsed.drivername:
        case "sqlite":
            return SqliteDatabase(path_of(parsed), clock=clock, journal=journal, counts=counts, around=around)
        case "postgresql+asyncpg":
            return PostgresDatabase(parsed, clock=clock, journal=journal, counts=counts, around=around)
    raise OperatorError(
        "bad_database_url", "The database URL starts with neither sqlite:/// nor postgresql+asyncpg://."
    )
