"""Promise 1: an acknowledged write survives a kill and a power cut, and a weaker setting is refused."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from consentd.base.clock import now
from consentd.db.engine import open_database
from consentd.db.postgres import PostgresDatabase
from consentd.db.postgres_connection import driver_arguments
from consentd.db.sqlite_connection import connect, require_durable
from consentd.db.tables.log import leases
from consentd.db.unit import Unit
from consentd.kernel.errors import OperatorError
from support.rows import made_up, run_raw
from support.syncs import counted_syncs


def add_lease(unit: Unit) -> None:
    unit.connection.execute(sa.insert(leases), made_up(leases))


async def test_promise_1_every_acknowledged_write_was_synced_first_on_sqlite(sqlite_url: str) -> None:
    with counted_syncs() as syncs:
        database = open_database(sqlite_url, clock=now)
        await database.open()
        for _ in range(100):
            before = syncs.wal
            await database.housekeep(add_lease)
            assert syncs.wal > before
        await database.close()


async def test_promise_1_units_at_once_share_their_sync_on_sqlite(sqlite_url: str) -> None:
    with counted_syncs() as syncs:
        database = open_database(sqlite_url, clock=now)
        await database.open()
        before = syncs.wal
        await asyncio.gather(*(database.housekeep(add_lease) for _ in range(640)))
        assert 640 / 64 <= syncs.wal - before < 200
        await database.close()


async def test_promise_1_the_journal_is_written_before_the_sync_of_the_commit(sqlite_url: str) -> None:
    with counted_syncs() as syncs:
        at_journal: list[int] = []
        database = open_database(sqlite_url, clock=now, journal=lambda lines: at_journal.append(syncs.wal))
        await database.open()
        before = syncs.wal

        def work(unit: Unit) -> None:
            add_lease(unit)
            unit.stops.append(b"stop")

        await database.housekeep(work)
        assert at_journal == [before]
        assert syncs.wal > before
        await database.close()


async def test_promise_1_every_acknowledged_write_was_synced_first_on_postgresql(
    postgres_database: PostgresDatabase, postgres_url: str
) -> None:
    watcher = await asyncpg.connect(**driver_arguments(sa.make_url(postgres_url)))
    version = watcher.get_server_version().major
    count = (
        "SELECT wal_sync FROM pg_stat_wal"
        if version < 18
        else "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"
    )
    before = await watcher.fetchval(count)
    for _ in range(100):
        await postgres_database.housekeep(add_lease)
    # Backends report at the latest when they end.
    await postgres_database.close()
    for _ in range(100):
        if await watcher.fetchval(count) - before >= 100:
            break
        await asyncio.sleep(0.05)
    assert await watcher.fetchval(count) - before >= 100
    await watcher.close()


WRITER = Path(__file__).parent.parent / "support" / "endless_writer.py"


async def test_promise_1_what_was_acknowledged_survives_a_kill(database_url: str) -> None:
    process = subprocess.Popen([sys.executable, WRITER, database_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().splitlines()[:-1]  # the last line may be cut short
    process.wait(10)
    process.stdout.close()

    database = open_database(database_url, clock=now)
    await database.open()
    kept = await database.read(lambda c: set(c.scalars(sa.select(leases.c.name))))
    assert len(acknowledged) >= 300
    assert set(acknowledged) <= kept
    await database.close()


def test_promise_1_a_weaker_sync_is_refused_on_sqlite(tmp_path: Path) -> None:
    raw = connect(tmp_path / "new.db", create=True)
    raw.execute("PRAGMA synchronous = NORMAL")
    with pytest.raises(OperatorError, match="synchronous=1"):
        require_durable(raw)
    raw.close()
    memory = sqlite3.connect(":memory:")
    with pytest.raises(OperatorError, match="journal_mode=memory"):
        require_durable(memory)
    memory.close()


async def test_every_sqlite_connection_has_the_safe_settings(sqlite_url: str) -> None:
    for query_only in (False, True):
        raw = connect(Path(sqlite_url.removeprefix("sqlite:///")), query_only=query_only)
        found = {
            name: raw.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode", "foreign_keys", "recursive_triggers", "secure_delete")
        }
        assert found == {
            "synchronous": 2,
            "journal_mode": "wal",
            "foreign_keys": 1,
            "recursive_triggers": 1,
            "secure_delete": 1,
        }
        raw.close()


@pytest.mark.parametrize("weaker", ["off", "local", "remote_write"])
async def test_promise_1_a_weaker_commit_is_refused_on_postgresql(postgres_url: str, weaker: str) -> None:
    name = sa.make_url(postgres_url).database
    await run_raw(postgres_url, f'ALTER DATABASE "{name}" SET synchronous_commit = {weaker}')
    with pytest.raises(OperatorError, match=f"synchronous_commit={weaker}"):
        await open_database(postgres_url, clock=now).open()


async def test_promise_1_a_setting_weakened_later_has_no_effect(
    postgres_database: PostgresDatabase, postgres_url: str
) -> None:
    name = sa.make_url(postgres_url).database
    await run_raw(postgres_url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    assert await postgres_database.read(lambda c: c.scalar(sa.text("SHOW synchronous_commit"))) == "on"
