"""Permits between threads and processes: where one attempt is left, one permit is given (docs/law.md 18)."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from processes import process

from support.builders import Clock, Company, open_company
from support.builders_permits import NOON, at_three_of_four, may, permits_at_once

NUMBERS = [f"phone:+3362468{number:04d}" for number in range(12)]


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    """Everybody may be called once more."""
    async with open_company(database_url, tmp_path) as opened:
        await opened.add_system("call-centre")
        for number in NUMBERS:
            await at_three_of_four(opened, number)
        yield opened


async def test_two_processes_at_three_of_four_never_both_get_a_permit(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    """Two agents in each, who are given the same list."""
    go = " ".join(NUMBERS).encode() + b"\n"
    async with (
        process("permit", database_url, str(tmp_path), "till") as first,
        process("permit", database_url, str(tmp_path), "call-centre") as second,
    ):
        for one in (first, second):
            assert one.stdin is not None
            one.stdin.write(go)
        given = []
        for one in (first, second):
            assert one.stdout is not None
            given.append([int(count) for count in (await one.stdout.readline()).split()])
    assert [sum(counts) for counts in zip(*given, strict=True)] == [1] * len(NUMBERS)
    company.clock.now = NOON
    assert not any([await may(company, number) for number in NUMBERS])
    await company.verify_everything()


async def test_two_threads_at_three_of_four_never_both_get_a_permit(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    """Each with a service, an event loop and connections of its own."""
    start, given = threading.Barrier(2), {}

    async def asking(system: str) -> list[int]:
        async with open_company(database_url, tmp_path, Clock(NOON)) as other:
            await other.system_of(system)
            await asyncio.to_thread(start.wait, 60)
            return [await permits_at_once(other, number, system) for number in NUMBERS]

    def thread(system: str) -> None:
        given[system] = asyncio.run(asking(system))

    await asyncio.gather(*(asyncio.to_thread(thread, system) for system in ("till", "call-centre")))
    assert [sum(counts) for counts in zip(*given.values(), strict=True)] == [1] * len(NUMBERS)
    await company.verify_everything()
