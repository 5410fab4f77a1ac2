"""Sending mail, by SMTP, to the one server that settings name.

Settings name it, so its address may be private (promise 15); with `starttls` and `smtps` nothing is sent
before its certificate was verified. A mail has one time for all of it. Without a server nobody is silent:
`NoMail` raises. What was handed to the server may still not arrive: then the server tells the sender's
address.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiosmtplib

from consentd.base.clock import Clock
from consentd.base.mail_address import Sender
from consentd.base.reaching import SmtpServer
from consentd.base.settings import Settings
from consentd.kernel.errors import OperatorError
from consentd.net.connecting import shown
from consentd.net.errors import NetError, Rejected, TookTooLong, Unreachable, lost
from consentd.net.message import Message, written

SECONDS = 30.0


class Mail(Protocol):
    async def send(self, message: Message) -> None:
        """Returns once the server has taken it. Raises NetError; OperatorError where there is no server."""
        ...

    async def check(self) -> None:
        """Connects and signs in, and sends nothing. Raises as `send` does."""
        ...


def mailer(settings: Settings, clock: Clock) -> Mail:
    if settings.smtp is None or settings.mail_from is None:
        return NoMail()
    return Mailer(settings.smtp, settings.mail_from, clock)


class NoMail:
    async def send(self, message: Message) -> None:
        raise OperatorError(
            "mail_not_configured",
            "A mail should have been sent, but no server takes mail: set CONSENTD_SMTP_URL and "
            "CONSENTD_MAIL_FROM.",
        )

    async def check(self) -> None:
        raise OperatorError(
            "mail_not_configured", "No server takes mail: set CONSENTD_SMTP_URL and CONSENTD_MAIL_FROM."
        )


class Mailer:
    """`tls` replaces the machine's list of certificate authorities."""

    def __init__(
        self,
        server: SmtpServer,
        sender: Sender,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._server = server
        self._shown = shown(server.host, server.port)
        self._sender = sender
        self._clock = clock
        self._tls = tls or ssl.create_default_context()
        self._seconds = seconds

    async def send(self, message: Message) -> None:
        content = written(message, self._sender, self._clock())
        international = message.to.is_international or self._sender.address.is_international
        async with self._session() as session:
            await session.sendmail(
                str(self._sender.address),
                [str(message.to)],
                content,
                mail_options=["SMTPUTF8"] if international else [],
            )

    async def check(self) -> None:
        async with self._session() as session:
            await session.noop()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        # A connection for each: mail is rare, and a server that hangs up in between is no concern then.
        session = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user,
            password=self._server.password,
            # Its own would ask the name server, and hold up everything meanwhile.
            local_hostname=self._sender.address.domain,
            use_tls=self._server.tls == "always",
            start_tls=self._server.tls == "starttls",
            tls_context=self._tls if self._server.tls != "none" else None,
            timeout=self._seconds,
        )
        try:
            async with asyncio.timeout(self._seconds):
                await session.connect()
                yield session
            # It has taken the mail: however it says goodbye, that stands.
            with contextlib.suppress(TimeoutError, aiosmtplib.SMTPException, OSError):
                await session.quit(timeout=2)
        except (TimeoutError, aiosmtplib.SMTPTimeoutError):
            raise TookTooLong(
                "too_slow", f"{self._shown} was not done after {self._seconds:g} seconds."
            ) from None
        except aiosmtplib.SMTPException as error:
            # From None: the server's words may quote the address.
            raise self._told(error) from None
        except OSError as error:
            raise lost(error, self._shown) from None
        finally:
            session.close()

    def _told(self, error: aiosmtplib.SMTPException) -> NetError:
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            error = error.recipients[0]
        if isinstance(error, aiosmtplib.SMTPResponseException):
            if 400 <= error.code < 500:
                return Unreachable("mail_delayed", f"{self._shown} takes no mail now ({error.code}).")
            if isinstance(error, aiosmtplib.SMTPAuthenticationError):
                return Rejected(
                    "mail_login_refused", f"{self._shown} refuses user or password ({error.code})."
                )
            return Rejected("mail_refused", f"{self._shown} refuses this mail ({error.code}).")
        if isinstance(error, aiosmtplib.SMTPNotSupported):
            return Rejected(
                "mail_not_supported",
                f"{self._shown} cannot take a mail to an international address (SMTPUTF8), or no sign-in.",
            )
        if isinstance(error, aiosmtplib.SMTPConnectError) and not _is_tls(error):
            return Unreachable("unreachable", f"{self._shown} takes no connection.")
        if isinstance(error, ConnectionError) or _is_tls(error):
            return lost(error, self._shown)
        # What is left is a server that lacks STARTTLS, though settings ask for it: nothing goes in clear.
        return Unreachable("no_tls", f"{self._shown} offers no TLS.")


def _is_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None
