"""Clients that may call this machine, or may not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentd.base.reaching import Host
from consentd.net.connecting import Allowed
from consentd.net.http import Http
from support.own_ca import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")))


class Anywhere(Allowed):
    """Any port of this machine: a test's server has whatever port is free."""

    def __init__(self) -> None:
        super().__init__(())

    def __contains__(self, server: tuple[str, int]) -> bool:
        return (server[0], 80) in Allowed([Host("127.0.0.1", 80), Host("localhost", 80), Host("::1", 80)])


@pytest.fixture
async def http(authority: Authority) -> AsyncIterator[Http]:
    """May call this machine by its own names."""
    opened = Http(Anywhere(), tls=authority.client())
    yield opened
    await opened.close()
