"""Promises 5 and 7 between processes: a withdrawal counts at once everywhere; one person stays one."""

import asyncio
import time
from asyncio.subprocess import Process
from pathlib import Path

from processes import process

from consentd.base.clock import now
from consentd.kernel.instants import to_text
from support.builders import Company, RealClock, open_company
from support.builders_requests import question

ANA = "email:ana@exemple.fr"
ROUNDS = 12


async def test_promise_5_no_check_that_starts_after_a_withdrawal_is_acknowledged_allows(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    """One process changes its mind again and again while another asks as fast as it can."""
    async with process("check", database_url, str(tmp_path), ANA) as checking:
        for _ in range(ROUNDS):
            given = time.monotonic_ns()
            await company.gives(ANA, at=to_text(now()))
            assert any(await answers_to_checks_begun_after(checking, given, until=True))
            await company.withdraws(ANA)
            acknowledged = time.monotonic_ns()
            assert not any(await answers_to_checks_begun_after(checking, acknowledged, count=20))
    await company.verify_everything()


async def answers_to_checks_begun_after(
    checking: Process, since: int, *, count: int | None = None, until: bool | None = None
) -> list[bool]:
    """So many of them, or all up to the first with that answer."""
    assert checking.stdout is not None
    found: list[bool] = []
    while len(found) != count and until not in found:
        began, _, allowed = map(int, (await checking.stdout.readline()).split())
        if began > since:
            found.append(bool(allowed))
    return found


async def test_promise_5_the_same_through_many_services_of_one_process(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    async with open_company(database_url, tmp_path, RealClock()) as other:
        for _ in range(ROUNDS):
            await company.gives(ANA, at=to_text(now()))
            assert await other.allows(ANA)
            await company.withdraws(ANA)
            assert not await other.allows(ANA)
            assert not any(
                one.allow for one in await other.ask_all(*[question((ANA,), "newsletter", "email")] * 3)
            )


async def test_two_first_posts_about_one_person_make_one_person(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    async with open_company(database_url, tmp_path, RealClock()) as other:
        for number in range(ROUNDS):
            name = f"client{number}"
            await asyncio.gather(
                company.gives(f"email:{name}@exemple.fr", f"loyalty:{name}", at=to_text(now())),
                other.gives(f"email:{name}@exemple.fr", f"shopify:{name}", at=to_text(now())),
                other.withdraws(f"shopify:{name}", f"email:{name}@exemple.fr"),
            )
            assert len(await company.people(f"email:{name}@exemple.fr", f"loyalty:{name}")) == 1
            assert await company.why(f"email:{name}@exemple.fr") == "withdrawn"
    await company.verify_everything()


async def test_first_posts_of_two_processes_about_the_same_people_make_each_of_them_one(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    names = [f"client{number}" for number in range(25)]
    go = " ".join(names).encode() + b"\n"
    async with (
        process("post", database_url, str(tmp_path), "loyalty") as first,
        process("post", database_url, str(tmp_path), "shopify") as second,
    ):
        for one in (first, second):
            assert one.stdin is not None
            one.stdin.write(go)
        for one in (first, second):
            assert one.stdout is not None
            assert await one.stdout.readline() == b"done\n"
    for name in names:
        (person,) = await company.people(f"email:{name}@exemple.fr")
        assert await company.people(f"loyalty:{name}", f"shopify:{name}") == [person]
    await company.verify_everything()


async def test_merging_while_both_are_written_about_loses_nothing(company: Company) -> None:
    for number in range(5):
        a, b = f"email:a{number}@exemple.fr", f"email:b{number}@exemple.fr"
        for one in (a, b):
            await company.gives(one, at=to_text(now()))
        await asyncio.gather(
            company.merge(a, b),
            company.withdraws(a),
            company.gives(b, purpose="promotions", at=to_text(now())),
        )
        assert await company.why(b) == "withdrawn"
    await company.verify_everything()


async def test_erasing_while_somebody_is_written_about_leaves_nothing_half(company: Company) -> None:
    for number in range(5):
        who = f"email:c{number}@exemple.fr"
        await company.gives(who, at=to_text(now()))
        await asyncio.gather(
            company.erase(who), *(company.withdraws(who) for _ in range(3)), return_exceptions=True
        )
        assert not await company.allows(who)
    await company.verify_everything()
