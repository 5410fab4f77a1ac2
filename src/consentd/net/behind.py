"""Sending codes behind the answer: how long a server takes would tell if there was anybody (promise 13).

A code that could not be sent is asked for again: it is not worth a queue, and lasts a quarter of an hour.
What went wrong is logged without whom it was for (promise 18).
"""

import asyncio
from collections.abc import Coroutine

import structlog

from consentd.kernel.errors import ConsentdError, Unavailable
from consentd.net.mail import Mail, NoMail

_log = structlog.get_logger()


class Behind:
    """What is under way in this process; `finish` at its end."""

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

    def begin(self, sending: Coroutine[None, None, None]) -> None:
        """Returns at once. `sending` may raise what `Mail.send` and `mail_address` do."""
        task = asyncio.create_task(self._sent(sending))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _sent(self, sending: Coroutine[None, None, None]) -> None:
        try:
            await sending
        except ConsentdError as error:
            _log.warning("code_not_sent", code=error.code)
        except ValueError:
            _log.warning("code_not_sent", code="no_mail_address")

    async def finish(self) -> None:
        """Waits for what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
