"""One installation of consentd, used as its operator and its channel systems use it: commands as processes
of their own, the service as a process on a port, calls over a socket.

Only its making is done in this process (tables, keys, policy, systems): each command costs a second to start.
"""

import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from consentd.app import Parts
from consentd.base.settings import Settings, from_environment
from consentd.callers import service as callers
from consentd.callers import staff
from consentd.cli.common import opened
from consentd.cli.setup import initialise
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.tables.log import log_entries
from consentd.evidence.model import OPERATOR

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "policies"
READY_SECONDS = 60

_numbers = itertools.count(1)


class Ran(msgspec.Struct, frozen=True):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Client(msgspec.Struct, frozen=True):
    id: str
    secret: str


class Installation:
    """`folder` is its data directory; the database is SQLite there unless `database_url` names another."""

    def __init__(
        self, folder: Path, database_url: str | None = None, *, policies: Path = POLICIES, **more: str
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self._kept: tuple[asyncio.Runner, Parts] | None = None
        # Nothing of the developer's own settings comes in; and what is compiled is kept for the next process.
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CONSENTD_") and name != "PYTHONDONTWRITEBYTECODE"
        } | {
            "CONSENTD_DATA_DIR": str(folder),
            "CONSENTD_PORT": str(self.port),
            "CONSENTD_POLICIES": str(policies),
            "LC_ALL": "C.UTF-8",
            **({"CONSENTD_DATABASE_URL": database_url} if database_url else {}),
            **more,
        }

    @property
    def settings(self) -> Settings:
        return from_environment(self.environment)

    def make(self) -> "Installation":
        """Tables, keys and policy, as `init` makes them."""
        initialise(self.settings)
        return self

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """A command as a process of its own, not waited for."""
        return subprocess.Popen(
            [sys.executable, "-m", "consentd", *arguments],
            cwd=ROOT,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **more: str) -> Ran:
        """A command, to its end, in a process of its own."""
        with tempfile.TemporaryDirectory() as place:
            out, err = Path(place, "out"), Path(place, "err")
            process = _warm.Process(target=_command, args=(arguments, self.environment | more, out, err))
            process.start()
            process.join(120)
            assert process.exitcode is not None, f"consentd {arguments} does not end"
            return Ran(process.exitcode, out.read_text(), err.read_text())

    def connect(
        self,
        *scopes: str,
        purposes: Sequence[str] = (),
        channels: Sequence[str] = (),
        name: str | None = None,
    ) -> Client:
        """A new system."""

        async def work(parts: Parts) -> callers.NewSystem:
            return await parts.database.change(
                lambda unit: callers.add_system(
                    unit,
                    parts.keyring,
                    name or f"system-{next(_numbers)}",
                    scopes,
                    purposes,
                    channels,
                    "Europe/Paris",
                    OPERATOR,
                )
            )

        made = self.within(work)
        return Client(str(made.id), made.secret)

    def hire(self, name: str = "Claire") -> str:
        """A member of staff; their id."""

        async def work(parts: Parts) -> str:
            made = await parts.database.change(
                lambda unit: staff.add(
                    unit, parts.keyring, name, "claire@maison-lavande.example", "fr", "dpo", OPERATOR
                )
            )
            return str(made.id)

        found: str = self.within(work)
        return found

    def entries(self) -> list[str]:
        """What the log says was done, in order, also what is not sequenced yet."""

        async def work(parts: Parts) -> list[str]:
            return await parts.database.read(
                lambda connection: list(
                    connection.execute(sa.select(log_entries.c.action).order_by(log_entries.c.id)).scalars()
                )
            )

        return self.within(work)

    @contextlib.contextmanager
    def kept_open(self) -> Iterator[None]:
        """Until the block ends, `within` finds the parts open, as a process beside the service has them."""
        with asyncio.Runner() as runner:
            parts = opened(self.settings)
            self._kept = runner, runner.run(parts.__aenter__())
            try:
                yield
            finally:
                self._kept = None
                runner.run(parts.__aexit__(None, None, None))

    def within(self, work: Any) -> Any:
        """Runs a coroutine over the opened parts, in this process."""
        if self._kept is not None:
            runner, parts = self._kept
            return runner.run(with_fresh_keys(parts.keyring, parts.database, lambda: work(parts)))

        async def run() -> Any:
            async with opened(self.settings) as parts:
                return await work(parts)

        return asyncio.run(run())

    @contextlib.contextmanager
    def served(
        self, port: int | None = None, *arguments: str, program: Sequence[str] = ("-m", "consentd", "serve")
    ) -> Iterator["Serving"]:
        """`python -m consentd serve`, or another program that serves, from its being ready to its end."""
        port = port or self.port
        log = self.folder / f"server-{port}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, *program, *arguments],
                cwd=ROOT,
                env=self.environment
                | {"CONSENTD_PORT": str(port), "CONSENTD_PUBLIC_URL": self.settings.public_url},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_ready(address, process, log)
            yield Serving(self, address, log, process)
        finally:
            process.terminate()
            process.wait(20)


class Serving:
    """The running service, and what it wrote."""

    def __init__(
        self, installation: Installation, address: str, log: Path, process: subprocess.Popen[bytes]
    ) -> None:
        self.installation = installation
        self.address = address
        self.process = process
        self.pid = process.pid
        self._log = log

    def stranger(self) -> httpx.Client:
        """A client without a token."""
        return httpx.Client(base_url=self.address, timeout=60)

    def token(self, client: Client, scope: str | None = None) -> str:
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        answer = httpx.post(f"{self.address}/oauth/token", data=form, auth=(client.id, client.secret))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def client(
        self, *scopes: str, purposes: Sequence[str] = (), channels: Sequence[str] = ()
    ) -> httpx.Client:
        """A client that calls as a new system of these scopes."""
        return self.client_of(self.installation.connect(*scopes, purposes=purposes, channels=channels))

    def client_of(self, client: Client) -> httpx.Client:
        made = self.stranger()
        made.headers["authorization"] = f"Bearer {self.token(client)}"
        return made

    def lines(self) -> list[dict[str, Any]]:
        """All that the server wrote so far, each line as the JSON that it is."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def log_size(self) -> int:
        return self._log.stat().st_size

    def log(self, since: int, until: str) -> str:
        """What the server wrote from a size on, once it holds the request id `until`: it writes in groups."""
        deadline = time.monotonic() + READY_SECONDS
        with self._log.open("rb") as file:
            file.seek(since)
            written = file.read()
            while until.encode() not in written:
                assert time.monotonic() < deadline, f"{until} is never written"
                time.sleep(0.02)
                written += file.read()
        return written.decode()


# Importing everything takes a command a second: here that is done once, and each command is a fork of it.
_warm = multiprocessing.get_context("forkserver")
_warm.set_forkserver_preload(["consentd.cli"])


def _command(arguments: tuple[str, ...], environment: dict[str, str], out: Path, err: Path) -> None:
    """What `python -m consentd` does, once it has imported everything."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    for number, path, flags in ((0, "/dev/null", 0), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        file = os.open(path, flags | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, "r", closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    from consentd.cli import main

    try:
        main(list(arguments), prog_name="python -m consentd")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def ended(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out, err)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_until_ready(address: str, process: subprocess.Popen[Any], log: Path | None = None) -> None:
    """Returns when the service is ready. Fails with what it wrote if it ends, or never is."""
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"The service is not ready:\n{log.read_text() if log else ''}")
