"""Where no mail can tell the person, staff do, and note it: by that day the answer is in time, or late."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from consentd.crypto.seal import Place, unseal
from consentd.dsr import store
from consentd.dsr.cases import RequestCase
from consentd.dsr.copying.shapes import HandedOver
from consentd.dsr.unwritten import Unwritten, ended_by
from consentd.dsr.views import RequestTold
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.kernel.instants import DAY, Instant
from support.builders import WEDNESDAY, Company, demo_policy
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink

ANA = "email:ana@exemple.fr"
DPO = "vie-privee@maison-lavande.example"


class Counter:
    """Ana asks at the counter, where a colleague says who she is: nothing can be mailed to her."""

    def __init__(self, rights: Rights, request: UUID, who: UUID, mailbox: Sink) -> None:
        self.rights, self.request, self.who, self.mailbox = rights, request, who, mailbox

    async def step(self, step: str, **members: Any) -> RequestTold:
        return await self.rights.step(self.request, step, self.who, **members)

    async def wrote(self, told: str, on: str, **members: Any) -> RequestTold:
        return await self.step("wrote_by_hand", **{"told": told, "on": on, "how": "letter", **members})

    async def refuses(self) -> RequestTold:
        return await self.step("refuse", reasons="Demandé chaque jour.", article="GDPR 12(5)")

    async def told(self) -> RequestTold:
        return await self.rights.told(self.request)

    async def looks(self) -> list[str]:
        """What the officer was written by now."""
        await self.rights.worker.watch()
        await self.rights.mailing.settled()
        return [str(one.message["subject"]) for one in self.mailbox.taken if one.to == [DPO]]


async def counter(company: Company, mailbox: Sink, right: str = "access", **other: Any) -> Counter:
    await company.gives(ANA)
    silo = Silo((ANA,))
    silo.leaves = other.pop("leaves", False)
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), silo)}, mailbox)
    who = await rights.hire()
    asked = await rights.asks(right, ANA, came_by="counter", **other)
    found = Counter(rights, asked.id, who, mailbox)
    await found.step("identify", grounds="Knows her orders.")
    await rights.carries_out()
    return found


async def test_a_refusal_by_letter_is_in_time_by_the_day_of_the_letter(
    company: Company, mailbox: Sink
) -> None:
    desk = await counter(company, mailbox)
    told = await desk.refuses()
    assert [(one.tells, one.due) for one in told.to_write] == [("refusal", "2026-12-18")]
    # Decided, and told to nobody yet: no answer.
    assert (told.state, told.answered_on, told.in_time) == ("refused", None, None)
    company.clock.move(days=90)
    told = await desk.wrote("refusal", "2026-12-18", reference="Lettre à Mme Diaz")
    assert (told.answered_on, told.in_time, told.to_write) == ("2026-12-18", True, ())
    step = told.steps[-1]
    assert (step.event, step.tells, step.on, step.how) == (
        "wrote_by_hand",
        "refusal",
        "2026-12-18",
        "letter",
    )
    assert (step.by, step.by_id) == ("staff", desk.who)
    assert "request.wrote_by_hand" in await company.actions()
    await company.verify_everything()


async def test_a_letter_after_the_month_is_late(company: Company, mailbox: Sink) -> None:
    desk = await counter(company, mailbox)
    await desk.refuses()
    company.clock.move(days=31)
    told = await desk.wrote("refusal", "2026-12-19")
    assert (told.answered_on, told.in_time) == ("2026-12-19", False)


async def test_the_reference_is_sealed_and_stands_nowhere_in_clear(company: Company, mailbox: Sink) -> None:
    desk = await counter(company, mailbox)
    await desk.refuses()
    await desk.wrote("refusal", "2026-11-18", reference="Lettre à Mme Diaz")

    row = await company.database.read(lambda connection: dict(store.steps(connection, desk.request)[-1]))
    assert "Diaz" not in repr({name: value for name, value in row.items() if name != "sealed"})
    assert b"Diaz" not in row["sealed"]

    def opened(unit: Any) -> bytes:
        compiled = company.policies.active(unit.connection)
        key = RequestCase.locked(unit, company.keyring, compiled, desk.request).key()
        assert key is not None
        return unseal(key, row["sealed"], Place("request_steps", "sealed", row["id"]))

    assert "Diaz" in (await company.database.housekeep(opened)).decode()


async def test_only_what_waits_to_be_written_is_noted_and_once(company: Company, mailbox: Sink) -> None:
    desk = await counter(company, mailbox)
    for kind in ("receipt", "extension", "refusal", "answer", "copy"):
        with pytest.raises(Conflict) as nothing:
            await desk.wrote(kind, "2026-11-18")
        assert nothing.value.code == "nothing_to_write"
    await desk.refuses()
    with pytest.raises(Conflict):
        await desk.wrote("answer", "2026-11-18")
    await desk.wrote("refusal", "2026-11-18")
    with pytest.raises(Conflict) as twice:
        await desk.wrote("refusal", "2026-11-18")
    assert twice.value.code == "nothing_to_write"


@pytest.mark.parametrize("day", ["2026-11-17", "2026-11-20", "2026-02-30", "0000-00-00"])
async def test_a_day_before_it_was_due_or_still_to_come_is_refused(
    company: Company, mailbox: Sink, day: str
) -> None:
    desk = await counter(company, mailbox)
    await desk.refuses()
    company.clock.move(days=1)
    with pytest.raises(Unprocessable) as wrong:
        await desk.wrote("refusal", day)
    assert wrong.value.code == "invalid_time"
    assert (await desk.told()).to_write


async def test_what_mail_told_is_not_written_by_hand(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), Silo((ANA,)))}, mailbox)
    who = await rights.hire()
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert (told.answered_on, told.in_time, told.to_write) == ("2026-11-18", True, ())
    desk = Counter(rights, asked.id, who, mailbox)
    with pytest.raises(Conflict):
        await desk.wrote("answer", "2026-11-18")


async def test_an_extension_that_nobody_told_within_the_month_moves_nothing(
    company: Company, mailbox: Sink
) -> None:
    desk = await counter(company, mailbox)
    told = await desk.step("extend", reasons="Paper in three shops.")
    assert [(one.tells, one.due) for one in told.to_write] == [("extension", "2026-12-18")]
    assert told.legal_due == "2027-02-18"
    company.clock.move(days=60)
    await desk.refuses()
    late = await desk.wrote("refusal", "2027-01-17")
    assert late.in_time is False
    # It was told after all, in December: somebody notes it late.
    assert (await desk.wrote("extension", "2026-12-18", how="telephone")).in_time is True


async def test_one_letter_ends_what_an_earlier_one_would_have_said(company: Company, mailbox: Sink) -> None:
    desk = await counter(company, mailbox, "erasure", leaves=True)
    other = await desk.rights.hire("Denis")
    for who in (desk.who, other):
        await desk.rights.step(desk.request, "approve", who)
    await desk.rights.carries_out()
    told = await desk.told()
    assert (told.state, [one.tells for one in told.to_write]) == ("partial", ["answer"])
    company.clock.move(days=2)
    told = await desk.refuses()
    assert [one.tells for one in told.to_write] == ["answer", "refusal"]
    # A letter of the day before can only have told what was due by then.
    with pytest.raises(Unprocessable):
        await desk.wrote("refusal", "2026-11-19")
    assert (await desk.wrote("refusal", "2026-11-20")).to_write == ()
    assert (await desk.told()).answered_on == "2026-11-20"


def test_a_letter_tells_what_was_due_by_its_day() -> None:
    waiting = [
        Unwritten("extension", WEDNESDAY),
        Unwritten("answer:part", WEDNESDAY),
        Unwritten("answer:whole", Instant(WEDNESDAY + 3 * DAY)),
    ]
    policy = demo_policy()

    def ended(tells: str, on: str) -> list[str]:
        return ended_by(waiting, tells, dt.date.fromisoformat(on), policy)

    assert ended("answer", "2026-11-17") == []
    assert ended("answer", "2026-11-18") == ["answer:part"]
    assert ended("answer", "2026-11-21") == ["answer:part", "answer:whole"]
    assert ended("extension", "2026-11-21") == ["extension"]
    assert ended("copy", "2026-11-21") == []


async def test_of_an_erasure_that_is_forgotten_no_reference_can_be_kept(
    company: Company, mailbox: Sink
) -> None:
    desk = await counter(company, mailbox, "erasure")
    other = await desk.rights.hire("Denis")
    for who in (desk.who, other):
        await desk.rights.step(desk.request, "approve", who)
    await desk.rights.carries_out()
    assert (await desk.told()).state == "answered"
    with pytest.raises(Unprocessable) as gone:
        await desk.wrote("answer", "2026-11-18", reference="Lettre à Mme Diaz")
    assert gone.value.code == "reference_not_kept"
    told = await desk.wrote("answer", "2026-11-18", how="counter")
    assert (told.in_time, told.to_write) == (True, ())
    await company.verify_everything()


async def test_a_copy_handed_over_at_the_counter_says_it_by_itself(company: Company, mailbox: Sink) -> None:
    desk = await counter(company, mailbox)
    await desk.rights.makes_copies()
    told = await desk.step("release")
    assert ([one.tells for one in told.to_write], told.answered_on) == (["copy"], None)
    caller = company.systems["desk"]
    await desk.rights.handing.hand_over(caller, desk.request, HandedOver(desk.who, "Her card."))
    told = await desk.told()
    assert (told.to_write, told.answered_on, told.in_time) == ((), "2026-11-18", True)


async def test_what_only_restricts_was_said_when_it_was_asked(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await Rights.of(company, {}, mailbox)
    asked = await rights.asks("marketing_objection", ANA)
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert "write_by_hand" in [step.event for step in told.steps]
    assert (told.to_write, told.in_time) == ((), True)


async def test_nobody_is_reminded_once_it_is_written(company: Company, mailbox: Sink) -> None:
    desk = await counter(company, mailbox)
    await desk.refuses()
    assert len(await desk.looks()) == 1
    company.clock.move(days=24)
    assert len(await desk.looks()) == 1
    company.clock.move(days=2)
    found = await desk.looks()
    assert len(found) == 2
    assert found[-1].startswith("Pas encore écrit : refus")
    company.clock.move(days=1)
    assert len(await desk.looks()) == 2


@pytest.mark.parametrize(("kind", "days"), [("refusal", 26), ("extension", 24)])
async def test_what_was_written_is_reminded_of_no_more(
    company: Company, mailbox: Sink, kind: str, days: int
) -> None:
    desk = await counter(company, mailbox)
    if kind == "refusal":
        await desk.refuses()
    else:
        await desk.step("extend", reasons="Paper.")
    await desk.looks()
    company.clock.move(days=1)
    await desk.wrote(kind, "2026-11-19")
    company.clock.move(days=days)
    assert not [one for one in await desk.looks() if one.startswith("Pas encore")]


async def test_an_extension_is_reminded_of_before_the_first_month_ends(
    company: Company, mailbox: Sink
) -> None:
    desk = await counter(company, mailbox)
    await desk.step("extend", reasons="Paper.")
    await desk.looks()
    company.clock.move(days=24)
    (found,) = [one for one in await desk.looks() if one.startswith("Pas encore")]
    assert "délai prolongé" in found
    mail = desk.mailbox.taken[-1].message.get_content()
    assert "18 décembre 2026" in mail
    assert "ana" not in mail


async def test_what_was_to_alert_somebody_and_did_not_leave_yet_does_not(
    company: Company, mailbox: Sink
) -> None:
    desk = await counter(company, mailbox)
    await desk.refuses()
    await desk.wrote("refusal", "2026-11-18")
    assert await desk.looks() == []
    assert "dpo_not_told" not in [step.event for step in (await desk.told()).steps]


async def test_an_objection_that_was_upheld_is_told_by_hand(company: Company, mailbox: Sink) -> None:
    await company.gives(ANA)
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), Silo((ANA,)))}, mailbox)
    who = await rights.hire()
    asked = await rights.asks("objection", ANA)
    await rights.carries_out()
    desk = Counter(rights, asked.id, who, mailbox)
    told = await desk.step("uphold")
    assert [one.tells for one in told.to_write] == ["answer"]
    assert len([one for one in await desk.looks() if "réponse" in one]) == 1
