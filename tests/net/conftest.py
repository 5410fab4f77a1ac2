"""Clients that may call this machine, or may not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentd.net.http import Http
from support.own_ca import Authority
from support.this_machine import ThisMachine


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
async def http(authority: Authority) -> AsyncIterator[Http]:
    """May call this machine by its own names."""
    opened = Http(ThisMachine(), tls=authority.client())
    yield opened
    await opened.close()
