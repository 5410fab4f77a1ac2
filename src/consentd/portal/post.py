"""Sending codes behind the answer: how long a server takes would tell if there was anybody (promise 13).

A code that could not be sent is asked for again: it is not worth a queue, and lasts a quarter of an hour.
What went wrong is logged without whom it was for (promise 18).
"""

import asyncio

import structlog

from consentd.kernel.errors import ConsentdError, Unavailable
from consentd.net.mail import Mail, NoMail
from consentd.net.texting import Texting
from consentd.portal.entering import Sending
from consentd.portal.messages import code_mail, code_text

_BEHIND_SECONDS = 0.2
"""So that the answer is out before a message is even composed."""
_log = structlog.get_logger()


class CodePost:
    def __init__(self, mail: Mail, texting: Texting, public_url: str) -> None:
        self._mail = mail
        self._texting = texting
        self._public_url = public_url
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def phones(self) -> bool:
        return self._texting.available

    def require(self) -> None:
        """Raises Unavailable where no server takes mail, for known and unknown people alike."""
        if isinstance(self._mail, NoMail):
            raise Unavailable(
                "codes_not_sent",
                "No code can be sent: this service has no mail server. Set CONSENTD_SMTP_URL and "
                "CONSENTD_MAIL_FROM; until then staff can decide who asks.",
            )

    def send(self, sending: Sending | None) -> None:
        """None: to nobody."""
        task = asyncio.create_task(self._send(sending))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, sending: Sending | None) -> None:
        await asyncio.sleep(_BEHIND_SECONDS)
        if sending is None:
            return
        try:
            if "@" in sending.to.value:
                await self._mail.send(code_mail(sending, self._public_url))
            else:
                await self._texting.send(code_text(sending))
        except ConsentdError as error:
            _log.warning("code_not_sent", code=error.code)
        except ValueError:
            _log.warning("code_not_sent", code="no_mail_address")

    async def close(self) -> None:
        """Waits for what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._texting.close()
