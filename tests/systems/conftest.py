"""A silo that runs, the connector that reaches it; and silos' databases: the same shop on each."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from silo import Silo, connect, running_silo

from consentd.net.http import Http
from consentd.systems.connectors.webhook import WebhookConnector
from support import shop
from support.mariadb import MISSING, MariaServer, mariadb_server
from support.postgres import Server
from support.this_machine import ThisMachine


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    opened = Http(ThisMachine())
    yield opened
    await opened.close()


@pytest.fixture
async def silo() -> AsyncIterator[Silo]:
    async with running_silo() as running:
        yield running


@pytest.fixture
def connector(silo: Silo, http: Http) -> WebhookConnector:
    return connect(silo, http)


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
