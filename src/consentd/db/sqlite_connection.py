"""SQLite connections, each with the same safe settings, verified after they were set.

Upholds promise 1 (a write-ahead log synced in full at every commit; anything weaker refuses the start),
promise 4 (`recursive_triggers`, so that REPLACE fires delete triggers) and promise 10 (`secure_delete`).
"""

import sqlite3
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from consentd.kernel.errors import OperatorError

BUSY_SECONDS = 10.0
_FULL = 2
_COMMON = (
    f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    # The most that SQLite maps. Address space, not memory: a check reads pages where they are.
    "PRAGMA mmap_size = 2147418112",
    "PRAGMA synchronous = FULL",
)


def path_of(url: sa.URL) -> Path:
    """The file behind `sqlite:///path`. Raises OperatorError for anything that is not one."""
    if url.query:
        raise OperatorError(
            "bad_database_url", "The SQLite URL takes a path and no options: remove what follows '?'."
        )
    if not url.database or url.database == ":memory:":
        raise OperatorError("bad_database_url", "The SQLite URL names no file: consents are kept on a disk.")
    return Path(url.database)


def connect(path: Path, *, query_only: bool = False, create: bool = False) -> sqlite3.Connection:
    """Opens a connection that begins and ends no transaction by itself.

    Raises OperatorError if there is no database there, or if it cannot be made to sync in full; sqlite3.Error
    if storage fails.
    """
    if not create and not path.exists():
        raise OperatorError(
            "no_database",
            f"There is no database at {path}. Run `consentd init` for a new installation (`consentd migrate` "
            "makes its tables alone), or name the right place in CONSENTD_DATABASE_URL.",
        )
    raw = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={'rwc' if create else 'rw'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=1024,
    )
    try:
        for pragma in _COMMON:
            raw.execute(pragma)
        # Only a writer may change the journal mode; it persists in the file, so a reader merely looks.
        raw.execute("PRAGMA journal_mode" if query_only else "PRAGMA journal_mode = WAL")
        require_durable(raw)
        if query_only:
            raw.execute("PRAGMA query_only = ON")
    except sqlite3.DatabaseError as error:
        raw.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise OperatorError("not_a_database", f"{path} is not a SQLite database.") from error
        raise
    except OperatorError:
        raw.close()
        raise
    return raw


def require_durable(raw: sqlite3.Connection) -> None:
    """Raises OperatorError naming the setting under which an acknowledged write could be lost."""
    synchronous = raw.execute("PRAGMA synchronous").fetchone()[0]
    if synchronous < _FULL:
        raise OperatorError(
            "not_durable",
            f"SQLite reports synchronous={synchronous}, weaker than 2 (FULL): an acknowledged consent could "
            "be lost in a power cut, so consentd does not start.",
        )
    mode = raw.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        raise OperatorError(
            "not_durable",
            f"SQLite reports journal_mode={mode} where 'wal' is needed: put the database on a local disk.",
        )
