"""A silo that runs, and the connector that reaches it."""

from collections.abc import AsyncIterator

import pytest
from silo import Silo, connect, running_silo

from consentd.net.http import Http
from consentd.systems.connectors.webhook import WebhookConnector
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
