"""How requests are carried out beside each other: erasures over silos that are slow, fail, die and come back.

    python bench/dsr.py [requests] [silos]

Each silo answers one order at a time, after a latency of its own; a tenth of all orders fail, and three silos
are dead for a while in the middle. Told: whether every request was answered, whether any silo saw an erasure
take twice, the time from the first request to the last answer beside the slowest silo's own time (what it
took to answer everything it was asked, the tries that failed included), and the most memory of its own that
this process had at the start and until each quarter of the time. The last line is a JSON object with all
figures; BENCH_DATABASE names a PostgreSQL, else it is SQLite.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from consentd.db.migrate import migrate
from consentd.kernel.connection import Verb
from consentd.systems.connectors.contract import Answer, Asked, Order, Records, SiloUnavailable
from consentd.systems.connectors.limits import AT_ONCE
from support.builders import RealClock, open_company
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import smtp_sink

REQUESTS, SILOS = 200, 20
FAILS = 0.1
DEAD = 3


class Slow(Silo):
    """One order at a time. `busy` is how long it worked, `took` how often an erasure found something."""

    def __init__(self, people: int, seed: int) -> None:
        super().__init__(*((f"email:person{n}@exemple.fr",) for n in range(people)))
        self._chance = random.Random(seed)
        self.own = self._chance.uniform(0.01, 0.2)
        self.busy = 0.0
        self.took: dict[str, int] = {}
        self.dead = False
        self._one = asyncio.Lock()

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        async with self._one:
            if self.dead:
                raise SiloUnavailable("connection_refused", "The silo is down.")
            started = time.perf_counter()
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self.own)
            self.busy += time.perf_counter() - started
            if self._chance.random() < FAILS:
                raise SiloUnavailable("overloaded", "The silo is overloaded.")
            if order.verb is Verb.ERASE and self._mine(order):
                who = order.identifiers[0].value
                self.took[who] = self.took.get(who, 0) + 1
            return await super().carry_out(order, records)


async def measure(folder: Path, url: str, requests: int, silos: int) -> dict[str, Any]:
    found = {
        f"silo{n:02}": (system(f"silo{n:02}", "email", attempts=50), Slow(requests, n)) for n in range(silos)
    }
    async with open_company(url, folder, RealClock()) as company, smtp_sink() as mailbox:
        for n in range(requests):
            await company.gives(f"email:person{n}@exemple.fr")
        rights = await Rights.of(company, found, mailbox)
        who = [await rights.hire("Claire"), await rights.hire("Hugo")]
        asked = [await rights.asks("erasure", f"email:person{n}@exemple.fr") for n in range(requests)]
        for one in asked:
            await rights.step(one.id, "identify", who[0], grounds="Known at the counter.")
            await rights.step(one.id, "approve", who[0])
        started, processor = time.perf_counter(), time.process_time()
        worker = asyncio.create_task(rights.worker.run())
        for one in asked:
            await rights.step(one.id, "approve", who[1])
            rights.worker.wake()
        tools = [silo for _, silo in found.values()]
        dying = asyncio.create_task(_die(tools[:DEAD]))
        states: list[str] = []
        memory = [held()]
        while len(states) < requests:
            await asyncio.sleep(0.5)
            memory.append(held())
            page, _ = await rights.service.listed(
                company.systems["desk"], ("answered", "partial"), None, 10_000
            )
            states = [one.state for one in page]
        seconds = time.perf_counter() - started
        worker.cancel()
        await asyncio.gather(worker, dying, return_exceptions=True)
        slowest = max(silo.busy for silo in tools)
        return {
            "requests": requests,
            "silos": silos,
            "answered": states.count("answered"),
            "lost": requests - len(states),
            "left": sum(len(silo.rows) for silo in tools),
            "twice": sum(times > 1 for silo in tools for times in silo.took.values()),
            "seconds": round(seconds, 1),
            "processor": round(time.process_time() - processor, 1),
            "slowest_silo": round(slowest, 1),
            "ratio": round(seconds / slowest, 2),
            "own_mib": [memory[0], *(max(memory[: len(memory) * part // 4]) for part in range(1, 5))],
            "at_once": AT_ONCE,
        }


async def _die(silos: list[Slow]) -> None:
    """Each for a few seconds, one after the other; then all are well."""
    for silo in silos:
        await asyncio.sleep(2)
        silo.dead = True
    await asyncio.sleep(5)
    for silo in silos:
        silo.dead = False


def held() -> int:
    """MiB of this process's own memory now: the database's pages that it maps are the system's."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1]) >> 10


def main() -> None:
    requests, silos = (
        int(one) for one in (*sys.argv[1:], *(str(n) for n in (REQUESTS, SILOS)[len(sys.argv) - 1 :]))
    )
    with tempfile.TemporaryDirectory() as place:
        url = os.environ.get("BENCH_DATABASE") or f"sqlite:///{place}/consentd.db"
        migrate(url)
        told = asyncio.run(measure(Path(place), url, requests, silos))
    print(
        f"{told['answered']} of {told['requests']} answered, {told['lost']} lost, {told['twice']} twice, "
        f"{told['left']} rows left; {told['seconds']} s beside {told['slowest_silo']} s of the slowest silo: "
        f"{told['ratio']} times; {told['processor']} s of the processor; memory {told['own_mib']} MiB"
    )
    print(json.dumps(told))


if __name__ == "__main__":
    main()
