"""Silos' databases for the tests: the same shop on SQLite, on PostgreSQL and on MariaDB."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from support import shop
from support.mariadb import MISSING, MariaServer, mariadb_server
from support.postgres import Server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaServer]:
    with mariadb_server() as server:
        if server is None:
            if os.environ.get("CI") == "true":
                pytest.fail(MISSING)
            pytest.skip(MISSING)
        yield server


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.URL]:
    """An empty database of this test's own, once of each kind, for an account that may do anything."""
    if request.param == "sqlite":
        (tmp_path / "shop.db").touch()
        yield sa.make_url(f"sqlite:///{tmp_path / 'shop.db'}")
    elif request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.empty()
        yield sa.make_url(url).set(drivername="postgresql+psycopg")
        server.drop(url)
    else:
        other: MariaServer = request.getfixturevalue("mariadb")
        url = other.empty()
        yield sa.make_url(url)
        other.drop(url)


@pytest.fixture
def shop_url(empty_url: sa.URL) -> sa.URL:
    """A shop with Ana, Bruno and Clara in it."""
    shop.build(empty_url)
    return empty_url
