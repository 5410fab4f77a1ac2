"""Sending codes beside the answer: how long a mail server takes would tell whether there was anybody (13)."""

import asyncio

import structlog

from consentd.dsr.code_mail import code_mail
from consentd.dsr.identity import Sending
from consentd.kernel.errors import ConsentdError, Unavailable
from consentd.kernel.policy import Controller
from consentd.net.mail import Mail, NoMail

_log = structlog.get_logger()


class Post:
    """A code that could not be sent is asked for again: it is not worth a queue, and lasts a quarter of an
    hour. What went wrong is logged without whom it was for (promise 18).
    """

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._under_way: set[asyncio.Task[None]] = set()

    def require(self) -> None:
        """Raises Unavailable where no server takes mail, for known and unknown people alike."""
        if isinstance(self._mail, NoMail):
            raise Unavailable(
                "codes_not_sent",
                "No code can be sent: this service has no mail server. Set CONSENTD_SMTP_URL and "
                "CONSENTD_MAIL_FROM; until then staff can decide who asks.",
            )

    def send(self, sending: Sending, controller: Controller) -> None:
        task = asyncio.create_task(self._send(sending, controller))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, sending: Sending, controller: Controller) -> None:
        try:
            await self._mail.send(code_mail(sending, controller))
        except ConsentdError as error:
            _log.warning("code_not_sent", code=error.code)
        except ValueError:
            _log.warning("code_not_sent", code="no_mail_address")

    async def finish(self) -> None:
        """Waits for what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
