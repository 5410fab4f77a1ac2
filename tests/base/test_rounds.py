"""Work that is never over: it goes on while there is something, waits, is woken, and outlives what fails."""

import asyncio
from collections.abc import Callable

import pytest

from consentd.base.rounds import Rounds
from consentd.kernel.errors import Unavailable

LONG = 600.0
"""Seconds that no test waits for."""


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0)


async def test_it_goes_on_while_there_is_something_and_waits_to_be_woken() -> None:
    rounds, left, done = Rounds("work", LONG), 3, 0

    async def work() -> int:
        nonlocal left, done
        done += 1
        left = max(left - 1, 0)
        return left

    running = asyncio.create_task(rounds.run(work))
    await until(lambda: done == 3)
    for _ in range(10):
        await asyncio.sleep(0)
    assert done == 3
    left = 2
    rounds.wake()
    await until(lambda: done == 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_it_is_woken_for_while_it_works_is_not_missed() -> None:
    rounds, done = Rounds("work", LONG), 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 1:
            rounds.wake()

    running = asyncio.create_task(rounds.run(work))
    await until(lambda: done == 2)
    running.cancel()


@pytest.mark.parametrize(
    "error", [Unavailable("storage", "Nothing is there."), RuntimeError("ana@exemple.fr")]
)
async def test_promise_18_a_round_that_fails_is_told_by_its_kind_and_the_next_comes(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds, done = Rounds("work", 0.001), 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 1:
            raise error

    running = asyncio.create_task(rounds.run(work))
    await until(lambda: done == 2)
    running.cancel()
    said = capsys.readouterr()
    assert "ana@" not in said.out + said.err
