"""Who is who, decided by several at once, while both are written about, and while one of them is erased."""

import asyncio
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from consentd.base.clock import now
from consentd.consent import deciding
from consentd.db.tables.people import merge_candidates as table
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import to_text
from consentd.subjects.service import merge_candidates
from support.builders import Company, RealClock, open_company

ROUNDS = 5
WAITING = sa.text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


async def couple(company: Company, number: int) -> tuple[str, str, str]:
    """Two cards at one mailbox."""
    mailbox, one, other = f"email:f{number}@exemple.fr", f"loyalty:a{number}", f"loyalty:b{number}"
    for card in (one, other):
        await company.gives(card, mailbox, at=to_text(now()))
    return mailbox, one, other


async def pair_of(company: Company, one: str) -> UUID:
    person = await company.person(one)
    found = await company.database.read(lambda connection: merge_candidates(connection, NOBODY, 100))
    (pair,) = [each.id for each in found if person in (each.subject_a, each.subject_b)]
    return pair


async def decide(company: Company, decision: deciding.Decision, pair: UUID) -> deciding.Decided:
    return await company.database.change(lambda unit: decision(unit, company.keyring, OPERATOR, pair))


async def test_of_several_who_decide_at_once_one_does(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    async with open_company(database_url, tmp_path, RealClock()) as other:
        for number in range(ROUNDS):
            mailbox, one, two = await couple(company, number)
            pair = await pair_of(company, one)
            *decided, _, _ = await asyncio.gather(
                decide(company, deciding.approve, pair),
                decide(other, deciding.refuse, pair),
                decide(other, deciding.approve, pair),
                company.withdraws(mailbox),
                other.gives(two, mailbox, at=to_text(now())),
                return_exceptions=True,
            )
            done = [each for each in decided if isinstance(each, deciding.Decided)]
            assert len(done) == 1, decided
            assert all(isinstance(each, Conflict) for each in decided if each not in done)
            people = {await company.person(one), await company.person(two)}
            assert len(people) == (1 if done[0].status == "approved" else 2)
    await company.verify_everything()


async def test_one_who_is_erased_meanwhile_leaves_no_pair(company: Company) -> None:
    for number in range(ROUNDS):
        mailbox, one, two = await couple(company, number)
        pair, gone = await pair_of(company, one), await company.person(one)
        decided, _, _ = await asyncio.gather(
            decide(company, deciding.approve, pair),
            company.erase_id(gone),
            company.withdraws(two, mailbox, f"loyalty:c{number}"),
            return_exceptions=True,
        )
        assert isinstance(decided, deciding.Decided | NotFound), decided
        left = sa.select(sa.func.count()).where(sa.or_(table.c.subject_a == gone, table.c.subject_b == gone))
        assert await company.database.read(lambda connection, left=left: connection.scalar(left)) == 0
    await company.verify_everything()


async def test_whom_a_merge_joins_while_the_lock_is_waited_for_is_erased_too(company: Company) -> None:
    _, one, two = await couple(company, 0)
    pair, people = await pair_of(company, one), {await company.person(one), await company.person(two)}
    merged = asyncio.Event()

    def approve(unit: Unit) -> None:
        deciding.approve(unit, company.keyring, OPERATOR, pair)
        merged.set()
        # On SQLite there is one writer: the other one waits before it looks at anything.
        while unit.dialect == "postgresql" and not unit.connection.scalar(WAITING):
            unit.connection.execute(sa.text("SELECT pg_sleep(0.01)"))

    approving = asyncio.create_task(company.database.change(approve))
    await merged.wait()
    certificate = await company.erase_id(min(people))
    await approving
    assert set(certificate.subjects) == people
    await company.verify_everything()
