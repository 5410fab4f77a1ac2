"""What the measurements of erasures share: silos that are slow and fail, requests that wait for them, and
what came of it. `dsr.py` carries them out in one process, `dsr_killed.py` in some that are killed.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from consentd.db.migrate import migrate
from consentd.kernel.connection import Verb
from consentd.systems.connectors.contract import Answer, Asked, Order, Records, SiloUnavailable
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink

REQUESTS, SILOS = 200, 20
FAILS = 0.1

Figures = dict[str, Any]


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


def slow_silos(people: int, silos: int) -> dict[str, Slow]:
    return {f"silo{n:02}": Slow(people, n) for n in range(silos)}


async def office(company: Company, tools: Mapping[str, Slow], mailbox: Sink, people: int) -> Rights:
    """The company that knows these people, and whose policy has these silos; two decide for it."""
    for n in range(people):
        await company.gives(f"email:person{n}@exemple.fr")
    found = {name: (system(name, "email", attempts=50), silo) for name, silo in tools.items()}
    rights = await Rights.of(company, found, mailbox)
    await rights.hire("Claire")
    await rights.hire("Hugo")
    return rights


async def ask_all(rights: Rights, people: int) -> list[UUID]:
    """An erasure of each of them, which still waits for the second approval."""
    found = [(await rights.asks("erasure", f"email:person{n}@exemple.fr")).id for n in range(people)]
    for one in found:
        await rights.step(one, "identify", rights.staff[0], grounds="Known at the counter.")
        await rights.step(one, "approve", rights.staff[0])
    return found


async def over(rights: Rights) -> list[str]:
    """The states of those that were answered, whole or in part."""
    desk = rights.company.systems["desk"]
    page, _ = await rights.service.listed(desk, ("answered", "partial"), None, 10_000)
    return [one.state for one in page]


def came_of(requests: int, tools: Mapping[str, Slow], states: list[str], seconds: float) -> Figures:
    slowest = max(silo.busy for silo in tools.values())
    return {
        "requests": requests,
        "silos": len(tools),
        "answered": states.count("answered"),
        "lost": requests - len(states),
        "left": sum(len(silo.rows) for silo in tools.values()),
        "twice": sum(times > 1 for silo in tools.values() for times in silo.took.values()),
        "seconds": round(seconds, 1),
        "slowest_silo": round(slowest, 1),
        "ratio": round(seconds / slowest, 2),
    }


def run(
    measure: Callable[[Path, str, int, int], Coroutine[Any, Any, Figures]], said: Callable[[Figures], str]
) -> None:
    """From the command line's numbers to the line in words and the one in JSON."""
    requests, silos = (
        int(one) for one in (*sys.argv[1:], *(str(n) for n in (REQUESTS, SILOS)[len(sys.argv) - 1 :]))
    )
    with tempfile.TemporaryDirectory() as place:
        url = os.environ.get("BENCH_DATABASE") or f"sqlite:///{place}/consentd.db"
        migrate(url)
        told = asyncio.run(measure(Path(place), url, requests, silos))
    print(said(told))
    print(json.dumps(told))
