"""Processes that die where they are told to: one that has everything loaded, and forks one for each death.

A line of its standard input is an `Assignment`; its answer is the signal that ended the process, or 0.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import msgspec
from carrying import Carrier, Place
from points import Point, die_at

from consentd.kernel.connection import Verb
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy, System
from consentd.systems.connectors.contract import Connector
from support.builders import Clock, open_company


class Assignment(msgspec.Struct, frozen=True):
    place: Place
    point: Point
    system: str
    verb: Verb


async def carry_out(told: Assignment) -> None:
    place = told.place
    async with open_company(place.url, Path(place.folder), Clock(Instant(place.now))) as company:
        carrier = Carrier(company, place)
        wrapped = die_at(told.point, told.system, told.verb)

        def connector(system: System, policy: Policy) -> Connector:
            made = carrier.connector(system, policy)
            return wrapped(made) if system.id == told.system else made

        await carrier.worker(connector).settled()
        await carrier.close()


class Mortals:
    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    async def dies(self, told: Assignment) -> int:
        """The signal that ended the process; 0 where it came to the end of its work."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(told) + b"\n")
        self._process.stdin.flush()
        # Its silos are served by the loop of whoever waits here.
        return int(json.loads(await asyncio.to_thread(self._process.stdout.readline)))


@contextmanager
def mortals() -> Iterator[Mortals]:
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Mortals(process)
    finally:
        process.communicate()


def main() -> None:
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            asyncio.run(carry_out(msgspec.json.decode(line, type=Assignment)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        sys.stdout.write(f"{ended}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
