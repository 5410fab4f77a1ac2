"""A silo behind a firewall comes for its tasks: leases, late answers, and what is not its own."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from consentd.callers.model import Caller
from consentd.dsr import answering, uploads
from consentd.dsr.handing import Handing
from consentd.dsr.task_shapes import AnswerAsked, ClaimAsked, HeartbeatAsked, ReleaseAsked
from consentd.kernel.errors import CallerError, Conflict, NotFound, Unauthenticated, Unprocessable
from consentd.kernel.tasks import TaskOrder
from support.builders import Company
from support.inbox import InboxSilo, InFolder
from support.rights import Rights
from support.silos_simulated import Silo, system

ANA = "email:ana@exemple.fr"
CARD = "customer:C42"


class Desk(Rights):
    """Rights requests of which the silo `box` comes for its part."""

    handing: Handing
    folder: InFolder
    box: Caller

    async def erasure(self) -> UUID:
        asked = await self.asks("erasure", ANA)
        await self.proves(asked.id, await self.code(asked.id) or "")
        await self.carries_out()
        return asked.id

    async def access(self) -> UUID:
        asked = await self.asks("access", ANA)
        await self.proves(asked.id, await self.code(asked.id) or "")
        await self.carries_out()
        return asked.id

    async def takes(self, **asked: int) -> TaskOrder:
        (order,) = (await self.handing.claim(self.box, ClaimAsked(**asked))).tasks
        return order

    async def nothing_waits(self) -> bool:
        return not (await self.handing.claim(self.box, ClaimAsked())).tasks

    async def answers(self, order: TaskOrder, verdict: str = "done", **members: object) -> None:
        told = {"lease": str(order.lease), "verdict": verdict, **members}
        asked = msgspec.convert(told, AnswerAsked)
        await answering.answer(self.handing, self.box, order.id, asked)
        await self.carries_out()

    async def sends(self, order: TaskOrder, *lines: str) -> int:
        async def chunks() -> AsyncIterator[bytes]:
            for line in lines:
                yield line.encode()

        told = await uploads.receive(self.handing, self.folder, self.box, order.id, order.lease, chunks())
        return told.records

    async def verdicts(self, request: UUID) -> dict[str, str | None]:
        told = await self.told(request)
        (silo,) = [one for one in told.silos if one.system == "box"]
        return {task.verb: task.verdict for task in silo.tasks}


@pytest.fixture
async def desk(company: Company, tmp_path: Path) -> Desk:
    await company.gives(ANA)
    silos = {
        "shop": (system("shop", "email", "customer", adds=("customer",)), Silo((ANA, CARD))),
        "box": (system("box", "email", "customer", attempts=3, after=("shop",)), InboxSilo()),
    }
    made = await Desk.of(company, silos)
    assert isinstance(made, Desk)
    made.handing = Handing(company.doing, company.clock)
    made.folder = InFolder(tmp_path / "copies")
    made.box = await company.add_system("box", scopes=("tasks",))
    return made


def found(count: int = 1, **more: object) -> Iterable[object]:
    return [{"what": "cards", "found": count, **more}]


async def test_a_silo_comes_for_each_of_its_tasks_in_turn(company: Company, desk: Desk) -> None:
    request = await desk.erasure()
    order = await desk.takes()
    # What the shop told of her goes along.
    assert {(one.scheme, one.value) for one in order.identifiers} == {
        ("email", "ana@exemple.fr"),
        ("customer", "c42"),
    }
    assert (order.verb, order.attempt) == ("locate", 1)
    assert await desk.nothing_waits()
    await desk.answers(order, parts=found())
    erase = await desk.takes()
    assert (erase.verb, erase.id != order.id) == ("erase", True)
    await desk.answers(erase, parts=found(deleted=1))
    await desk.answers(await desk.takes())
    assert (await desk.told(request)).state == "answered"
    assert set((await desk.verdicts(request)).values()) == {"done"}
    await company.verify_everything()


async def test_promise_8_who_an_order_is_about_is_logged_before_it_is_handed_out(
    company: Company, desk: Desk
) -> None:
    await desk.erasure()
    before = await company.actions()
    await desk.handing.waiting(desk.box, 0, 10)
    assert await company.actions() == before
    await desk.takes()
    assert (await company.actions())[len(before) :] == ["task.taken"]


async def test_a_lease_that_ran_out_is_anothers_and_its_holder_is_told(company: Company, desk: Desk) -> None:
    await desk.erasure()
    slept = await desk.takes(seconds=60)
    company.clock.move(seconds=59)
    assert await desk.nothing_waits()
    company.clock.move(seconds=1)
    other = await desk.takes()
    assert (other.id, other.attempt) == (slept.id, 2)
    with pytest.raises(Conflict) as refused:
        await desk.answers(slept)
    assert refused.value.code == "task_taken_over"
    with pytest.raises(Conflict):
        await desk.handing.heartbeat(desk.box, slept.id, HeartbeatAsked(lease=slept.lease))
    with pytest.raises(Conflict):
        await desk.handing.release(desk.box, slept.id, ReleaseAsked(lease=slept.lease))
    await desk.answers(other, parts=found())


async def test_a_heartbeat_keeps_a_task(company: Company, desk: Desk) -> None:
    await desk.erasure()
    order = await desk.takes(seconds=60)
    for _ in range(3):
        company.clock.move(seconds=50)
        await desk.handing.heartbeat(desk.box, order.id, HeartbeatAsked(lease=order.lease))
        assert await desk.nothing_waits()
    # Also where it comes late, and nobody took the task meanwhile.
    company.clock.move(seconds=100)
    await desk.handing.heartbeat(desk.box, order.id, HeartbeatAsked(lease=order.lease))
    assert await desk.nothing_waits()


async def test_an_answer_after_the_lease_counts_if_nobody_took_the_task(company: Company, desk: Desk) -> None:
    request = await desk.erasure()
    order = await desk.takes()
    company.clock.move(hours=2)
    await desk.answers(order, parts=found())
    assert (await desk.verdicts(request))["locate"] == "done"


async def test_promise_2_the_same_answer_again_is_taken_and_another_is_not(
    company: Company, desk: Desk
) -> None:
    request = await desk.erasure()
    order = await desk.takes()
    named = [{"scheme": "customer", "value": "C 42"}]
    await desk.answers(order, parts=found(), identifiers=named)
    entries = await company.actions()
    await desk.answers(order, parts=found(), identifiers=named)
    assert await company.actions() == entries
    for changed in ({"parts": found(2)}, {"identifiers": []}, {"verdict": "partial"}):
        with pytest.raises(Conflict) as refused:
            await desk.answers(order, **({"parts": found(), "identifiers": named} | changed))  # type: ignore[arg-type]
        assert refused.value.code == "answered_otherwise"
    assert (await desk.verdicts(request))["locate"] == "done"


async def test_a_silent_silo_may_still_come_and_the_request_goes_on(company: Company, desk: Desk) -> None:
    request = await desk.erasure()
    company.clock.move(days=8)
    await desk.worker.watch()
    assert (await desk.told(request)).gaps == ("box",)
    await desk.answers(await desk.takes(), parts=found())
    await desk.answers(await desk.takes(), parts=found(deleted=1))
    await desk.answers(await desk.takes())
    told = await desk.told(request)
    assert (told.state, told.gaps) == ("answered", ())
    await company.verify_everything()


async def test_what_was_taken_and_never_answered_is_seen_as_silent(company: Company, desk: Desk) -> None:
    request = await desk.erasure()
    await desk.takes()
    told = await desk.told(request)
    (silo,) = [one for one in told.silos if one.system == "box"]
    assert silo.tasks[0].state == "asked"
    company.clock.move(days=8)
    await desk.worker.watch()
    assert (await desk.told(request)).gaps == ("box",)


async def test_a_try_that_failed_comes_later_each_time_and_at_last_is_told(
    company: Company, desk: Desk
) -> None:
    request = await desk.erasure()
    await desk.answers(await desk.takes(), parts=found())
    for wait in (2, 4):
        order = await desk.takes()
        await desk.handing.release(desk.box, order.id, ReleaseAsked(lease=order.lease, code="till_closed"))
        company.clock.move(seconds=wait - 1)
        assert await desk.nothing_waits()
        company.clock.move(seconds=1)
    order = await desk.takes()
    assert order.attempt == 3
    await desk.handing.release(desk.box, order.id, ReleaseAsked(lease=order.lease, code="till_closed"))
    told = await desk.told(request)
    (silo,) = [one for one in told.silos if one.system == "box"]
    assert [(task.verb, task.verdict, task.code) for task in silo.tasks][-1] == (
        "erase",
        "failed",
        "till_closed",
    )
    assert told.gaps == ("box",)


async def test_what_is_given_back_is_anybodys_at_once_and_no_try(desk: Desk) -> None:
    await desk.erasure()
    order = await desk.takes()
    await desk.handing.release(desk.box, order.id, ReleaseAsked(lease=order.lease))
    again = await desk.takes()
    assert (again.id, again.attempt) == (order.id, 1)


async def test_promise_13_another_silos_task_is_not_there(company: Company, desk: Desk) -> None:
    await desk.erasure()
    order = await desk.takes()
    other = await company.add_system("till-2", scopes=("tasks",))
    said = AnswerAsked(lease=order.lease, verdict="done")  # type: ignore[arg-type]
    told = []
    for id_ in (order.id, uuid4()):
        with pytest.raises(NotFound) as missing:
            await answering.answer(desk.handing, other, id_, said)
        told.append((missing.value.code, missing.value.message))
    assert told[0] == told[1]
    with pytest.raises(Unprocessable) as refused:
        await desk.handing.claim(other, ClaimAsked())
    assert refused.value.code == "not_polling"


async def test_a_revoked_silo_loses_what_it_holds(company: Company, desk: Desk) -> None:
    await desk.erasure()
    order = await desk.takes()
    await company.revoke("box")
    with pytest.raises(Unauthenticated):
        await desk.answers(order)
    with pytest.raises(Unauthenticated):
        await desk.handing.heartbeat(desk.box, order.id, HeartbeatAsked(lease=order.lease))
    with pytest.raises(Unauthenticated):
        await desk.sends(order, "")


async def test_promise_12_orders_leave_only_while_their_request_is_carried_out(desk: Desk) -> None:
    request = await desk.erasure()
    order = await desk.takes()
    who = await desk.hire()
    await desk.handing.release(desk.box, order.id, ReleaseAsked(lease=order.lease))
    await desk.step(request, "refuse", who, reasons="Asked every day.", article="GDPR 12(5)")
    assert await desk.nothing_waits()
    with pytest.raises(Conflict) as refused:
        await desk.answers(order)
    assert refused.value.code == "not_asked_now"


async def test_identifiers_of_an_answer_are_of_the_policy_and_in_their_one_spelling(desk: Desk) -> None:
    await desk.erasure()
    order = await desk.takes()
    for scheme, value, code in (("shoe", "42", "unknown_scheme"), ("email", "none", "invalid_identifier")):
        with pytest.raises(CallerError) as refused:
            await desk.answers(order, identifiers=[{"scheme": scheme, "value": value}])
        assert refused.value.code == code
        assert refused.value.errors[0]["pointer"].startswith("/identifiers/0/")
    await desk.answers(order, parts=found(), identifiers=[{"scheme": "email", "value": " Ana@Exemple.FR"}])


async def test_two_that_come_at_once_share_and_never_get_the_same(company: Company, desk: Desk) -> None:
    for number in range(3):
        who = f"email:a{number}@exemple.fr"
        await company.gives(who)
        asked = await desk.asks("erasure", who)
        await desk.proves(asked.id, await desk.code(asked.id) or "")
    await desk.carries_out()
    claims = [desk.handing.claim(desk.box, ClaimAsked(limit=2)) for _ in range(3)]
    taken = [order.id for one in await asyncio.gather(*claims) for order in one.tasks]
    assert len(taken) == len(set(taken)) == 3


async def test_records_of_a_copy_replace_an_earlier_trys_and_count_only_whole(
    company: Company, desk: Desk
) -> None:
    request = await desk.access()
    await desk.answers(await desk.takes(), parts=found())
    order = await desk.takes()
    assert order.verb == "export"
    with pytest.raises(Unprocessable) as refused:
        await desk.answers(order, parts=found(2))
    assert refused.value.code == "records_missing"
    first = '{"what": "cards", "record": {"number": "C42", "points": 12, "total": 12.10}}\n'
    assert await desk.sends(order, first[:20], first[20:], first) == 2
    # The second upload breaks in its third line: nothing of it counts.
    for wrong in ("{", "[]", '{"what": "cards", "record": {"list": []}}', '{"what": "x"}'):
        with pytest.raises(Unprocessable) as refused:
            await desk.sends(order, first, first + wrong)
        assert refused.value.code == "malformed_records"
        assert "Line 3" in refused.value.message
    whole = [["cards", {"number": "C42", "points": 12, "total": "12.10"}]]
    assert desk.folder.lines(order.id) == whole * 2
    assert await desk.sends(order, first.strip()) == 1
    assert desk.folder.lines(order.id) == whole
    await desk.answers(order, parts=found())
    assert (await desk.told(request)).state == "reviewing"
    assert "task.records_taken" in await company.actions()


async def test_records_of_whoever_lost_the_task_are_not_kept(company: Company, desk: Desk) -> None:
    await desk.access()
    await desk.answers(await desk.takes(), parts=found())
    slept = await desk.takes()
    line = '{"what": "cards", "record": {"number": "C42"}}\n'
    assert await desk.sends(slept, line) == 1

    async def meanwhile() -> AsyncIterator[bytes]:
        yield line.encode() * 3
        company.clock.move(minutes=2)
        assert (await desk.takes()).id == slept.id
        yield line.encode()

    with pytest.raises(Conflict) as refused:
        await uploads.receive(desk.handing, desk.folder, desk.box, slept.id, slept.lease, meanwhile())
    assert refused.value.code == "task_taken_over"
    assert len(desk.folder.lines(slept.id)) == 1


async def test_waiting_ends_as_soon_as_there_is_a_task(desk: Desk) -> None:
    assert not (await desk.handing.waiting(desk.box, 0, 10)).tasks
    waiting = asyncio.create_task(desk.handing.waiting(desk.box, 20, 10))
    await asyncio.sleep(0)
    await desk.erasure()
    async with asyncio.timeout(10):
        (told,) = (await waiting).tasks
    assert told.verb == "locate"
