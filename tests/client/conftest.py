"""Programs that use the client: with threads or with an event loop, against the service itself."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from both import Program

from consentd.client import AsyncClient, Client
from support.installation import Installation, Serving
from support.postgres import Server


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Shared: each test makes up people of its own."""
    with Installation(tmp_path_factory.mktemp("client")).make().served() as serving:
        yield serving


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def apart(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """On both databases, and for one file of tests alone: what they do to it is no other's affair."""
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.migrated()
    with Installation(tmp_path_factory.mktemp("apart"), url).make().served() as serving:
        yield serving


@pytest.fixture(params=["threads", "event loop"])
def program(request: pytest.FixtureRequest) -> Iterator[Callable[..., Program]]:
    """Makes a client of either kind; both are held to every test."""
    with asyncio.Runner() as runner:
        made: list[Program] = []

        def make(*given: Any, **more: Any) -> Program:
            kind = Client if request.param == "threads" else AsyncClient
            made.append(Program(kind(*given, **more), runner))
            return made[-1]

        yield make
        for one in made:
            one.call("close")
