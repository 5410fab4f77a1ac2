"""What a driver's error means: whether the database is at fault, and what to tell the person who runs it.

Upholds promise 17: storage that fails is said to fail (503), and never answered as if it had worked.
Messages name no values (promise 18).
"""

import sqlite3

import sqlalchemy as sa

from consentd.kernel.errors import StorageUnavailable

BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE = {
    sqlite3.SQLITE_BUSY: ("storage_busy", "Another process kept the database locked; try again."),
    sqlite3.SQLITE_LOCKED: ("storage_busy", "Another process kept the database locked; try again."),
    sqlite3.SQLITE_READONLY: (
        "storage_read_only",
        "The database file or its disk is read-only: nothing can be recorded until it can be written.",
    ),
    sqlite3.SQLITE_FULL: (
        "storage_full",
        "The disk that holds the database is full: nothing can be recorded until there is room.",
    ),
    sqlite3.SQLITE_IOERR: ("storage_failed", "The disk that holds the database reported an error."),
    sqlite3.SQLITE_CANTOPEN: ("storage_failed", "The database file cannot be opened."),
    sqlite3.SQLITE_NOMEM: ("storage_failed", "There was not enough memory for the database."),
    sqlite3.SQLITE_CORRUPT: ("storage_damaged", "The database file is damaged: restore it from a backup."),
    sqlite3.SQLITE_NOTADB: ("storage_damaged", "The database file is not a SQLite database."),
    sqlite3.SQLITE_PROTOCOL: ("storage_busy", "The database's lock file is contended; try again."),
}


def overloaded() -> StorageUnavailable:
    return StorageUnavailable("storage_overloaded", "Too much is waiting for the database; try again.")


def sqlite_code(error: BaseException) -> int | None:
    """SQLite's primary result code, where `error` comes from SQLite."""
    if isinstance(error, sa.exc.DBAPIError):
        return None if error.orig is None else sqlite_code(error.orig)
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def sqlite_failure(error: BaseException) -> StorageUnavailable | None:
    """What to answer if storage is at fault; None if the statement was."""
    if isinstance(error, StorageUnavailable):
        return StorageUnavailable(error.code, error.message)
    known = _SQLITE.get(sqlite_code(error) or 0)
    return None if known is None else StorageUnavailable(*known)
