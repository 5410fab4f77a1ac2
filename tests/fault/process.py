"""Another process of the service, told what to do by its arguments, and when by its standard input.

check URL FOLDER WHO     asks without end; one line per check: when it began and ended, 1 for yes
post URL FOLDER SCHEME   one first post about each person named by a line
permit URL FOLDER SYSTEM asks for two permits at once to call each number of a line; how many it got of each
"""

import asyncio
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.builders import Clock, RealClock, open_company
from support.builders_permits import NOON, permits_at_once
from support.builders_requests import question


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def check(url: str, folder: str, who: str) -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    async with open_company(url, Path(folder), RealClock()) as company:
        asked, till = question((who,), "newsletter", "email"), company.systems["till"]
        say("ready")
        while not over.is_set():
            # So that whoever reads along is never far behind.
            await asyncio.sleep(0.001)
            began = time.monotonic_ns()
            answer = await company.checks.check(till, asked)
            say(f"{began} {time.monotonic_ns()} {int(answer.allow)}")


async def post(url: str, folder: str, scheme: str) -> None:
    async with open_company(url, Path(folder), RealClock()) as company:
        say("ready")
        for name in await asyncio.to_thread(lambda: sys.stdin.readline().split()):
            await company.withdraws(f"email:{name}@exemple.fr", f"{scheme}:{name}")
        say("done")


async def permit(url: str, folder: str, system: str) -> None:
    async with open_company(url, Path(folder), Clock(NOON)) as company:
        await company.system_of(system)
        say("ready")
        numbers = await asyncio.to_thread(lambda: sys.stdin.readline().split())
        given = [await permits_at_once(company, number, system) for number in numbers]
        say(" ".join(map(str, given)))


if __name__ == "__main__":
    role = {"check": check, "post": post, "permit": permit}[sys.argv[1]]
    asyncio.run(role(*sys.argv[2:]))
