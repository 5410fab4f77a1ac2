"""The same erasures as `dsr.py`, carried out by worker processes that are killed and replaced.

    python bench/dsr_killed.py [requests] [silos]

The silos stay alive in one process and are reached over a socket; two workers are processes of their own, of
which every few seconds one gets SIGKILL and another takes its place. Told: whether every request was
answered, whether any silo saw an erasure take twice, rows left, kills, time, and the workers' most memory.
BENCH_DATABASE names a PostgreSQL, else it is SQLite.
"""

import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from consentd.dsr.copies import SealedCopies
from consentd.dsr.working import NOWHERE, Worker
from consentd.kernel.connection import Verb
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Asked, Connector, Order, Records, SiloUnavailable
from erasures import Figures, Slow, ask_all, came_of, office, over, run, slow_silos
from support.builders import RealClock, open_company
from support.smtp import smtp_sink

WORKERS = 2
KILLS = 8
EVERY = 4.0


class Far(Connector):
    """A silo of the process that has them all."""

    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            names = [[one.scheme, one.value] for one in order.identifiers]
            asked = {"silo": self._name, "task": order.task, "verb": order.verb, "names": names}
            writer.write(msgspec.json.encode(asked) + b"\n")
            told = json.loads(await reader.readline())
        finally:
            writer.close()
        if "unavailable" in told:
            raise SiloUnavailable(told["unavailable"], "The silo is not well.")
        return msgspec.convert(told["answer"], Answer)


class Sent(msgspec.Struct):
    silo: str
    task: UUID
    verb: Verb
    names: list[tuple[str, str]]


async def silos_served(silos: dict[str, Slow]) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whoever asked may be killed at any time; what was begun for them is done all the same.
        with contextlib.suppress(ConnectionError):
            sent = msgspec.json.decode(await reader.readline(), type=Sent)
            named = tuple(Named(*one) for one in sent.names)
            try:
                order = Order(task=sent.task, verb=sent.verb, identifiers=named)
                told: dict[str, Any] = {"answer": await silos[sent.silo].carry_out(order, NOWHERE)}
            except SiloUnavailable as error:
                told = {"unavailable": error.code}
            writer.write(msgspec.json.encode(told) + b"\n")
            await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


async def work(url: str, folder: str, port: str) -> None:
    async with open_company(url, Path(folder), RealClock()) as company:
        copies = SealedCopies(company.folder / "copies", company.database, company.keyring)
        await Worker(
            company.database,
            company.keyring,
            company.policies,
            lambda one, policy: Far(one.id, int(port)),
            copies,
        ).run()


async def measure(folder: Path, url: str, requests: int, silos: int) -> Figures:
    tools = slow_silos(requests, silos)
    server = await silos_served(tools)
    port = server.sockets[0].getsockname()[1]
    async with open_company(url, folder, RealClock()) as company, smtp_sink() as mailbox:
        rights = await office(company, tools, mailbox, requests)
        for one in await ask_all(rights, requests):
            await rights.step(one, "approve", rights.staff[1])
        started = time.perf_counter()
        workers = [await _worker(url, folder, port) for _ in range(WORKERS)]
        kills, memory, states = 0, 0, list[str]()
        while len(states) < requests:
            await asyncio.sleep(EVERY)
            memory = max(memory, *(_memory(one.pid) for one in workers))
            if kills < KILLS:
                dying = workers.pop(0)
                dying.kill()
                await dying.wait()
                workers.append(await _worker(url, folder, port))
                kills += 1
            states = await over(rights)
        seconds = time.perf_counter() - started
        for process in workers:
            process.kill()
            await process.wait()
        server.close()
        await company.verify_everything()
        return came_of(requests, tools, states, seconds) | {
            "kills": kills,
            "worker_mib": round(memory / 1024),
        }


async def _worker(url: str, folder: Path, port: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", __file__, "work", url, str(folder), str(port)
    )


def _memory(pid: int) -> int:
    """In KiB; 0 for a process that is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1])
    return 0


def said(told: Figures) -> str:
    return (
        f"{told['kills']} workers killed: {told['answered']} of {told['requests']} answered, {told['lost']} "
        f"lost, {told['twice']} twice, {told['left']} rows left; {told['seconds']} s beside "
        f"{told['slowest_silo']} s of the slowest silo; a worker took {told['worker_mib']} MiB at most"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        asyncio.run(work(*sys.argv[2:]))
    else:
        run(measure, said)
