"""Migrations make the tables that the code works with, on both databases, whoever runs them and when."""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa
import structlog
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from consentd.base.clock import now
from consentd.db import readiness
from consentd.db.engine import open_database
from consentd.db.migrate import current, downgrade, head, migrate
from consentd.db.tables import metadata
from consentd.kernel.errors import OperatorError
from consentd.subjects.facts import KINDS
from support.postgres import Server
from support.rows import run_raw

T = TypeVar("T")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables; on SQLite, of a file that does not exist."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.empty()


def looking(url: str, look: Callable[[sa.Connection], T]) -> T:
    """What `look` finds there."""

    async def on_postgres() -> T:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = await connection.run_sync(look)
        await engine.dispose()
        return found

    if not url.startswith("sqlite"):
        return asyncio.run(on_postgres())
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = look(connection)
    engine.dispose()
    return found


def differences(connection: sa.Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def checks(connection: sa.Connection) -> set[str]:
    """The names of the check constraints, which the comparison leaves out."""
    inspector = sa.inspect(connection)
    return {str(check["name"]) for name in metadata.tables for check in inspector.get_check_constraints(name)}


def opens(url: str) -> None:
    async def open_and_close() -> None:
        database = open_database(url, clock=now)
        await database.open()
        await database.close()

    asyncio.run(open_and_close())


def test_the_migrated_tables_are_those_of_the_code(empty_url: str) -> None:
    migrate(empty_url)
    assert looking(empty_url, differences) == []
    assert looking(empty_url, checks) == {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint) and constraint.name is not None
    }
    opens(empty_url)  # looks for every trigger


def test_up_down_and_up_again(empty_url: str) -> None:
    migrate(empty_url)
    downgrade(empty_url, "base")
    assert current(empty_url) is None
    with pytest.raises(OperatorError, match="consentd migrate"):
        opens(empty_url)
    migrate(empty_url)
    assert current(empty_url) == head()
    opens(empty_url)


def test_migrating_what_is_up_to_date_does_nothing(empty_url: str) -> None:
    migrate(empty_url)
    migrate(empty_url)
    opens(empty_url)


def test_two_processes_may_migrate_at_once(empty_url: str) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        list(processes.map(migrate, [empty_url] * 3))
    opens(empty_url)


def test_a_migration_that_fails_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from consentd.db import schema

    monkeypatch.setattr(schema, "sqlite_protection", lambda *_a, **_k: ["nonsense"])
    monkeypatch.setattr(schema, "postgres_protection", lambda *_a, **_k: ["nonsense"])
    with pytest.raises(sa.exc.DBAPIError):
        migrate(empty_url)
    monkeypatch.undo()
    assert current(empty_url) is None
    migrate(empty_url)
    opens(empty_url)


def test_promise_9_what_an_earlier_version_queued_is_not_vouched_for_by_a_migration(empty_url: str) -> None:
    """It would vouch for whatever stands there: the earlier version has to put its own into the log."""
    migrate(empty_url, "0003")
    queue = "INSERT INTO log_pending (entry_id, leaf) VALUES ({0}, {1})"
    if empty_url.startswith("sqlite"):
        values = [f"x'{'0' * 32}'", f"x'{'0' * 64}'"]
    else:
        values = [f"'{uuid.uuid4()}'", "'\\x00'::bytea"]
    asyncio.run(run_raw(empty_url, queue.format(*values)))
    with pytest.raises(OperatorError, match="still wait for the log"):
        migrate(empty_url)
    assert current(empty_url) == "0003"
    asyncio.run(run_raw(empty_url, "DELETE FROM log_pending"))
    migrate(empty_url)
    assert current(empty_url) == head()


def test_of_which_kinds_folded_facts_are_is_found_out_by_the_migration(empty_url: str) -> None:
    migrate(empty_url, "0005")
    sqlite = empty_url.startswith("sqlite")
    id_ = (lambda n: f"x'{n:032x}'") if sqlite else (lambda n: f"'{uuid.UUID(int=n)}'")
    columns = "id, subject_id, named, kind, happened, arrived, batch_id, entry_id, key_id, sealed"
    fact = f"INSERT INTO facts ({columns})"
    fold = "INSERT INTO fact_states (subject_id, sealed, entry_id)"
    person = "INSERT INTO subjects (id, group_id, merged, created_at, entry_id)"
    told = {1: ["sale", "sale", "birth_date"], 2: ["contract", "professional", "last_contact"], 3: []}
    for one, kinds in told.items():
        asyncio.run(run_raw(empty_url, f"{person} VALUES ({id_(one)}, {id_(one)}, 1 = 0, 1, {id_(9)})"))
        asyncio.run(run_raw(empty_url, f"{fold} VALUES ({id_(one)}, {'x' if sqlite else ''}'00', {id_(9)})"))
        for number, kind in enumerate(kinds):
            rest = f"'[]', '{kind}', 1, 1, {id_(9)}, {id_(9)}, {id_(9)}, {'x' if sqlite else ''}'00'"
            asyncio.run(run_raw(empty_url, f"{fact} VALUES ({id_(one * 10 + number)}, {id_(one)}, {rest})"))
    migrate(empty_url)
    read = sa.text("SELECT kinds FROM fact_states ORDER BY subject_id")
    assert looking(empty_url, lambda connection: list(connection.scalars(read))) == [
        KINDS["sale"] + KINDS["birth_date"],
        KINDS["contract"] + KINDS["last_contact"],
        0,
    ]


async def test_a_login_that_may_make_no_role_works_as_itself(postgres: Server) -> None:
    """Triggers alone protect history then, and the service says so when it starts."""
    plain = f"consentd_test_{uuid.uuid4().hex[:8]}"
    url = await asyncio.to_thread(postgres.empty)
    name = sa.make_url(url).database
    await run_raw(url, f'CREATE ROLE {plain} LOGIN; ALTER DATABASE "{name}" OWNER TO {plain}')
    own = sa.make_url(url).set(username=plain).render_as_string(hide_password=False)
    await asyncio.to_thread(migrate, own)
    database = open_database(own, clock=now)
    structlog.reset_defaults()  # a test before this one may have set a level
    with structlog.testing.capture_logs() as lines:
        await database.open()
    assert await database.read(lambda c: c.scalar(sa.text("SELECT current_user"))) == plain
    await database.close()
    assert "no_runtime_role" in [line["event"] for line in lines]
    await asyncio.to_thread(postgres.drop, url)
    await run_raw(postgres.url("postgres"), f"DROP ROLE {plain}")


async def test_a_database_ahead_of_the_code_is_refused(database_url: str) -> None:
    await run_raw(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(OperatorError, match=r"9999.*newer"):
        await open_database(database_url, clock=now).open()


async def test_a_database_behind_the_code_is_refused(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "head", lambda: "9998")
    with pytest.raises(OperatorError, match=r"behind 9998.*consentd migrate"):
        await open_database(database_url, clock=now).open()


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "other.db")
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("CREATE TABLE orders (id)")
    raw.close()
    with pytest.raises(OperatorError, match="another's"):
        opens(f"sqlite:///{tmp_path / 'other.db'}")
