"""The service as callers meet it: one process per database for the whole session, over a socket.

Tests share it, so each one makes up people of its own.
"""

from collections.abc import Iterator

import handed
import httpx
import pytest
from asking import installed
from logged_in import Webshop

from support.installation import Serving
from support.smtp import Sink, sink_beside


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Sink]:
    """Everybody's mail, at a real server."""
    with sink_beside() as sink:
        yield sink


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> Iterator[Serving]:
    installation = installed(request, tmp_path_factory.mktemp("http"), mailbox)
    handed.let_the_till_come(installation)
    with installation.kept_open(), installation.served() as serving:
        yield serving


@pytest.fixture(scope="session")
def till(service: Serving) -> Iterator[httpx.Client]:
    """A system that may do everything but decide who is who, and whose exports the policy describes."""
    scopes = ("consent:write", "consent:read", "check", "reasons", "replica", "tasks")
    scopes += ("requests:write", "requests:read", "requests:decide")
    with service.client_of(service.installation.connect(*scopes, name="till")) as client:
        yield client


@pytest.fixture(scope="session")
def desk(service: Serving) -> Iterator[httpx.Client]:
    """A system of the staff's, at which they decide who is who."""
    with service.client("consent:read", "people:write") as client:
        yield client


@pytest.fixture(scope="session")
def webshop(service: Serving) -> Webshop:
    """A system whose logins prove who asks, by the policy."""
    return Webshop(service)
