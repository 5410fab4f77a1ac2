"""How requests are carried out beside each other: erasures over silos that are slow, fail, die and come back.

    python bench/dsr.py [requests] [silos]

Each silo answers one order at a time, after a latency of its own; a tenth of all orders fail, and three silos
are dead for a while in the middle. Told: whether every request was answered, whether any silo saw an erasure
take twice, the time from the first request to the last answer beside the slowest silo's own time (what it
took to answer everything it was asked, the tries that failed included), and the memory. The last line is a
JSON object with all figures; BENCH_DATABASE names a PostgreSQL, else it is SQLite.
"""

import asyncio
import resource
import time
from pathlib import Path

from consentd.systems.connectors.limits import AT_ONCE
from erasures import Figures, Slow, ask_all, came_of, office, over, run, slow_silos
from support.builders import RealClock, open_company
from support.smtp import smtp_sink

DEAD = 3


async def measure(folder: Path, url: str, requests: int, silos: int) -> Figures:
    tools = slow_silos(requests, silos)
    async with open_company(url, folder, RealClock()) as company, smtp_sink() as mailbox:
        rights = await office(company, tools, mailbox, requests)
        before = peak()
        waiting = await ask_all(rights, requests)
        started, processor = time.perf_counter(), time.process_time()
        worker = asyncio.create_task(rights.worker.run())
        for one in waiting:
            await rights.step(one, "approve", rights.staff[1])
            rights.worker.wake()
        dying = asyncio.create_task(_die(list(tools.values())[:DEAD]))
        states: list[str] = []
        while len(states) < requests:
            await asyncio.sleep(0.5)
            states = await over(rights)
        seconds = time.perf_counter() - started
        worker.cancel()
        await asyncio.gather(worker, dying, return_exceptions=True)
        return came_of(requests, tools, states, seconds) | {
            "processor": round(time.process_time() - processor, 1),
            "peak_mib": [round(before / 1024), round(peak() / 1024)],
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


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def said(told: Figures) -> str:
    return (
        f"{told['answered']} of {told['requests']} answered, {told['lost']} lost, {told['twice']} twice, "
        f"{told['left']} rows left; {told['seconds']} s beside {told['slowest_silo']} s of the slowest silo: "
        f"{told['ratio']} times; {told['processor']} s of the processor; memory {told['peak_mib']} MiB"
    )


if __name__ == "__main__":
    run(measure, said)
