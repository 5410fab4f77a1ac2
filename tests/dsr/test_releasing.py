"""A copy goes out by itself where the policy says so and nothing calls for eyes; staff look at any other."""

from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from consentd.dsr.copying.eyes import marks
from consentd.dsr.copying.shapes import CopyTold
from consentd.dsr.package.files import PackageFiles
from consentd.dsr.package.records import Gathering
from consentd.dsr.rights import Right
from consentd.dsr.views import RequestTold
from consentd.kernel.policy import Policy, System, sealed
from consentd.kernel.request_rules import RequestRules
from consentd.kernel.silo_sql import Column, SqlSilo, Table
from consentd.systems.connectors.contract import Answer, Order, Part, Records, Verdict
from support.builders import Company, demo_policy
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink

ANA = "email:ana@exemple.fr"
HOME = "email:home@exemple.fr"
AUTOMATIC = RequestRules(release={"access": "automatic", "portability": "automatic"})


class Half(Silo):
    """Sends a part, and says that there is more."""

    async def export(self, order: Order, records: Records) -> Answer:
        await super().export(order, records)
        return Answer(verdict=Verdict.PARTIAL, code="archive_closed", parts=(Part(what="rows", found=1),))


async def shop(
    company: Company, mailbox: Sink, silo: Silo | None = None, rules: RequestRules = AUTOMATIC, **other: Any
) -> Rights:
    """A web shop whose rows are plain, by its policy."""
    await company.gives(ANA)
    joined = system("webshop", "email", "customer", **({"plain": ("rows",)} | other))
    # Its data serve something that rests on consent: they can be taken away.
    joined = structs.replace(joined, purposes=("newsletter",))
    rights = await Rights.of(company, {"webshop": (joined, silo or Silo((ANA,)))}, mailbox)
    policy = structs.replace(demo_policy(), systems={"webshop": joined}, requests=rules)
    await company.activate(sealed(policy))
    return rights


async def proven(rights: Rights, right: str = "access", *who: str, **other: Any) -> UUID:
    asked = await rights.asks(right, *(who or (ANA,)), **other)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    return asked.id


async def made(rights: Rights, request: UUID) -> RequestTold:
    await rights.carries_out()
    await rights.makes_copies()
    await rights.carries_out()
    return await rights.told(request)


def because(told: RequestTold) -> list[tuple[str, ...]]:
    return [step.because for step in told.steps if step.event == "looked_at_because"]


def by_policy(told: RequestTold) -> bool:
    return "released_by_policy" in [step.event for step in told.steps]


@pytest.mark.parametrize("right", ["access", "portability"])
async def test_a_copy_in_which_nothing_calls_for_eyes_goes_out_by_itself(
    company: Company, mailbox: Sink, right: str
) -> None:
    rights = await shop(company, mailbox)
    request = await proven(rights, right)
    told = await made(rights, request)
    assert (told.state, because(told), by_policy(told), told.in_time) == ("answered", [], True, True)
    assert {step.by for step in told.steps} == {"system", "subject", "service"}
    assert any("prêt" in str(one.message["subject"]) for one in mailbox.taken)
    code = await rights.copy_code(request)
    link = await rights.handing.link_by_code(company.systems["desk"], request, code or "")
    assert (await rights.fetches(link.url))[:2] == b"PK"
    actions = await company.actions()
    assert {"request.released_by_policy", "request.copy_released"} <= {*actions}
    await company.verify_everything()


@pytest.mark.parametrize("rules", [RequestRules(), RequestRules(release={"portability": "automatic"})])
async def test_unless_the_policy_says_so_it_waits_for_staff(
    company: Company, mailbox: Sink, rules: RequestRules
) -> None:
    rights = await shop(company, mailbox, rules=rules)
    told = await made(rights, await proven(rights))
    assert (told.state, by_policy(told), because(told)) == ("reviewing", False, [])


@pytest.mark.parametrize(
    ("plain", "silo", "why"),
    [
        ((), Silo((ANA,)), "unmarked:webshop"),
        (("orders",), Silo((ANA,)), "unmarked:webshop"),
        (("rows",), Half((ANA,)), "gap:webshop"),
    ],
)
async def test_what_the_policy_does_not_call_plain_and_what_is_missing_is_looked_at(
    company: Company, mailbox: Sink, plain: tuple[str, ...], silo: Silo, why: str
) -> None:
    rights = await shop(company, mailbox, silo, plain=plain)
    told = await made(rights, await proven(rights))
    assert (told.state, because(told), by_policy(told)) == ("reviewing", [(why,)], False)


async def test_a_silo_that_failed_or_is_silent_is_looked_at_and_once_it_is_there_no_more(
    company: Company, mailbox: Sink
) -> None:
    broken = Silo((ANA,))
    broken.fails = 1_000
    rights = await shop(company, mailbox, broken)
    request = await proven(rights)
    for _ in range(20):
        await rights.carries_out()
        company.clock.move(hours=1)
    told = await made(rights, request)
    assert (told.state, because(told)) == ("reviewing", [("gap:webshop",)])
    who = await rights.hire()
    assert (await rights.step(request, "release", who)).state == "partial"
    broken.fails = 0
    await rights.step(request, "retry", who)
    told = await made(rights, request)
    assert (told.state, by_policy(told)) == ("answered", True)


async def test_a_silent_silo_is_looked_at(company: Company, mailbox: Sink) -> None:
    silent = Silo((ANA,))
    silent.answers_later = True
    rights = await shop(company, mailbox, silent)
    request = await proven(rights)
    await rights.carries_out()
    company.clock.move(days=8)
    await rights.worker.watch()
    told = await made(rights, request)
    assert (told.state, because(told)) == ("reviewing", [("gap:webshop",)])


async def test_what_staff_took_in_or_decided_is_looked_at(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    typed = await proven(rights, came_by="letter")
    assert because(await made(rights, typed)) == [("taken_in_by_staff",)]
    who = await rights.hire()
    asked = await rights.asks("access", ANA)
    await rights.step(asked.id, "identify", who, grounds="Known.")
    assert because(await made(rights, asked.id)) == [("identified_by_staff", "no_proven_contact")]


async def test_a_mandate_is_looked_at(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    who = await rights.hire()
    request = await proven(rights, agent={"name": "Me Durand", "mandate": "signed"})
    await rights.step(request, "approve", who)
    assert because(await made(rights, request)) == [("mandate",)]


async def test_who_shares_what_the_silos_were_asked_by_is_looked_at(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    # The household's address is hers, and somebody else's too; her own is hers alone.
    await company.gives(ANA, HOME, "customer:C1")
    await company.gives(HOME, "customer:C2")
    assert len(await company.people(HOME)) > 1
    told = await made(rights, await proven(rights))
    assert (told.state, because(told)) == ("reviewing", [("shared_contact",)])


async def test_an_address_that_is_shared_by_now_gets_nothing_by_itself(
    company: Company, mailbox: Sink
) -> None:
    rights = await shop(company, mailbox)
    request = await proven(rights)
    await rights.carries_out()
    await company.gives(ANA, "customer:C1", by="desk")
    await company.gives(ANA, "customer:C2", by="desk")
    assert len(await company.people(ANA)) > 1
    told = await made(rights, request)
    assert because(told) == [("no_proven_contact", "shared_contact")]


async def test_what_was_held_back_is_looked_at_and_the_reason_is_said_once(
    company: Company, mailbox: Sink
) -> None:
    rights = await shop(company, mailbox)
    request = await proven(rights)
    await rights.carries_out()
    who = await rights.hire()
    held = {"system": "webshop", "what": "rows", "record": 1, "field": "known_by", "reason": "x"}
    told = await rights.step(request, "redact", who, **held)
    assert because(await made(rights, request)) == [("held_back",)]
    (redaction,) = (await copy_of(rights, request)).redactions
    await rights.step(request, "take_back", who, redaction=str(redaction.id))
    # Nothing is held back any more: it goes.
    told = await made(rights, request)
    assert (told.state, by_policy(told), because(told)) == ("answered", True, [("held_back",)])


async def copy_of(rights: Rights, request: UUID) -> CopyTold:
    return await rights.looking.tell(rights.company.systems["desk"], request)


async def test_the_copy_of_somebody_who_died_is_looked_at_whatever_a_policy_says(
    company: Company, mailbox: Sink
) -> None:
    rules = RequestRules(release={"post_mortem": "automatic", "access": "automatic"})
    rights = await shop(company, mailbox, rules=rules)
    who = await rights.hire()
    request = await proven(rights, "post_mortem")
    await rights.step(request, "approve", who)
    told = await made(rights, request)
    assert (told.state, by_policy(told)) == ("reviewing", False)


def _silo(**columns: Column) -> Policy:
    table = Table(category="purchases", key=("id",), erase="delete", columns=columns)
    joined = structs.replace(
        system("shop", "email").connection,
        by="sql",
        sql=SqlSilo(tables={"orders": table}),
    )
    shop = System(id="shop", name="Shop", zone="UTC", identifiers=("email",), connection=joined)
    return structs.replace(demo_policy(), systems={"shop": shop})


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        (Column(), "2026-11-20T10:00:00+01:00", set()),
        (Column(), "2026-11-20", set()),
        (Column(), "12.50", set()),
        (Column(), 7, set()),
        (Column(), None, set()),
        (Column(), "paid", {"unmarked"}),
        (Column(), "Pour Bruno, de la part d’Ana", {"unmarked"}),
        (Column(), "Б", {"unmarked"}),
        (Column(free_text=False), "paid", set()),
        (Column(free_text=True), None, {"free_text"}),
        (Column(erase="name"), "Ana Diaz", set()),
        (Column(erase="text"), "x", {"free_text"}),
        (Column(erase="text", free_text=False), "x", set()),
        (Column(third_party=True), "withheld", {"third_party"}),
    ],
)
def test_what_a_database_says_of_its_columns(
    files: PackageFiles, column: Column, value: Any, found: set[str]
) -> None:
    with Gathering(files, "shop") as records:
        records.add("orders", {"id": 1, "note": value})
    told = marks(files, _silo(id=Column(), note=column), Right.ACCESS, ["shop"])
    assert told == {"shop": found}


def test_a_table_without_rows_calls_for_nobody_and_one_that_nobody_mapped_does(files: PackageFiles) -> None:
    policy = _silo(note=Column(free_text=True))
    with Gathering(files, "shop"):
        pass
    assert marks(files, policy, Right.ACCESS, ["shop"]) == {"shop": set()}
    with Gathering(files, "shop") as records:
        records.add("notes", {"note": 1})
    assert marks(files, policy, Right.ACCESS, ["shop"]) == {"shop": {"unmarked"}}
    # What does not go out calls for nobody: none of its uses rests on consent or contract.
    assert marks(files, policy, Right.PORTABILITY, ["shop"]) == {"shop": set()}
    assert marks(files, policy, Right.ACCESS, []) == {"shop": None}
