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
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

import msgspec

from consentd.db.migrate import migrate
from consentd.dsr.copies import SealedCopies
from consentd.dsr.working import NOWHERE, Worker
from consentd.kernel.connection import Verb
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Asked, Connector, Order, Records, SiloUnavailable
from dsr import REQUESTS, SILOS, Slow
from support.builders import RealClock, open_company
from support.rights import Rights
from support.silos_simulated import system
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


async def measure(folder: Path, url: str, requests: int, silos: int) -> dict[str, Any]:
    tools = {f"silo{n:02}": Slow(requests, n) for n in range(silos)}
    found = {name: (system(name, "email", attempts=50), silo) for name, silo in tools.items()}
    server = await silos_served(tools)
    port = server.sockets[0].getsockname()[1]
    async with open_company(url, folder, RealClock()) as company, smtp_sink() as mailbox:
        for n in range(requests):
            await company.gives(f"email:person{n}@exemple.fr")
        rights = await Rights.of(company, found, mailbox)
        who = [await rights.hire("Claire"), await rights.hire("Hugo")]
        for n in range(requests):
            asked = await rights.asks("erasure", f"email:person{n}@exemple.fr")
            await rights.step(asked.id, "identify", who[0], grounds="Known at the counter.")
            for one in who:
                await rights.step(asked.id, "approve", one)
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
            page, _ = await rights.service.listed(
                company.systems["desk"], ("answered", "partial"), None, 10_000
            )
            states = [one.state for one in page]
        seconds = time.perf_counter() - started
        for one in workers:
            one.kill()
            await one.wait()
        server.close()
        await company.verify_everything()
        slowest = max(silo.busy for silo in tools.values())
        return {
            "requests": requests,
            "silos": silos,
            "kills": kills,
            "answered": states.count("answered"),
            "lost": requests - len(states),
            "left": sum(len(silo.rows) for silo in tools.values()),
            "twice": sum(times > 1 for silo in tools.values() for times in silo.took.values()),
            "seconds": round(seconds, 1),
            "slowest_silo": round(slowest, 1),
            "ratio": round(seconds / slowest, 2),
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


def main() -> None:
    if sys.argv[1:2] == ["work"]:
        asyncio.run(work(*sys.argv[2:]))
        return
    requests, silos = (
        int(one) for one in (*sys.argv[1:], *(str(n) for n in (REQUESTS, SILOS)[len(sys.argv) - 1 :]))
    )
    with tempfile.TemporaryDirectory() as place:
        url = os.environ.get("BENCH_DATABASE") or f"sqlite:///{place}/consentd.db"
        migrate(url)
        told = asyncio.run(measure(Path(place), url, requests, silos))
    print(
        f"{told['kills']} workers killed: {told['answered']} of {told['requests']} answered, {told['lost']} "
        f"lost, {told['twice']} twice, {told['left']} rows left; {told['seconds']} s beside "
        f"{told['slowest_silo']} s of the slowest silo; a worker took {told['worker_mib']} MiB at most"
    )
    print(json.dumps(told))


if __name__ == "__main__":
    main()
