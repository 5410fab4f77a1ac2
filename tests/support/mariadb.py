"""A real MariaDB for the tests, started from the machine's own `mariadbd` (Debian's package mariadb-server).

It has a data folder, a socket and a port on the loopback of its own; the machine's own service, if there is
one, is not touched. Without it, tests are skipped by name; with CI=true they fail, because the connector of
silos' databases is promised for it. CONSENTD_TEST_MARIADB_URL names a server that is running already.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

_PR_SET_PDEATHSIG = 1
_SECONDS = 60

MISSING = (
    "no MariaDB for the tests: install Debian's mariadb-server (its service need not run), "
    "or set CONSENTD_TEST_MARIADB_URL"
)


class MariaServer:
    """Makes databases on a running server."""

    def __init__(self, url: sa.URL) -> None:
        self._url = url
        self._engine = sa.create_engine(url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
        self._made: list[str] = []

    def empty(self) -> str:
        """The URL of a new database without tables, for an account that may do anything."""
        name = f"consentd_test_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        self._made.append(name)
        return self._url.set(database=name).render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement.replace("%", "%%"))

    def drop(self, url: str) -> None:
        name = sa.make_url(url).database
        assert name in self._made
        self.run(f"DROP DATABASE IF EXISTS {name}")
        self._made.remove(name)

    def drop_all(self) -> None:
        for name in list(self._made):
            self.run(f"DROP DATABASE IF EXISTS {name}")


@contextmanager
def mariadb_server() -> Iterator[MariaServer | None]:
    """A server for as long as the block runs; None if this machine has none."""
    given = os.environ.get("CONSENTD_TEST_MARIADB_URL")
    if given:
        yield from _serve(sa.make_url(given).set(drivername="mysql+pymysql"))
        return
    server, installer = _binary("mariadbd"), _binary("mariadb-install-db")
    if server is None or installer is None:
        yield None
        return
    with _started(server, installer) as url:
        yield from _serve(url)


def _serve(url: sa.URL) -> Iterator[MariaServer]:
    server = MariaServer(url)
    try:
        yield server
    finally:
        server.drop_all()


def _binary(name: str) -> str | None:
    # Not on the path of accounts without rights, on Debian.
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def _started(server: str, installer: str) -> Iterator[sa.URL]:
    # It refuses to serve as root; Debian's package brings an account.
    account = None if os.geteuid() else "mysql"
    # The path is short because that of a socket may have no more than 107 bytes.
    place = Path(tempfile.mkdtemp(prefix="my", dir=_roomy()))
    data, log = place / "data", place / "log"
    try:
        if account is not None:
            shutil.chown(place, account)
        made = subprocess.run(
            [
                installer,
                "--no-defaults",
                f"--datadir={data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            user=account,
            group=_group(account),
            extra_groups=None if account is None else [],
            capture_output=True,
            cwd="/",
        )
        if made.returncode != 0:
            raise RuntimeError(f"{installer} failed with {made.returncode}")
        port = _free_port()
        process = subprocess.Popen(
            [
                server,
                "--no-defaults",
                f"--datadir={data}",
                f"--socket={place / 's'}",
                f"--pid-file={place / 'pid'}",
                f"--log-error={log}",
                "--bind-address=127.0.0.1",
                f"--port={port}",
                "--innodb-buffer-pool-size=64M",
                "--innodb-flush-log-at-trx-commit=0",
                "--skip-name-resolve",
            ],
            user=account,
            group=_group(account),
            extra_groups=None if account is None else [],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # After the change of account, which would undo it.
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        url = sa.URL.create("mysql+pymysql", "root", host="127.0.0.1", port=port)
        try:
            _answers(url, process)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _group(account: str | None) -> int | None:
    return None if account is None else pwd.getpwnam(account).pw_gid


def _die_with_parent() -> None:
    """It stops with this process, even if that is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(url: sa.URL, server: subprocess.Popen[bytes]) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    until = time.monotonic() + _SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            with engine.connect():
                return
        except sa.exc.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"MariaDB ended with {server.returncode}, or did not answer in {_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _roomy() -> str:
    memory = "/dev/shm"
    enough = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return memory if enough else "/tmp"
