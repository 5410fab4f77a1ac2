"""A service on a real socket, once on each database."""

from collections.abc import AsyncIterator

import httpx
import pytest
from serving import Nobody, Service, served

from consentd.base.settings import from_environment
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.evidence.service import Status
from consentd.web import pages
from consentd.web.application import build
from consentd.web.health import Readiness
from support.keyrings import new_keyring


@pytest.fixture
async def keyring(database: Database) -> Keyring:
    return await new_keyring(database)


@pytest.fixture
def service(database: Database, keyring: Keyring) -> Service:
    return Service(database, keyring)


@pytest.fixture
async def port(service: Service) -> AsyncIterator[int]:
    async with served(service.app, service.settings) as number:
        yield number


@pytest.fixture
async def http(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        yield client


@pytest.fixture
async def system(service: Service, http: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that calls as a connected system."""
    http.headers["authorization"] = f"Bearer {await service.token()}"
    return http


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who looks at the pages of a log of 1,234 entries, of which two wait."""

    async def status() -> Status:
        return Status(size=1234, pending=2, oldest_pending=None, checkpoint_at=None)

    settings = from_environment({})
    app = build(pages.routes(Readiness(), status), settings=settings, tokens=Nobody())
    async with (
        served(app, settings) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        yield http
