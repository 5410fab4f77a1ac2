"""Tasks that the till of the shared service may take, or holds already."""

import asyncio
import itertools
import secrets
from uuid import UUID

import sqlalchemy as sa
from acts import CANARY

from consentd.app import Parts
from consentd.callers.staff import Role
from consentd.db.leases import RELEASED
from consentd.db.unit import Unit
from consentd.dsr import store, task_examples
from consentd.dsr.cases import RequestCase
from consentd.dsr.copying.rounds import made
from consentd.dsr.running import answered
from consentd.evidence.model import OPERATOR, SERVICE
from consentd.kernel.connection import Verb
from consentd.kernel.instants import HOUR, Instant
from consentd.policy.service import activate
from consentd.systems.connectors.contract import Answer, Verdict
from consentd.systems.links import Links
from support.builders import Company, RealClock, demo_policy
from support.inbox import OWNER, InboxSilo, polled
from support.installation import Installation
from support.rights import RIGHTS, Rights

LEASE = task_examples.LEASE
_numbers = itertools.count(1)
_session = secrets.token_hex(4)


def let_the_till_come(installation: Installation) -> None:
    """The till takes part in requests, and comes for its tasks."""

    async def work(parts: Parts) -> None:
        policy = polled(demo_policy(), "till", verbs=(Verb.EXPORT, Verb.RESTRICT))
        await parts.database.change(lambda unit: activate(unit, parts.keyring, policy, OPERATOR))

    installation.within(work)


def hand_out(installation: Installation, verb: str = "restrict", *, taken: bool = True) -> str:
    """The number of a new task of the till, the only one that waits; `taken`: held by LEASE."""
    right = {"export": "access", "restrict": "restriction"}[verb]

    async def work(parts: Parts) -> UUID:
        company = Company(parts.database, parts.keyring, RealClock(), installation.folder)
        name = f"desk-{_session}-{next(_numbers)}"
        company.systems["desk"] = await company.add_system(name, scopes=RIGHTS)
        who = f"email:{name}.{CANARY}@exemple.fr"
        rights = Rights(company, {"till": InboxSilo()})
        await company.gives(who, by="desk")
        asked = await rights.asks(right, who)
        if verb == "export":
            await rights.proves(asked.id, await rights.code(asked.id) or "")
        await rights.carries_out()
        await _until_asked(company, asked.id)

        def taking(unit: Unit) -> UUID:
            c = store.TASKS.c
            (task,) = [row["id"] for row in store.tasks(unit.connection, asked.id) if row["system"] == "till"]
            unit.connection.execute(
                sa.update(store.TASKS).where(c.id != task).values(state="ended", **RELEASED)
            )
            if taken:
                assert store.take_task(unit, task, UUID(LEASE), unit.now + HOUR)
            return task

        return await company.database.housekeep(taking)

    return str(installation.within(work))


def a_copy(
    installation: Installation, *, released: bool = False, who: str | None = None, role: Role = "agent"
) -> tuple[str, str]:
    """The numbers of a request whose copy the service made, and of a member of staff who may look at it.

    `who`: whose it is, "email:…"; else somebody new.
    """

    async def work(parts: Parts) -> tuple[str, str]:
        company = Company(parts.database, parts.keyring, RealClock(), installation.folder)
        name = f"desk-{_session}-{next(_numbers)}"
        company.systems["desk"] = await company.add_system(name, scopes=RIGHTS)
        person = who or f"email:{name}.{CANARY}@exemple.fr"
        rights = Rights(company, {"till": InboxSilo()})
        colleague = await rights.hire(role=role)
        await company.gives(person, by="desk")
        asked = await rights.asks("access", person)
        await rights.proves(asked.id, await rights.code(asked.id) or "")
        await rights.carries_out()
        await _until_asked(company, asked.id)

        await _answered(company, asked.id)
        for _ in range(300):
            if await company.database.read(lambda connection: made(connection, asked.id)):
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("the service made no copy")
        if released:
            await rights.step(asked.id, "release", colleague)
        return str(asked.id), str(colleague)

    return installation.within(work)


def let_the_till_answer(installation: Installation, request: str) -> None:
    """It did its part of this request, once the service asked it."""

    async def work(parts: Parts) -> None:
        company = Company(parts.database, parts.keyring, RealClock(), installation.folder)
        await _until_asked(company, UUID(request))
        await _answered(company, UUID(request))

    installation.within(work)


def link_to(installation: Installation, task: str) -> str:
    """The token that the mail to the till's owner would bear."""

    async def work(parts: Parts) -> str:
        links = Links(parts.keyring, installation.settings.public_url)
        return links.token_for(UUID(task), OWNER.email, Instant(RealClock()() + HOUR))

    return str(installation.within(work))


async def _answered(company: Company, request: UUID) -> None:
    def answering(unit: Unit) -> None:
        case = RequestCase.locked(unit, company.keyring, company.policies.active(unit.connection), request)
        (task,) = [row for row in store.tasks(unit.connection, request) if row["system"] == "till"]
        answered(case, task, Answer(verdict=Verdict.DONE), SERVICE)

    await company.database.change(answering)


async def _until_asked(company: Company, request: UUID) -> None:
    """The service carries tasks too: whoever was first, the till is asked in the end."""
    for _ in range(200):
        rows = await company.database.read(lambda connection: store.tasks(connection, request))
        if any(row["system"] == "till" and row["state"] == "asked" for row in rows):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the till was not asked")
