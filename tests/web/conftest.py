"""A service on a real socket, once on each database."""

from collections.abc import AsyncIterator

import httpx
import pytest
from serving import Service, served

from consentd.crypto.keyring import Keyring, create_keyring
from consentd.crypto.root import root_key
from consentd.db.unit import Database, Unit
from consentd.evidence import recorder
from consentd.evidence.model import OPERATOR


@pytest.fixture
async def keyring(database: Database) -> Keyring:
    def make(unit: Unit) -> Keyring:
        made = create_keyring(unit, root_key(bytes(range(32))))
        recorder.begin(unit, made, action="installed", actor=OPERATOR, key=made.audit()).close(None)
        return made

    return await database.change(make)


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
