"""A backup was put back, and the log has grown past where a replica was: it is noticed, and told anew."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import the_log
from both import EVERYTHING, somebody, yes

from consentd.client import Client, Replica
from support.installation import Client as Credentials
from support.installation import Installation, Serving
from support.postgres import Server

NEWSLETTER = ("newsletter", "email")


class Kept:
    """An installation whose database and data folder can be copied, and put back, while it does not run."""

    def __init__(self, folder: Path, server: Server | None) -> None:
        self._server = server
        self._folder = folder / "data"
        self._backup = folder / "backup"
        self._folder.mkdir()
        self.installation = Installation(self._folder, server.migrated() if server else None).make()
        self._copy: str | None = None

    def back_up(self) -> None:
        shutil.copytree(self._folder, self._backup)
        if self._server is not None:
            name = self.installation.settings.database_url.rpartition("/")[2].partition("?")[0]
            self._copy = self._server.url(self._server._create(name))

    def restore(self) -> None:
        shutil.rmtree(self._folder)
        shutil.copytree(self._backup, self._folder)
        if self._copy is not None:
            self.installation.environment["CONSENTD_DATABASE_URL"] = self._copy


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    server: Server | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
    return Kept(tmp_path, server)


@contextmanager
def called(serving: Serving, found: Credentials) -> Iterator[Client]:
    with Client(serving.address, found.id, found.secret, timeout=20, total=30) as client:
        yield client


@pytest.mark.parametrize("in_the_log", [True, False])
def test_promise_5_a_database_that_was_set_back_and_grew_again_is_told_anew(
    kept: Kept, tmp_path: Path, in_the_log: bool
) -> None:
    """Ana's yes is lost with the restored backup; then more is recorded than was lost.

    `in_the_log`: whether the cursor lies behind what was lost, or before it, since it waited for the log.
    """
    found = kept.installation.connect(*EVERYTHING)
    ana, bruno = somebody(), somebody()
    path = tmp_path / "x"
    with kept.installation.served() as serving, called(serving, found) as client:
        client.record(bruno, yes())
        the_log.settle(kept.installation)
        with Replica.open(path, client, follow=None) as replica:
            replica.refresh()
        the_log.settle(kept.installation)
    kept.back_up()
    with kept.installation.served() as serving, called(serving, found) as client:
        if not in_the_log:
            the_log.hold(kept.installation, 60)
        client.record(ana, yes())
        if in_the_log:
            the_log.settle(kept.installation)
        with Replica.open(path, client, follow=None) as replica:
            replica.refresh()
            assert replica.check(ana, *NEWSLETTER)
            before = replica._keeping.position()[0]
    kept.restore()
    with kept.installation.served() as serving, called(serving, found) as client:
        for _ in range(6):
            client.record(somebody(), yes())
        client.withdraw(bruno, *NEWSLETTER)
        the_log.settle(kept.installation)
        with Replica.open(path, client, follow=None) as replica:
            replica.refresh()
            assert client.check(ana, *NEWSLETTER).reason == "unknown_person"
            assert replica.check(ana, *NEWSLETTER).reason == "unknown_person"
            assert replica.check(bruno, *NEWSLETTER).reason == "withdrawn"
            assert replica._keeping.position()[0] != before
            cursor = replica._keeping.position()[0]
            replica.refresh()
            assert replica.check(bruno, *NEWSLETTER).reason == "withdrawn"
            assert cursor is not None
