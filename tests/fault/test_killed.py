"""Promises 1 and 3: what was acknowledged survives a kill -9 whole, and nothing is there by half."""

import asyncio
import base64
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from consentd.base.clock import now
from consentd.db.tables.consent import consent_events, consent_states
from consentd.db.tables.keys import subject_keys
from consentd.db.tables.log import log_entries
from consentd.evidence import journal
from consentd.kernel.instants import to_text
from support.builders import RealClock, open_company
from support.builders_requests import consents, event, subject, yes

ROOT_KEY = base64.b64encode(bytes(range(32))).decode()
ROUNDS = 2
CALLERS = 8


class Server:
    """`consentd serve`, in a process of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "CONSENTD_DATABASE_URL": url,
            "CONSENTD_DATA_DIR": str(folder),
            "CONSENTD_ROOT_KEY": ROOT_KEY,
            "CONSENTD_PORT": str(self.port),
            "CONSENTD_LOG_LEVEL": "warning",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "consentd", "serve"], env=environment, stderr=subprocess.DEVNULL
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ready(self, http: httpx.AsyncClient) -> None:
        while True:
            assert self.process.poll() is None
            try:
                if (await http.get("/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def server(url: str, folder: Path) -> Iterator[Server]:
    running = Server(url, folder)
    try:
        yield running
    finally:
        running.kill()


async def load(running: Server, client: tuple[str, str], names: Iterator[int], kill_after: int) -> list[Any]:
    """Answers of all calls acknowledged before the server was killed under them."""
    acknowledged: list[Any] = []
    async with httpx.AsyncClient(base_url=running.address, timeout=10) as http:
        await running.ready(http)
        token = await http.post("/oauth/token", auth=client, data={"grant_type": "client_credentials"})
        http.headers["authorization"] = f"Bearer {token.json()['access_token']}"

        async def call() -> None:
            while running.process.poll() is None:
                number = next(names)
                who = subject(f"email:kill{number}@exemple.fr", f"loyalty:{number}")
                said = yes("newsletter", "email", to_text(now()), source_event_id=f"yes-{number}")
                no = event("promotions", "email", state="withdrawn", source_event_id=f"no-{number}")
                body = msgspec.json.encode(consents(who, said, no))
                try:
                    answer = await http.post(
                        "/v1/consents", content=body, headers={"content-type": "application/json"}
                    )
                except httpx.TransportError:
                    return
                assert answer.status_code == 201, answer.text
                acknowledged.append(answer.json())
                if len(acknowledged) == kill_after:
                    running.kill()

        await asyncio.gather(*(call() for _ in range(CALLERS)))
    return acknowledged


async def test_promises_1_and_3_every_acknowledged_event_survives_a_kill_and_none_is_there_by_half(
    database_url: str, tmp_path: Path
) -> None:
    async with open_company(database_url, tmp_path, RealClock()) as company:
        client = str(company.systems["till"].system_id), company.secrets["till"]
    names, acknowledged = itertools.count(), []
    for kill_after in random.Random(5).sample(range(3, 60), ROUNDS):
        with server(database_url, tmp_path) as running:
            acknowledged += await load(running, client, names, kill_after)
    async with open_company(database_url, tmp_path, RealClock()) as company:

        def read(connection: sa.Connection) -> tuple[list[Any], set[Any], int, int]:
            return (
                list(connection.execute(sa.select(consent_events)).mappings()),
                set(connection.execute(sa.select(log_entries.c.id)).scalars()),
                connection.execute(sa.select(sa.func.count()).select_from(consent_states)).scalar_one(),
                connection.execute(sa.select(sa.func.count()).select_from(subject_keys)).scalar_one(),
            )

        events, entries, states, keys = await company.database.read(read)
        kept = {str(row["id"]) for row in events}
        told = [one for answer in acknowledged for one in answer["events"]]
        people = {row["subject_id"] for row in events}
        assert len(acknowledged) >= sum(random.Random(5).sample(range(3, 60), ROUNDS))
        assert {one["id"] for one in told} <= kept
        # Two events, two states and two keys for each person: of every call all, or nothing.
        assert len(events) == states == keys == 2 * len(people)
        assert {row["entry_id"] for row in events} <= entries
        withdrawals = {row["entry_id"] for row in events if row["state"] == "withdrawn"}
        stops = journal.read(tmp_path / "stop-journal.jsonl", company.keyring)
        assert withdrawals <= {stop.entry for stop in stops.stops}
        await company.verify_everything()
        again = await company.send(
            ("email:kill0@exemple.fr", "loyalty:0"),
            event("promotions", "email", state="withdrawn", source_event_id="no-0"),
        )
        assert again[0] == 200
