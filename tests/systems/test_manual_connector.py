"""A colleague is written what is to be done, and nothing of the customer; and answers by a link."""

import datetime as dt
import re
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from silo import ANOTHER_TASK, TASK, Kept, order, system

from consentd.base.mail_address import sender
from consentd.base.reaching import smtp_server
from consentd.crypto.keyring import passing_keyring
from consentd.kernel.connection import Manual, Owner, Verb
from consentd.kernel.instants import Instant, to_instant
from consentd.net.mail import Mail, Mailer, NoMail
from consentd.systems.connectors.contract import Answer, Asked, Preference, SiloUnavailable, Verdict
from consentd.systems.connectors.manual import ManualConnector
from consentd.systems.links import Links
from support.smtp import Sink, smtp_sink

PARIS = ZoneInfo("Europe/Paris")
NOW = to_instant(dt.datetime(2026, 11, 22, 13, 30, tzinfo=PARIS))
LINKS = Links(passing_keyring(), "https://consent.example")


class At:
    def __init__(self, now: Instant = NOW) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


def manual(mail: Mail, clock: At | None = None, **connection: Any) -> ManualConnector:
    named = system(by="manual", **connection)
    assert named.connection is not None
    return ManualConnector(named, named.connection, mail, LINKS, clock or At(), "Maison Lavande")


def through(sink: Sink, **connection: Any) -> ManualConnector:
    return manual(mailer(sink.port), **connection)


def mailer(port: int) -> Mailer:
    by = sender("Maison Lavande <donnees@maison.example>")
    return Mailer(smtp_server(f"smtp://127.0.0.1:{port}"), by, At(), seconds=2)


def text_of(sink: Sink, number: int = -1) -> str:
    content = sink.taken[number].message.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def link_in(text: str) -> str:
    found = re.search(r"^https://consent\.example/tasks/(\S+)$", text, re.MULTILINE)
    assert found is not None
    return found[1]


async def test_the_owner_is_written_what_is_to_be_done_by_when_and_where_to_answer() -> None:
    async with smtp_sink() as sink:
        assert await through(sink).carry_out(order(Verb.ERASE), Kept()) == Asked()
    (taken,) = sink.taken
    assert taken.to == ["lea@silo.example"]
    assert taken.message["Subject"] == (
        "À faire d’ici au 29 novembre 2026 : effacer un client dans « Appels sortants »"
    )
    text = text_of(sink)
    assert text.startswith("Bonjour Léa Martin,\n\nUn client fait valoir ses droits")
    assert "au plus tard le 29 novembre 2026" in text
    assert "1. Ouvrez le lien" in text
    assert "2. Dans « Appels sortants », effacez sa fiche" in text
    assert f"Tâche {TASK}\nMaison Lavande" in text


async def test_the_mail_holds_nothing_of_the_customer() -> None:
    """It is not sealed, and stays in mailboxes after the erasure that it asks for."""
    personal = {
        "changes": {"name": "Ana Martín", "street": "3 rue des Lilas"},
        "preferences": (Preference("newsletter", "email", "withdrawn"),),
    }
    async with smtp_sink() as sink:
        for verb in Verb:
            for lift in (False, True):
                await through(sink).carry_out(order(verb, lift=lift, **personal), Kept())
        for language in ("fr", "en"):
            owner = Owner(name="Léa", email="lea@silo.example", language=language)
            await through(sink, owner=owner).carry_out(order(Verb.RECTIFY, **personal), Kept())
    assert len(sink.taken) == 2 * len(Verb) + 2
    for number, taken in enumerate(sink.taken):
        everything = taken.content.decode() + text_of(sink, number)
        for word in ("ana@", "C-17", "Martín", "Lilas", "newsletter", "withdrawn"):
            assert word not in everything


async def test_the_link_opens_this_task_for_this_owner_until_a_month_after_the_deadline() -> None:
    async with smtp_sink() as sink:
        await through(sink).carry_out(order(Verb.ERASE), Kept())
    token = link_in(text_of(sink))
    assert "jusqu’au 29 décembre 2026" in text_of(sink)

    def owner(task: UUID) -> str | None:
        return "lea@silo.example" if task == TASK else None

    last = to_instant(dt.datetime(2026, 12, 29, 23, 59, 59, tzinfo=PARIS))
    found = LINKS.verify_link(token, last, owner)
    assert found is not None
    assert found.task == TASK
    assert LINKS.verify_link(token, Instant(last + 1_000_000), owner) is None


async def test_every_verb_has_words_in_both_languages() -> None:
    async with smtp_sink() as sink:
        for language in ("fr", "en"):
            owner = Owner(name="Léa", email="lea@silo.example", language=language)
            for verb in Verb:
                for lift in (False, True) if verb is Verb.RESTRICT else (False,):
                    await through(sink, owner=owner).carry_out(order(verb, lift=lift), Kept())
                    assert sink.taken[-1].message["Content-Language"] == language
    subjects = [taken.message["Subject"] for taken in sink.taken]
    assert len(set(subjects)) == len(subjects) == 2 * (len(Verb) + 1)
    for number in range(len(sink.taken)):
        text = text_of(sink, number)
        assert not re.search(r"[{}]", text)
        assert text.count("Appels sortants") >= 1
        assert "3. " in text
        # Words of the pages, not of the law.
        assert not re.search(r"silo|finalité|personne concernée|DSR|data subject", text, re.IGNORECASE)


async def test_the_steps_of_the_policy_go_before_the_usual_ones() -> None:
    steps = {Verb.ERASE: {"fr": "Ouvrez le classeur {rouge}.\nDéchirez la fiche.", "en": "Tear it up."}}
    async with smtp_sink() as sink:
        await through(sink, manual=Manual(steps=steps)).carry_out(order(Verb.ERASE), Kept())
        # What the policy says is text: its braces are no blanks.
        assert "Ouvrez le classeur {rouge}.\nDéchirez la fiche." in text_of(sink)
        assert "Dans « Appels sortants », effacez" not in text_of(sink)
        english = Owner(name="Léa", email="lea@silo.example", language="en")
        await through(sink, manual=Manual(steps=steps), owner=english).carry_out(order(Verb.ERASE), Kept())
        assert "Tear it up." in text_of(sink)
        french_alone = Manual(steps={Verb.ERASE: {"fr": "Déchirez."}})
        await through(sink, manual=french_alone, owner=english).carry_out(order(Verb.ERASE), Kept())
        assert "Déchirez." in text_of(sink)


async def test_a_name_in_the_policy_becomes_no_header() -> None:
    async with smtp_sink() as sink:
        owner = Owner(name="Léa\r\nBcc: x@y.example", email="lea@silo.example")
        await through(sink, owner=owner).carry_out(order(Verb.ERASE), Kept())
    assert sink.taken[0].to == ["lea@silo.example"]
    assert "Bcc" not in sink.taken[0].message


async def test_an_order_that_comes_twice_is_one_mail_for_mail_programs() -> None:
    async with smtp_sink() as sink:
        for _ in range(2):
            await through(sink).carry_out(order(Verb.ERASE), Kept())
        await through(sink).carry_out(order(Verb.ERASE, task=ANOTHER_TASK), Kept())
    first, second, other = [taken.message["Message-ID"] for taken in sink.taken]
    assert first == second != other


# --- reminders


async def test_reminders_say_that_time_runs_and_then_that_it_is_over() -> None:
    async with smtp_sink() as sink:
        clock = At()
        silo = manual(mailer(sink.port), clock)
        due = silo.due(NOW)
        assert due == to_instant(dt.datetime(2026, 11, 30, tzinfo=PARIS))
        for day, hour in ((27, 9), (27, 10), (29, 23), (30, 0)):
            clock.now = to_instant(dt.datetime(2026, 11, day, hour, tzinfo=PARIS))
            assert await silo.remind(TASK, Verb.ERASE, due) is None
    subjects = [taken.message["Subject"] for taken in sink.taken]
    to_do = "effacer un client dans « Appels sortants »"
    assert subjects[:3] == [f"Rappel, d’ici au 29 novembre 2026 : {to_do}"] * 3
    assert subjects[3] == f"En retard depuis le 29 novembre 2026 : {to_do}"
    assert "le délai est passé depuis le 29 novembre 2026" in text_of(sink)
    numbers = [taken.message["Message-ID"] for taken in sink.taken]
    assert len(set(numbers)) == 3
    assert numbers[0] == numbers[1]
    assert link_in(text_of(sink, 0)) == link_in(text_of(sink, 3))


def test_a_deadline_is_the_end_of_a_day_where_the_silo_is_also_when_clocks_change() -> None:
    silo = manual(NoMail())
    asked = to_instant(dt.datetime(2026, 10, 20, 23, 30, tzinfo=PARIS))
    assert silo.due(asked) == to_instant(dt.datetime(2026, 10, 28, tzinfo=PARIS))


# --- what can go wrong


async def test_promise_12_without_a_mail_server_nobody_was_asked() -> None:
    found = await manual(NoMail()).carry_out(order(Verb.ERASE), Kept())
    assert isinstance(found, Answer)
    assert (found.verdict, found.code) == (Verdict.FAILED, "mail_not_configured")
    told = await manual(NoMail()).remind(TASK, Verb.ERASE, NOW)
    assert told is not None
    assert told.code == "mail_not_configured"


async def test_promise_12_a_mail_that_is_refused_is_failed_and_one_that_waits_is_sent_again() -> None:
    async with smtp_sink(refusals={"lea@silo.example": "550 No lea@silo.example here"}) as sink:
        found = await through(sink).carry_out(order(Verb.ERASE), Kept())
        assert isinstance(found, Answer)
        assert (found.verdict, found.code) == (Verdict.FAILED, "mail_refused")
        assert "lea" not in str(found.detail)
        sink.refusals["lea@silo.example"] = "451 Greylisted"
        with pytest.raises(SiloUnavailable) as caught:
            await through(sink).carry_out(order(Verb.ERASE), Kept())
        assert caught.value.code == "mail_delayed"
    with pytest.raises(SiloUnavailable):
        await manual(mailer(9)).carry_out(order(Verb.ERASE), Kept())


async def test_an_owner_without_an_address_is_told_of() -> None:
    async with smtp_sink() as sink:
        silo = through(sink, owner=Owner(name="Léa", email="Léa"))
        found = await silo.carry_out(order(Verb.ERASE), Kept())
        assert isinstance(found, Answer)
        assert (found.verdict, found.code) == (Verdict.FAILED, "bad_owner")
        assert not (await silo.test()).ok


# --- looking before acting


async def test_the_preview_is_the_mail_with_its_link_hidden() -> None:
    async with smtp_sink() as sink:
        silo = through(sink)
        lines = await silo.preview(order(Verb.ERASE))
        assert not sink.taken
        await silo.carry_out(order(Verb.ERASE), Kept())
    to, subject, _, *text = lines
    assert to == "Léa Martin <lea@silo.example>"
    assert subject == sink.taken[0].message["Subject"]
    shown = re.sub(r"^https\S+$", "<le lien, pour vous seul>", text_of(sink), flags=re.MULTILINE)
    assert "\n".join(text) == shown


async def test_trying_out_sends_nothing_and_says_whether_mail_could_be() -> None:
    steps = Manual(steps={Verb.ERASE: {"fr": "Déchirez."}})
    async with smtp_sink() as sink:
        found = await through(sink, manual=steps).test()
        assert found.ok
        assert found.lines == (
            "Tasks are written to Léa Martin, who has 7 days.",
            "Steps of its own: erase.",
            "The mail server takes mail.",
        )
        assert not sink.taken
    assert not (await through(sink).test()).ok
    assert "CONSENTD_SMTP_URL" in (await manual(NoMail()).test()).lines[-1]
