"""Making and changing the tables: Alembic, configured in code so that a wheel and a clone work alike.

Upholds promise 4 (the triggers and the role are migrations too) and promise 7. Two processes that migrate
at once take turns: an exclusive file lock on SQLite, an advisory lock on PostgreSQL. A migration happens as
a whole or not at all: both databases roll schema changes back.

These functions block, and must not be called on an event loop.
"""

import asyncio
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from consentd.db.failures import sqlite_failure
from consentd.db.postgres_connection import as_unavailable
from consentd.db.sqlite_connection import connect, path_of
from consentd.kernel.errors import OperatorError

_ADVISORY_LOCK = 0x636F6E73656E7464
"""'consentd' in ASCII: one number for all processes that migrate the same database."""


def migrate(url: str, revision: str = "head") -> None:
    """Brings the database up to `revision`, creating the file if there is none (SQLite).

    Raises OperatorError for a revision that there is not.
    """
    if revision != "head" and revision not in known():
        raise OperatorError(
            "unknown_revision",
            f"This version of consentd has no such revision: {', '.join(sorted(known()))}.",
        )
    _with_connection(url, lambda connection: command.upgrade(_config(connection), revision), create=True)


def downgrade(url: str, revision: str) -> None:
    """Takes the database back to `revision` ("base": no tables at all). Destroys what newer tables held."""
    _with_connection(url, lambda connection: command.downgrade(_config(connection), revision))


def current(url: str) -> str | None:
    """The revision the database is at; None if it was never migrated."""
    found: list[str | None] = []
    _with_connection(url, lambda c: found.append(MigrationContext.configure(c).get_current_revision()))
    return found[0]


@cache
def head() -> str:
    """The revision that this version of consentd works with."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


@cache
def known() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _scripts() -> Path:
    """`migrations/`: inside the package where it was built as a wheel, else at the top of the clone."""
    packaged = Path(__file__).parent / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _with_connection(url: str, action: Callable[[sa.Connection], None], *, create: bool = False) -> None:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise OperatorError("bad_database_url", "CONSENTD_DATABASE_URL cannot be read.") from error
    if parsed.get_backend_name() == "sqlite":
        _on_sqlite(path_of(parsed), action, create=create)
    else:
        asyncio.run(_on_postgres(parsed, action))


def _on_sqlite(path: Path, action: Callable[[sa.Connection], None], *, create: bool) -> None:
    engine = sa.create_engine(
        "sqlite://", creator=lambda: connect(path, create=create), poolclass=sa.NullPool
    )
    try:
        with _file_lock(path, create=create), engine.connect() as connection:
            # The driver begins nothing by itself, so everything up to commit is one transaction.
            connection.connection.execute("BEGIN IMMEDIATE")
            action(connection)
            connection.commit()
    except sa.exc.DBAPIError as error:
        raise sqlite_failure(error) or error from error
    finally:
        engine.dispose()


@contextmanager
def _file_lock(path: Path, *, create: bool) -> Iterator[None]:
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        raise OperatorError("no_database", f"There is no database at {path}.")
    with path.with_name(f"{path.name}.migrate-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _on_postgres(url: sa.URL, action: Callable[[sa.Connection], None]) -> None:
    engine = create_async_engine(url, poolclass=sa.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            await connection.run_sync(action)
    except Exception as error:
        raise as_unavailable(error) or error from error
    finally:
        await engine.dispose()
