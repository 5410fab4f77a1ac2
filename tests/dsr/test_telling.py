"""The person is told how it goes, at an address that is shown to be theirs; else staff are told to write."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from consentd.crypto import request_keys
from consentd.crypto.jws import by_kid
from consentd.db.unit import Unit
from consentd.dsr import mail_store
from consentd.dsr.certificate_check import Part, check, read
from consentd.dsr.certifying import certificates_of
from consentd.dsr.mailing import Mailing
from consentd.kernel.connection import Verb
from consentd.kernel.policy import System
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink, Taken

ANA = "email:ana@exemple.fr"
BEN = "email:ben@exemple.fr"
DPO = "vie-privee@maison-lavande.example"


async def shop(company: Company, mailbox: Sink, *rows: str, **silo: Any) -> Rights:
    await company.gives(ANA)
    one = Silo(rows or (ANA,))
    for name, value in silo.items():
        setattr(one, name, value)
    return await Rights.of(company, {"webshop": (system("webshop", "email"), one)}, mailbox)


async def proven(rights: Rights, right: str, *who: str, **other: Any) -> UUID:
    asked = await rights.asks(right, *(who or (ANA,)), **other)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    return asked.id


def to(mailbox: Sink, address: str) -> list[Taken]:
    return [one for one in mailbox.taken if one.to == [address]]


def texts(mailbox: Sink, address: str = "ana@exemple.fr") -> list[str]:
    """What arrived there, codes left out."""
    found = (one.message.get_body() for one in to(mailbox, address))
    told = [body.get_content() for body in found if body is not None]
    return [text for text in told if "code :" not in text and "code:" not in text]


async def steps(rights: Rights, request: UUID) -> list[str]:
    return [step.event for step in (await rights.told(request)).steps]


async def test_an_erasure_is_told_with_its_certificate_and_then_nobody_knows_whom(
    company: Company, mailbox: Sink
) -> None:
    rights = await shop(company, mailbox)
    request = await proven(rights, "erasure")
    receipt, done = texts(mailbox)
    assert "l’effacement de vos données" in receipt
    assert "18 décembre 2026" in receipt
    assert "C’est fait." in done
    assert "Webshop : effacé, et vérifié" in done
    (attached,) = to(mailbox, "ana@exemple.fr")[-1].message.iter_attachments()
    assert attached.get_filename() == "certificate.json"
    content = attached.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert b"ana" not in content
    (given,) = read(content)
    assert check(given, by_kid(company.keyring.public_keys()), None).parts[Part.SIGNATURE]
    assert {"told_receipt", "told_answer"} <= {*await steps(rights, request)}

    def left(connection: Any) -> tuple[object, int]:
        key = request_keys.open_key(connection, company.keyring, request, "mail")
        return key, mail_store.letters_left(connection, request)

    assert await company.database.read(left) == (None, 0)
    await company.verify_everything()


async def test_it_comes_in_the_language_of_the_request(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    await proven(rights, "erasure", language="en")
    receipt, done = texts(mailbox)
    assert "the erasure of your data" in receipt
    assert "It is done." in done
    assert to(mailbox, "ana@exemple.fr")[-1].message["content-language"] == "en"


async def test_what_is_missing_is_named_and_told_again_once_it_is_done(
    company: Company, mailbox: Sink
) -> None:
    rights = await shop(company, mailbox, leaves=True)
    request = await proven(rights, "erasure")
    part = texts(mailbox)[-1]
    assert "Ce qui manque : Webshop." in part
    assert "CNIL" in part
    assert "tribunal" in part
    rights.silos["webshop"].rows = []  # type: ignore[attr-defined]
    await rights.step(request, "retry", await rights.hire())
    await rights.carries_out()
    assert "C’est fait." in texts(mailbox)[-1]
    assert len(texts(mailbox)) == 3


async def test_an_extension_and_a_refusal_say_why_and_where_to_complain(
    company: Company, mailbox: Sink
) -> None:
    rights = await shop(company, mailbox)
    who = await rights.hire()
    request = await proven(rights, "access")
    await rights.step(request, "extend", who, reasons="Cinq archives {papier} à lire.")
    await rights.step(request, "refuse", who, reasons="Demandé chaque jour.", article="GDPR 12(5)")
    await rights.carries_out()
    _, extension, refusal = texts(mailbox)
    assert "Cinq archives {papier} à lire." in extension
    assert "18 février 2027" in extension
    assert "RGPD 12(5)" in refusal
    for text in (extension, refusal):
        assert "CNIL" in text
        assert "tribunal" in text
        assert DPO in text


async def test_a_shared_mailbox_is_told_nothing_and_staff_are_told_to_write(
    company: Company, mailbox: Sink
) -> None:
    home = "email:home@exemple.fr"
    await company.gives(home, "customer:C1")
    await company.gives(home, "customer:C2")
    rights = await shop(company, mailbox)
    asked = await rights.asks("rectification", home, "customer:C1", changes={"family_name": "Diaz"})
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    who = await rights.hire()
    await rights.step(asked.id, "refuse", who, reasons="Rien de faux.", article="GDPR 16")
    await rights.carries_out()
    assert texts(mailbox, "home@exemple.fr") == []
    (told,) = texts(mailbox, DPO)
    assert str(asked.id) in told
    assert "home" not in told
    assert "write_by_hand" in await steps(rights, asked.id)


async def test_who_was_identified_by_staff_is_written_to_by_hand(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    asked = await rights.asks("access", ANA, came_by="counter")
    who = await rights.hire()
    await rights.step(asked.id, "identify", who, grounds="Known.")
    await rights.step(asked.id, "extend", who, reasons="Paper.")
    await rights.carries_out()
    assert texts(mailbox) == []
    assert len(texts(mailbox, DPO)) == 1


async def test_mail_that_cannot_be_sent_is_tried_again_and_delays_no_other(
    company: Company, mailbox: Sink
) -> None:
    await company.gives(BEN)
    rights = await shop(company, mailbox)
    asked = [await rights.asks("access", who) for who in (ANA, BEN)]
    for one in asked:
        await rights.proves(one.id, await rights.code(one.id) or "")
    mailbox.refusals["ana@exemple.fr"] = "451 later"
    await rights.carries_out()
    assert (len(texts(mailbox)), len(texts(mailbox, "ben@exemple.fr"))) == (0, 1)
    company.clock.move(minutes=1)
    await rights.carries_out()
    assert texts(mailbox) == []
    del mailbox.refusals["ana@exemple.fr"]
    company.clock.move(minutes=1)
    await rights.carries_out()
    assert len(texts(mailbox)) == 1
    assert "told_receipt" in await steps(rights, asked[0].id)


@pytest.mark.parametrize(("reply", "days"), [("550 no such mailbox", 0), ("451 later", 6)])
async def test_what_nobody_takes_is_given_up_and_staff_are_told_to_write(
    company: Company, mailbox: Sink, reply: str, days: int
) -> None:
    rights = await shop(company, mailbox)
    asked = await rights.asks("access", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    mailbox.refusals["ana@exemple.fr"] = reply
    for _ in range(days * 24 + 1):
        await rights.mailing.settled()
        company.clock.move(hours=1)
    await rights.mailing.settled()
    assert {"not_told", "write_by_hand"} <= {*await steps(rights, asked.id)}
    assert len(texts(mailbox, DPO)) == 1


async def test_several_processes_send_one_mail(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    asked = await rights.asks("access", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    others = [rights.new_mailing(rights.mailing._mail) for _ in range(3)]
    await asyncio.gather(*(one.settled() for one in (rights.mailing, *others)))
    assert len(texts(mailbox)) == 1


async def test_a_kill_after_sending_repeats_the_mail_under_its_number(
    company: Company, mailbox: Sink
) -> None:
    rights = await shop(company, mailbox)
    asked = await rights.asks("access", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")

    class Killed(Mailing):
        async def _end(self, row: Any, state: str, code: str | None) -> None:
            raise asyncio.CancelledError

    dead = rights.new_mailing(rights.mailing._mail)
    dead.__class__ = Killed
    with pytest.raises(asyncio.CancelledError):
        await dead.send_due()
    await rights.mailing.settled()
    assert len(texts(mailbox)) == 1
    company.clock.move(minutes=1)
    await rights.mailing.settled()
    numbers = {one.message["message-id"] for one in to(mailbox, "ana@exemple.fr")[1:]}
    assert (len(texts(mailbox)), len(numbers)) == (2, 1)


async def test_a_moment_is_told_once(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    request = await proven(rights, "access")

    def rows(unit: Unit) -> list[str]:
        return [row["moment"] for row in mail_store.mails(unit.connection, request)]

    assert await company.database.housekeep(rows) == ["receipt"]


async def test_recipients_that_nothing_connects_are_told_to_the_officer_once(
    company: Company, mailbox: Sink
) -> None:
    await company.gives(ANA)
    paper = structs.replace(system("paper", "email"), connection=None)
    silos = {"webshop": (system("webshop", "email"), Silo((ANA,))), "paper": (paper, Silo())}
    rights = await Rights.of(company, silos, mailbox)
    request = await proven(rights, "erasure")
    (told,) = texts(mailbox, DPO)
    assert "Paper" in told
    assert "Webshop" not in told
    assert "ana" not in told
    (certificate,) = await company.database.read(lambda connection: certificates_of(connection, request))
    assert {one.system: one.told for one in certificate.content.recipients} == {
        "paper": "no",
        "webshop": "answered",
    }
    await rights.step(request, "refuse", await rights.hire(), reasons="Sur papier.", article="GDPR 2(1)")
    await rights.carries_out()
    assert len(texts(mailbox, DPO)) == 1
    assert "Ce qui manque, nous ne le ferons pas." in texts(mailbox)[-1]


async def test_a_tool_that_is_not_connected_is_called_so_and_not_one_that_cannot(
    company: Company, mailbox: Sink
) -> None:
    await company.gives(ANA)
    silos = {
        "webshop": (system("webshop", "email", verbs=[Verb.LOCATE]), Silo((ANA,))),
        "notebook": (System(id="notebook", name="Carnet", zone="UTC"), Silo()),
    }
    rights = await Rights.of(company, silos, mailbox)
    request = await proven(rights, "rectification", changes={"name": "Ana Martin"})
    await rights.step(request, "approve", await rights.hire())
    await rights.carries_out()
    told = texts(mailbox)[-1]
    assert "- Carnet : pas fait : l’outil n’est pas relié" in told
    assert "- Webshop : ne sait pas le faire" in told
