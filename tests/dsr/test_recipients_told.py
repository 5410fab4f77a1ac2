"""GDPR 19: who had received the data, whether each was told, and what shows it, one outcome at a time."""

import datetime as dt
from uuid import UUID

import msgspec
import pytest

from consentd.base.i18n import LANGUAGES
from consentd.dsr.certificate import ErasureCertificate, Recipient
from consentd.dsr.certificate_words import described
from consentd.dsr.certifying import certificates_of
from consentd.dsr.handing import Handing
from consentd.dsr.task_shapes import ClaimAsked
from consentd.kernel.connection import Verb
from consentd.kernel.instants import SECOND, to_text
from consentd.kernel.policy import System
from consentd.systems.connectors.contract import Answer, Asked, Connector, Order, Records, Verdict
from consentd.systems.connectors.inbox import InboxConnector
from consentd.systems.connectors.manual import ManualConnector
from consentd.systems.links import Links
from support.builders import Company
from support.rights import Letters, Rights
from support.silos_simulated import Silo, system

ANA = "email:ana@exemple.fr"
NO_EVIDENCE = (None, None, None, None)


class Says(Silo):
    """Of an erasure it says this, whatever it is."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__((ANA,))
        self.verdict = verdict

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        if order.verb is not Verb.ERASE:
            return await super().carry_out(order, records)
        return Answer(verdict=self.verdict, code="locked", detail="The books are closed.")


def erasing(**more: object) -> System:
    """A silo that is asked nothing but to erase, and has a day to answer."""
    return system("box", "email", verbs=[Verb.ERASE, Verb.CONFIRM], answers_within_days=1, **more)


async def asked(company: Company, connector: Connector, told: System | None = None) -> tuple[Rights, UUID]:
    """An erasure that was carried to the one silo there is."""
    await company.gives(ANA)
    rights = await Rights.of(company, {"box": (told or erasing(), connector)})
    request = await rights.asks("erasure", ANA)
    await rights.proves(request.id, await rights.code(request.id) or "")
    await rights.carries_out()
    return rights, request.id


async def waits(rights: Rights) -> None:
    """Until no try is left, and nobody is waited for any more."""
    for _ in range(20):
        rights.company.clock.move(hours=2)
        await rights.carries_out()
    await rights.worker.watch()


async def certified(company: Company, request: UUID) -> tuple[ErasureCertificate, Recipient]:
    """What the last certificate says of the silo; everything verifies."""
    await company.verify_everything()
    found = await company.database.read(lambda connection: certificates_of(connection, request))
    content = found[-1].content
    (one,) = content.recipients
    return content, one


def evidence(one: Recipient) -> tuple[object, ...]:
    return one.told_on, one.told_at, one.told_by, one.task


async def task_of(rights: Rights, request: UUID) -> UUID:
    told = await rights.told(request)
    (found,) = [task.id for silo in told.silos for task in silo.tasks if task.verb == "erase"]
    return found


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.DONE, "answered"),
        (Verdict.PARTIAL, "answered"),
        (Verdict.FAILED, "failed"),
        (Verdict.UNSUPPORTED, "failed"),
    ],
)
async def test_who_answered_was_told_whatever_the_answer_was(
    company: Company, verdict: Verdict, told: str
) -> None:
    rights, request = await asked(company, Says(verdict))
    content, one = await certified(company, request)
    at = to_text(company.clock.now // SECOND * SECOND)[:16]
    assert one.told == told
    assert one.told_at is not None
    assert one.told_at.startswith(at)
    assert (one.told_on, one.told_by, one.task) == ("2026-11-18", "inbox", await task_of(rights, request))
    for language in LANGUAGES:
        text = "\n".join(described(content, language))
        assert f"{one.task}" in text
        assert {"fr": "n’a pas pu être prévenu", "en": "could not be told"}[language] not in text


async def test_who_could_not_be_reached_was_not_told(company: Company) -> None:
    silo = Silo((ANA,))
    silo.fails = 1_000
    rights, request = await asked(company, silo)
    await waits(rights)
    content, one = await certified(company, request)
    assert content.silos[0].outcome.value == "failed"
    assert (one.told, evidence(one)) == ("no", NO_EVIDENCE)
    assert "could not be told" in "\n".join(described(content, "en"))


async def test_who_never_came_for_the_order_was_not_told(company: Company) -> None:
    rights, request = await asked(company, InboxConnector())
    await waits(rights)
    content, one = await certified(company, request)
    assert content.silos[0].outcome.value == "silent"
    assert (one.told, evidence(one)) == ("no", NO_EVIDENCE)


async def test_who_came_for_the_order_and_is_silent_was_told_when_it_came(company: Company) -> None:
    rights, request = await asked(company, InboxConnector())
    box = await company.add_system("box", scopes=("tasks",))
    handing = Handing(company.doing, company.clock)
    company.clock.move(hours=3)
    (order,) = (await handing.claim(box, ClaimAsked())).tasks
    came = to_text(company.clock.now)
    company.clock.move(hours=2)
    # It lost it, and came again: the first time counts.
    assert (await handing.claim(box, ClaimAsked())).tasks
    await waits(rights)
    content, one = await certified(company, request)
    assert content.silos[0].outcome.value == "silent"
    assert (one.told, one.told_at, one.told_by, one.task) == ("asked", came, "inbox", order.id)


async def test_whoever_got_a_mail_and_is_silent_was_told_when_it_was_sent(company: Company) -> None:
    told = erasing()
    assert told.connection is not None
    told = msgspec.structs.replace(told, connection=msgspec.structs.replace(told.connection, by="manual"))
    assert told.connection is not None
    letters = Letters()
    links = Links(company.keyring, "https://consent.example")
    by_hand = ManualConnector(told, told.connection, letters, links, company.clock, "Maison Lavande")
    rights, request = await asked(company, by_hand, told)
    sent = to_text(company.clock.now)
    assert len(letters.taken) == 1
    await waits(rights)
    content, one = await certified(company, request)
    assert (one.told, one.told_at, one.told_by) == ("asked", sent, "manual")
    assert f"{one.task}" in letters.taken[0].text
    said = "\n".join(described(content, "en"))
    assert "by a mail to whoever looks after it" in said
    assert "and did not answer" in said


async def test_who_was_told_once_stays_told_where_it_is_not_reached_again(company: Company) -> None:
    silo = Silo((ANA,))
    silo.answers_later = True
    rights, request = await asked(company, silo)
    first = to_text(company.clock.now)
    await waits(rights)
    silo.fails = 1_000
    await rights.step(request, "retry", await rights.hire())
    await waits(rights)
    content, one = await certified(company, request)
    assert content.silos[0].code == "connection_refused"
    # It was told, and never said anything: that it could not be reached since is no answer of its own.
    assert (one.told, one.told_at) == ("asked", first)
    assert dt.date.fromisoformat(one.told_on or "") == dt.date(2026, 11, 18)
