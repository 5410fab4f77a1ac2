"""Promise 17 for storage: what cannot be written is said (503), nothing is half done, and it heals."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from consentd.base.clock import now
from consentd.db import sqlite_connection, sqlite_writer
from consentd.db.engine import open_database
from consentd.db.failures import sqlite_failure
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.log import leases, log_pending
from consentd.db.unit import Unit
from consentd.kernel.errors import OperatorError, StorageUnavailable
from support.full_disk import files_no_longer_than
from support.rows import made_up, run_raw


def add_lease(unit: Unit) -> None:
    unit.connection.execute(sa.insert(leases), made_up(leases))


def add_much(unit: Unit) -> None:
    unit.connection.execute(sa.insert(log_pending), made_up(log_pending) | {"leaf": bytes(2_000_000)})


async def count(database: SqliteDatabase | PostgresDatabase, table: sa.Table) -> int:
    return await database.read(
        lambda c: c.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    )


async def test_a_disk_that_takes_no_more_is_said_and_healed(sqlite_database: SqliteDatabase) -> None:
    await sqlite_database.housekeep(add_lease)
    with files_no_longer_than(1_000_000):
        for _ in range(3):
            with pytest.raises(StorageUnavailable) as refused:
                await sqlite_database.housekeep(add_much)
        assert await count(sqlite_database, leases) == 1
    assert refused.value.code in {"storage_failed", "storage_full"}
    assert await count(sqlite_database, log_pending) == 0
    await sqlite_database.housekeep(add_much)
    assert await count(sqlite_database, log_pending) == 1


async def test_when_storage_fails_only_what_is_kept_was_acknowledged(
    sqlite_database: SqliteDatabase,
) -> None:
    with files_no_longer_than(1_000_000):
        answers = await asyncio.gather(
            *(sqlite_database.housekeep(work) for work in (add_lease, add_much, add_lease)),
            return_exceptions=True,
        )
    acknowledged = sum(answer is None for answer in answers)
    assert isinstance(answers[1], StorageUnavailable)
    assert await count(sqlite_database, leases) == acknowledged


async def test_a_read_only_database_is_said_and_healed(sqlite_database: SqliteDatabase) -> None:
    """`query_only` gives the same error as a read-only file; the superuser writes to those."""

    def become_read_only(unit: Unit) -> None:
        raw = unit.connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("PRAGMA query_only = ON")
        add_lease(unit)

    with pytest.raises(StorageUnavailable, match="read-only") as refused:
        await sqlite_database.housekeep(become_read_only)
    assert refused.value.code == "storage_read_only"
    await sqlite_database.housekeep(add_lease)
    assert await count(sqlite_database, leases) == 1


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "small.db", isolation_level=None)
    raw.execute("CREATE TABLE t (a)")
    raw.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as full:
        raw.execute("INSERT INTO t VALUES (zeroblob(100000))")
    raw.close()
    failure = sqlite_failure(full.value)
    assert failure is not None
    assert failure.code == "storage_full"


async def test_a_database_kept_locked_is_said_once_the_wait_is_over(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "BUSY_SECONDS", 0.2)
    settings = tuple(p if "busy" not in p else "PRAGMA busy_timeout = 100" for p in sqlite_connection._COMMON)
    monkeypatch.setattr(sqlite_connection, "_COMMON", settings)
    database = open_database(sqlite_url, clock=now)
    await database.open()
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(
        *(database.housekeep(add_lease) for _ in range(100)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {StorageUnavailable}
    other.execute("ROLLBACK")
    other.close()
    await database.housekeep(add_lease)
    assert await count(database, leases) == 1
    await database.close()


async def test_a_database_locked_for_a_moment_is_waited_for(
    sqlite_database: SqliteDatabase, sqlite_url: str
) -> None:
    other = sqlite3.connect(
        sqlite_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, lambda: other.execute("ROLLBACK")).start()
    await sqlite_database.housekeep(add_lease)
    assert await count(sqlite_database, leases) == 1
    other.close()


async def test_too_much_waiting_is_refused_at_once(
    sqlite_database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "MOST_WAITING", 5)
    answers = await asyncio.gather(
        *(sqlite_database.housekeep(add_lease) for _ in range(300)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, StorageUnavailable)]
    assert refused
    assert await count(sqlite_database, leases) == 300 - len(refused)


async def test_a_file_that_is_no_database_is_an_operators_error(tmp_path: Path) -> None:
    path = tmp_path / "consentd.db"
    path.write_text("# This is the file of somebody else\n" * 200)
    with pytest.raises(OperatorError, match="not a SQLite database"):
        await open_database(f"sqlite:///{path}", clock=now).open()


async def test_a_missing_file_is_an_operators_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="migrate"):
        await open_database(f"sqlite:///{tmp_path / 'none.db'}", clock=now).open()


async def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    database = open_database(f"postgresql+asyncpg://nobody@/nothing?host={tmp_path}", clock=now)
    with pytest.raises(StorageUnavailable) as refused:
        await database.open()
    assert refused.value.code == "storage_unreachable"


async def test_a_login_that_is_refused_is_an_operators_error(postgres_url: str) -> None:
    url = sa.make_url(postgres_url).set(username="stranger").render_as_string(hide_password=False)
    with pytest.raises(OperatorError):
        await open_database(url, clock=now).open()


async def test_connections_cut_by_the_server_are_replaced(
    postgres_database: PostgresDatabase, postgres_url: str
) -> None:
    await asyncio.gather(*(postgres_database.housekeep(add_lease) for _ in range(20)))
    await run_raw(
        postgres_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    await asyncio.gather(*(postgres_database.housekeep(add_lease) for _ in range(20)))
    assert await count(postgres_database, leases) == 40
