"""Mail, handed to real mail servers: with TLS and without, signed in, refused, slow."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import pytest

from consentd.base.mail_address import Sender, mail_address, sender
from consentd.base.reaching import SmtpServer, smtp_server
from consentd.base.settings import from_environment
from consentd.kernel.errors import ConsentdError, OperatorError
from consentd.kernel.instants import Instant
from consentd.net.errors import NetError, Rejected, TookTooLong, Unreachable
from consentd.net.mail import Mailer, NoMail, mailer
from consentd.net.message import Message, written
from support.own_ca import Authority
from support.smtp import smtp_sink

NUMBER = UUID("01980000-0000-7000-8000-000000000001")
NOW = Instant(1_795_000_000_000_000)
FROM = sender("Maison Lavande <donnees@maison.example>")


def message(**other: Any) -> Message:
    said: dict[str, Any] = {
        "number": NUMBER,
        "to": mail_address("lea@silo.example"),
        "subject": "À faire avant le 29 novembre",
        "text": "Bonjour Léa,\n\n.point\n" + "long " * 300 + "\n",
        "language": "fr",
    }
    return Message(**(said | other))


def mail(url: str, tls: ssl.SSLContext | None = None, by: Sender = FROM, **other: Any) -> Mailer:
    return Mailer(smtp_server(url), by, lambda: NOW, tls=tls, **other)


async def test_a_mail_arrives_with_the_heads_that_it_should_have() -> None:
    async with smtp_sink() as sink:
        await mail(f"smtp://127.0.0.1:{sink.port}").send(message(html="<p>Bonjour Léa &amp; Cie</p>"))
    (taken,) = sink.taken
    assert (taken.sender, taken.to) == ("donnees@maison.example", ["lea@silo.example"])
    assert taken.called_itself == "maison.example"
    found = taken.message
    assert found["From"] == "Maison Lavande <donnees@maison.example>"
    assert (found["To"], found["Subject"]) == ("lea@silo.example", "À faire avant le 29 novembre")
    assert found["Message-ID"] == f"<{NUMBER}@maison.example>"
    assert (found["Auto-Submitted"], found["Content-Language"]) == ("auto-generated", "fr")
    assert parsedate_to_datetime(found["Date"]).timestamp() == NOW / 1_000_000
    assert not [name for name in found if name.lower().startswith(("list-", "bcc", "x-"))]
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == message().text
    assert "Léa &amp; Cie" in html.get_content()
    assert max(map(len, taken.content.splitlines())) <= 998
    assert taken.content.isascii()


async def test_the_same_mail_twice_is_one_for_mail_programs() -> None:
    async with smtp_sink() as sink:
        for _ in range(2):
            await mail(f"smtp://127.0.0.1:{sink.port}").send(message())
    first, second = sink.taken
    assert first.message["Message-ID"] == second.message["Message-ID"]


INJECTIONS = [
    "Bonjour\r\nBcc: x@y.example",
    "Bonjour\nBcc: x@y.example",
    "Bonjour\r\n\r\n<script>",
    "Bonjour\rBcc: x@y.example",
    "Bonjour\u2028Bcc: x@y.example",
    "Bonjour\x00\x0b\x0cBcc: x@y.example",
    # Encoded words that hold a line's end: Python 3.11 writes it out if the value is parsed (CVE-2024-6923).
    "=?utf-8?q?Bonjour=0D=0ABcc=3A_x=40y=2Eexample?=",
    "=?utf-8?b?Qm9uam91cg0KQmNjOiB4QHkuZXhhbXBsZQ==?=",
    "a" * 1000 + "\r\nBcc: x@y.example",
    "é " * 400,
]


@pytest.mark.parametrize("text", INJECTIONS)
async def test_promise_16_no_subject_and_no_name_becomes_a_header(text: str) -> None:
    named = Sender(text, mail_address("donnees@maison.example"))
    async with smtp_sink() as sink:
        await mail(f"smtp://127.0.0.1:{sink.port}", by=named).send(message(subject=text))
    found = sink.taken[0].message
    names = ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "Content-Language"]
    assert found.keys() == [*names, "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    assert found.get_content().startswith("Bonjour Léa")
    assert found["From"].addresses[0].addr_spec == "donnees@maison.example"
    assert sink.taken[0].to == ["lea@silo.example"]
    # Each line of the head begins with a name that is ours, or folds one.
    head = sink.taken[0].content.split(b"\r\n\r\n")[0].decode()
    assert {line.split(":")[0] for line in head.split("\r\n") if not line.startswith(" ")} == set(
        found.keys()
    )


def test_an_encoded_word_in_a_subject_stays_the_text_that_it_was() -> None:
    content = written(message(subject="=?utf-8?q?caf=C3=A9?="), FROM, NOW)
    assert b"Subject: =?utf-8?" in content
    assert b"=?utf-8?q?caf=C3=A9?=" not in content


async def test_international_addresses_are_sent_where_the_server_can_take_them() -> None:
    to = mail_address("josé@société.example")
    async with smtp_sink() as sink:
        await mail(f"smtp://127.0.0.1:{sink.port}").send(message(to=to))
    assert sink.taken[0].to == ["josé@xn--socit-esab.example"]
    assert "SMTPUTF8" in sink.taken[0].options
    assert "To: <josé@xn--socit-esab.example>".encode() in sink.taken[0].content
    async with smtp_sink(smtputf8=False) as sink:
        with pytest.raises(Rejected) as caught:
            await mail(f"smtp://127.0.0.1:{sink.port}").send(message(to=to))
        assert caught.value.code == "mail_not_supported"
        # Accents in the domain alone need nothing of the server.
        await mail(f"smtp://127.0.0.1:{sink.port}").send(message(to=mail_address("lea@société.example")))
    assert "SMTPUTF8" not in sink.taken[0].options


# --- TLS and signing in


async def test_with_starttls_nothing_is_said_in_clear(authority: Authority) -> None:
    async with smtp_sink(starttls=authority.server("127.0.0.1"), login=("lea", "p:w")) as sink:
        sending = mail(f"smtp://lea:p%3Aw@127.0.0.1:{sink.port}?starttls", authority.client())
        await sending.check()
        assert not sink.taken
        await sending.send(message())
    assert (sink.taken[0].was_encrypted, sink.taken[0].signed_in) == (True, True)


async def test_with_smtps_all_is_encrypted_from_the_first_byte(authority: Authority) -> None:
    async with smtp_sink(tls=authority.server("127.0.0.1"), login=("lea", "pw")) as sink:
        await mail(f"smtps://lea:pw@127.0.0.1:{sink.port}", authority.client()).send(message())
    assert sink.taken[0].signed_in


async def test_without_the_encryption_that_is_asked_for_nothing_is_sent(authority: Authority) -> None:
    async with smtp_sink() as sink:
        with pytest.raises(Unreachable) as caught:
            await mail(f"smtp://lea:pw@127.0.0.1:{sink.port}?starttls", authority.client()).send(message())
        assert caught.value.code == "no_tls"
        with pytest.raises(Unreachable):
            await mail(f"smtps://127.0.0.1:{sink.port}", authority.client(), seconds=2).send(message())
    for names in (["other.example"], ["127.0.0.1"]):
        trusted = authority.client() if names == ["other.example"] else None
        async with smtp_sink(starttls=authority.server(*names)) as sink:
            with pytest.raises(Unreachable) as caught:
                await mail(f"smtp://127.0.0.1:{sink.port}?starttls", trusted).send(message())
            assert caught.value.code == "bad_certificate"
        async with smtp_sink(tls=authority.server(*names)) as sink:
            with pytest.raises(Unreachable) as caught:
                await mail(f"smtps://127.0.0.1:{sink.port}", trusted).send(message())
            assert caught.value.code == "bad_certificate"
    assert not sink.taken


async def test_a_wrong_password_is_told_and_not_shown(authority: Authority) -> None:
    async with smtp_sink(tls=authority.server("127.0.0.1"), login=("lea", "pw")) as sink:
        with pytest.raises(Rejected) as caught:
            await mail(f"smtps://lea:hunter2@127.0.0.1:{sink.port}", authority.client()).check()
    assert caught.value.code == "mail_login_refused"
    assert "hunter2" not in str(caught.value)


# --- refusals, slowness, nobody there


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        ("550 No such user lea@silo.example", Rejected, "mail_refused"),
        ("450 Try later, lea@silo.example", Unreachable, "mail_delayed"),
    ],
)
@pytest.mark.parametrize("at", ["lea@silo.example", "*"])
async def test_promise_18_a_refusal_is_told_by_its_number_alone(
    reply: str, kind: type[NetError], code: str, at: str
) -> None:
    async with smtp_sink(refusals={at: reply}) as sink:
        with pytest.raises(kind) as caught:
            await mail(f"smtp://127.0.0.1:{sink.port}").send(message())
    assert caught.value.code == code
    assert reply[:3] in str(caught.value)
    assert "lea" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "lea" not in repr(message())


@asynccontextmanager
async def rude_server(behaving: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """The address of a server that does not speak SMTP."""
    tasks = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await behaving(writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks))


async def silent(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def talkative(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"220-wait\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def closing(_writer: asyncio.StreamWriter) -> None:
    pass


@pytest.mark.parametrize("behaving", [silent, talkative])
async def test_a_server_that_comes_to_no_end_does_not_hold_anybody_up(behaving: Any) -> None:
    async with rude_server(behaving) as url:
        began = time.monotonic()
        with pytest.raises(TookTooLong):
            await mail(url, seconds=0.3).send(message())
        assert time.monotonic() - began < 2


async def test_a_server_that_is_not_there_or_hangs_up_is_told() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 takes no connection"):
        await mail("smtp://127.0.0.1:9").send(message())
    async with rude_server(closing) as url:
        with pytest.raises(Unreachable):
            await mail(url).send(message())


async def test_without_a_server_nobody_is_silent() -> None:
    unset = mailer(from_environment({}), lambda: NOW)
    assert isinstance(unset, NoMail)
    for doing in (unset.send(message()), unset.check()):
        with pytest.raises(OperatorError) as caught:
            await doing
        assert caught.value.code == "mail_not_configured"
    given = {"CONSENTD_SMTP_URL": "smtp://127.0.0.1:9", "CONSENTD_MAIL_FROM": "a@b.example"}
    with pytest.raises(ConsentdError, match=r"127\.0\.0\.1:9"):
        await mailer(from_environment(given), lambda: NOW).send(message())


def test_a_mail_server_does_not_print_its_password() -> None:
    assert "pw" not in repr(SmtpServer(host="h", port=1, tls="none", user="u", password="pw"))
