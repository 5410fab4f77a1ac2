"""Fixtures that every suite may use: both databases, migrated and opened, one of their own for each test.

`database` runs a test twice, once on SQLite and once on PostgreSQL (promise 7). Use `sqlite_database` or
`postgres_database` where a test is about one of them.
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from consentd.base.clock import now
from consentd.db.engine import open_database
from consentd.db.migrate import migrate
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from support.postgres import MISSING, Server, postgres_server
from support.warm import share_compiled_statements

share_compiled_statements()
# How quick the machine is says nothing about what is tested.
settings.register_profile("consentd", deadline=None)
settings.load_profile("consentd")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running server, started for this test process alone unless one was named."""
    with postgres_server() as server:
        if server is None:
            if os.environ.get("CI") == "true":
                pytest.fail(MISSING)
            pytest.skip(MISSING)
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "consentd.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of a migrated SQLite database of this test's own."""
    path = tmp_path / "consentd.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of this test's own."""
    url = postgres.migrated()
    yield url
    postgres.drop(url)


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[SqliteDatabase]:
    opened = open_database(sqlite_url, clock=now)
    assert isinstance(opened, SqliteDatabase)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    opened = open_database(postgres_url, clock=now)
    assert isinstance(opened, PostgresDatabase)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database of this test's own, once of each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    """A migrated, opened database, once of each kind."""
    opened = open_database(database_url, clock=now)
    await opened.open()
    yield opened
    await opened.close()
