"""Each task has an owner who is reminded, and what is stuck is told to the data protection officer: once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from consentd.dsr import reminding, store
from consentd.dsr.cases import RequestCase
from consentd.dsr.moments import following, moments
from consentd.dsr.running import answered
from consentd.evidence.model import SERVICE
from consentd.kernel.instants import DAY, HOUR, Instant
from consentd.systems.connectors.contract import Answer, Verdict
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink, Taken

ANA = "email:ana@exemple.fr"
OWNER = "ines@maison-lavande.example"
DPO = "vie-privee@maison-lavande.example"


async def asked(
    company: Company, mailbox: Sink, right: str = "erasure", **connection: Any
) -> tuple[Rights, UUID]:
    """A request whose one silo took its task, and answers later."""
    await company.gives(ANA)
    silo = Silo((ANA,))
    silo.answers_later = True
    rights = await Rights.of(company, {"webshop": (system("webshop", "email", **connection), silo)}, mailbox)
    request = (await rights.asks(right, ANA)).id
    await rights.proves(request, await rights.code(request) or "")
    await rights.carries_out()
    return rights, request


def to(mailbox: Sink, address: str) -> list[Taken]:
    return [one for one in mailbox.taken if one.to == [address]]


def subjects(mailbox: Sink, address: str) -> list[str]:
    return [str(one.message["subject"]) for one in to(mailbox, address)]


async def looks(rights: Rights) -> None:
    await rights.worker.watch()
    await rights.mailing.settled()


async def steps(rights: Rights, request: UUID) -> list[str]:
    return [step.event for step in (await rights.told(request)).steps]


def test_an_owner_is_reminded_half_way_and_on_the_day_before() -> None:
    start = Instant(0)
    assert [(one.name, one.at) for one in moments(start, Instant(7 * DAY))] == [
        ("half", 84 * HOUR),
        ("last_day", 6 * DAY),
    ]
    assert [one.name for one in moments(start, Instant(2 * DAY))] == ["half"]
    assert following(start, Instant(7 * DAY), Instant(5 * DAY)) == 6 * DAY
    assert following(start, Instant(7 * DAY), Instant(6 * DAY)) is None


async def test_the_owner_is_reminded_and_at_last_the_officer_is_told(company: Company, mailbox: Sink) -> None:
    rights, request = await asked(company, mailbox)
    await looks(rights)
    assert subjects(mailbox, OWNER) == []
    for expected in (0, 0, 0, 1, 1, 2, 3):
        company.clock.move(days=1, minutes=1)
        await looks(rights)
        await looks(rights)
        assert len(subjects(mailbox, OWNER)) == expected
    first, second, late = subjects(mailbox, OWNER)
    assert first.startswith("Rappel, d’ici au 25 novembre 2026")
    assert second.startswith("Rappel")
    assert late.startswith("En retard")
    (told,) = to(mailbox, DPO)
    text = told.message.get_content()
    assert "« Webshop » devait faire sa part" in text
    assert "Inès Roche" in text
    assert str(request) in text
    assert "ana" not in text
    company.clock.move(days=3)
    await looks(rights)
    assert (len(to(mailbox, OWNER)), len(to(mailbox, DPO))) == (3, 1)
    found = await steps(rights, request)
    assert found.count("owner_reminded") == 3
    assert {"silent", "dpo_told"} <= {*found}


async def test_an_owner_who_answered_is_left_alone(company: Company, mailbox: Sink) -> None:
    rights, request = await asked(company, mailbox)
    silo = rights.silos["webshop"]
    assert isinstance(silo, Silo)
    company.clock.move(days=4)
    await rights.worker.watch()
    # What was written down is not sent once it is of no use.
    silo.answers_later = False
    await rights.step(request, "extend", await rights.hire(), reasons="Paper.")
    await done(rights, request)
    before = len(to(mailbox, OWNER))
    company.clock.move(days=2)
    await looks(rights)
    assert (before, len(to(mailbox, OWNER))) == (0, 0)


async def done(rights: Rights, request: UUID) -> None:
    """The silo answers all that it was asked."""
    company = rights.company

    def work(unit: Any) -> None:
        case = RequestCase.locked(unit, company.keyring, company.policies.active(unit.connection), request)
        for row in store.tasks(unit.connection, request):
            if row["state"] == "asked":
                answered(case, row, Answer(verdict=Verdict.DONE), SERVICE)

    await company.database.change(work)
    await rights.carries_out()


async def test_several_processes_and_a_late_look_remind_once(company: Company, mailbox: Sink) -> None:
    rights, _ = await asked(company, mailbox)
    company.clock.move(days=6, hours=12)
    others = [rights.new_worker() for _ in range(3)]
    await asyncio.gather(*(one.watch() for one in (rights.worker, *others)))
    senders = [rights.new_mailing(rights.mailing._mail) for _ in range(3)]
    await asyncio.gather(*(one.settled() for one in senders))
    # Both moments have passed: one mail, the later one.
    assert len(to(mailbox, OWNER)) == 1


async def test_one_whose_owner_cannot_be_written_to_delays_no_other(company: Company, mailbox: Sink) -> None:
    rights, request = await asked(company, mailbox)
    mailbox.refusals[OWNER] = "451 later"
    company.clock.move(days=8)
    await looks(rights)
    assert (len(to(mailbox, OWNER)), len(to(mailbox, DPO))) == (0, 1)
    del mailbox.refusals[OWNER]
    company.clock.move(minutes=1)
    await looks(rights)
    assert len(to(mailbox, OWNER)) == 1
    assert "told_answer" in await steps(rights, request)


async def test_what_nears_its_safe_day_is_told_once(company: Company, mailbox: Sink) -> None:
    rights, request = await asked(company, mailbox, answers_within_days=60)
    company.clock.move(days=24)
    await looks(rights)
    assert to(mailbox, DPO) == []
    company.clock.move(days=1, hours=1)
    for _ in range(2):
        await looks(rights)
    (told,) = to(mailbox, DPO)
    assert str(told.message["subject"]).startswith("À finir d’ici au 18 décembre 2026")
    assert "attend encore : des outils" in told.message.get_content()
    assert (await steps(rights, request)).count("escalated") == 1


async def test_strangers_requests_tell_nobody(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), Silo((ANA,)))}, mailbox)
    await rights.asks("erasure", ANA)
    company.clock.move(days=29)
    await looks(rights)
    assert mailbox.taken == []


async def test_whose_tool_failed_is_told(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    silo = Silo((ANA,))
    silo.fails = 1_000
    rights = await Rights.of(company, {"webshop": (system("webshop", "email", attempts=2), silo)}, mailbox)
    request = (await rights.asks("access", ANA)).id
    await rights.proves(request, await rights.code(request) or "")
    for _ in range(6):
        await rights.carries_out()
        company.clock.move(hours=1)
    told = to(mailbox, OWNER)
    assert "connection_refused" in told[0].message.get_content()
    assert "owner_told" in await steps(rights, request)


async def test_one_request_that_cannot_be_looked_at_keeps_no_other_from_being(
    company: Company, mailbox: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights, first = await asked(company, mailbox)
    second = (await rights.asks("access", ANA)).id
    await rights.proves(second, await rights.code(second) or "")
    await rights.carries_out()
    company.clock.move(days=4)
    whole = reminding._remind

    def broken(unit: Any, *, request: UUID, **other: Any) -> None:
        if request == first:
            raise RuntimeError("broken")
        whole(unit, request=request, **other)

    monkeypatch.setattr(reminding, "_remind", broken)
    with pytest.raises(RuntimeError):
        await rights.worker.watch()
    await rights.mailing.settled()
    assert len(to(mailbox, OWNER)) == 1
