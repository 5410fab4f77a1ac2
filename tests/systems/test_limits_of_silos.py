"""One silo that is slow, broken or asked too often holds up itself alone."""

import asyncio
import time
from typing import Any

import pytest
from silo import TASK, Kept, order, system

from consentd.kernel.connection import Connection, Verb
from consentd.systems.connectors.contract import (
    Answer,
    Asked,
    Connector,
    Order,
    Records,
    SiloUnavailable,
    Verdict,
)
from consentd.systems.connectors.contract import Test as TriedOut
from consentd.systems.connectors.limits import AT_ONCE, Guard, Guards, Limited, Throttled

DONE = Answer(verdict=Verdict.DONE)


class Slow(Connector):
    """Takes its time, and remembers what it was asked."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds
        self.asked: list[Verb] = []

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        self.asked.append(order.verb)
        await asyncio.sleep(self.seconds)
        if order.verb is Verb.EXPORT:
            records.add("orders", {"number": "A-17"})
        return DONE

    async def test(self) -> TriedOut:
        await asyncio.sleep(self.seconds)
        return TriedOut(ok=True, lines=("Here.",))


def connection(**said: Any) -> Connection:
    found = system(by="inbox", **said).connection
    assert found is not None
    return found


def limited(inner: Connector, guard: Guard | None = None, **said: Any) -> Limited:
    named = connection(**said)
    return Limited(inner, named, guard or Guard(named.per_minute))


class Ticking:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_silo_is_asked_so_many_times_in_any_minute_and_no_more() -> None:
    clock = Ticking()
    inner = Slow()
    silo = limited(inner, Guard(3, clock))
    for _ in range(2):
        await silo.carry_out(order(), Kept())
    clock.now += 59
    await silo.carry_out(order(), Kept())
    with pytest.raises(Throttled) as caught:
        await silo.carry_out(order(), Kept())
    assert caught.value.retry_after == 2
    assert isinstance(caught.value, SiloUnavailable)
    clock.now += 1
    for _ in range(2):
        await silo.carry_out(order(), Kept())
    with pytest.raises(Throttled) as caught:
        await silo.carry_out(order(), Kept())
    assert caught.value.retry_after == 60
    assert len(inner.asked) == 5


async def test_a_silo_that_hangs_holds_up_a_few_orders_and_no_other_silo() -> None:
    guards = Guards()
    named = connection(per_minute=1000, timeout_seconds=1)
    stuck = Limited(Slow(30), named, guards.of("stuck", named))
    waiting = [asyncio.create_task(stuck.carry_out(order(), Kept())) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    began = time.monotonic()
    with pytest.raises(Throttled):
        await stuck.carry_out(order(), Kept())
    assert await Limited(Slow(), named, guards.of("other", named)).carry_out(order(), Kept()) == DONE
    assert time.monotonic() - began < 0.5
    for found in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(found, SiloUnavailable)
        assert found.code == "silo_slow"
    # Those that ended make room.
    assert await Limited(Slow(), named, guards.of("stuck", named)).carry_out(order(), Kept()) == DONE


async def test_a_connector_that_breaks_makes_room_too() -> None:
    class Broken(Connector):
        async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
            raise TimeoutError("of its own")

    silo = limited(Broken(), per_minute=1000)
    for _ in range(AT_ONCE + 1):
        with pytest.raises(TimeoutError, match="of its own"):
            await silo.carry_out(order(), Kept())


async def test_a_verb_that_the_policy_does_not_name_is_unsupported_and_not_asked() -> None:
    inner = Slow()
    silo = limited(inner, verbs=(Verb.ERASE,))
    for verb in Verb:
        found = await silo.carry_out(order(verb), Kept())
        assert isinstance(found, Answer)
        assert (found.verdict is Verdict.DONE) is (verb is Verb.ERASE)
        assert (found.verdict is Verdict.UNSUPPORTED) is (verb is not Verb.ERASE)
    assert inner.asked == [Verb.ERASE]
    assert "cannot export" in (await silo.preview(order(Verb.EXPORT)))[0]


async def test_each_verb_asked_by_its_own_name_goes_the_same_way() -> None:
    inner = Slow()
    silo = limited(inner, per_minute=1000)
    asking = [
        (Verb.LOCATE, silo.locate),
        (Verb.RECTIFY, silo.rectify),
        (Verb.RESTRICT, silo.restrict),
        (Verb.ERASE, silo.erase),
        (Verb.CONFIRM, silo.confirm),
        (Verb.READ_PREFERENCES, silo.read_preferences),
        (Verb.WRITE_PREFERENCE, silo.write_preference),
    ]
    for verb, ask in asking:
        assert await ask(order(verb)) == DONE
    kept = Kept()
    assert await silo.export(order(Verb.EXPORT), kept) == DONE
    assert kept.all == [("orders", {"number": "A-17"})]
    assert set(inner.asked) == set(Verb)


async def test_trying_out_has_its_time_too() -> None:
    assert (await limited(Slow()).test()).ok
    found = await limited(Slow(30), timeout_seconds=1).test()
    assert found == TriedOut(ok=False, lines=("The silo was not done after 1 seconds.",))


async def test_a_policy_that_permits_more_holds_at_once_and_forgets_nothing() -> None:
    guards = Guards()
    few, more = connection(per_minute=1), connection(per_minute=2)
    await Limited(Slow(), few, guards.of("crm", few)).carry_out(order(task=TASK), Kept())
    with pytest.raises(Throttled):
        await Limited(Slow(), few, guards.of("crm", few)).carry_out(order(), Kept())
    wider = Limited(Slow(), more, guards.of("crm", more))
    await wider.carry_out(order(), Kept())
    with pytest.raises(Throttled):
        await wider.carry_out(order(), Kept())
