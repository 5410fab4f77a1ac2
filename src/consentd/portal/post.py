"""Sending the codes of the customers' pages, behind the answer, by mail or as text messages (promise 13)."""

import asyncio

from consentd.net.behind import Behind
from consentd.net.mail import Mail, NoMail
from consentd.net.texting import Texting
from consentd.portal.entering import Sending
from consentd.portal.messages import code_mail, code_text

_BEHIND_SECONDS = 0.2
"""So that the answer is out before a message is even composed."""


class CodePost:
    def __init__(self, mail: Mail, texting: Texting, public_url: str) -> None:
        self._mail = mail
        self._texting = texting
        self._public_url = public_url
        self._behind = Behind(mail)

    @property
    def phones(self) -> bool:
        return self._texting.available

    @property
    def mails(self) -> bool:
        return not isinstance(self._mail, NoMail)

    def require(self, to: str) -> None:
        """Raises Unavailable where nothing can be sent to what was typed: by what it looks like, and never by
        whether anybody is known by it.
        """
        if "@" in to or not self.phones:
            self._behind.require()

    def send(self, sending: Sending | None) -> None:
        """None: to nobody."""
        self._behind.begin(self._send(sending))

    async def _send(self, sending: Sending | None) -> None:
        await asyncio.sleep(_BEHIND_SECONDS)
        if sending is None:
            return
        if "@" in sending.to.value:
            await self._mail.send(code_mail(sending, self._public_url))
        else:
            await self._texting.send(code_text(sending))

    async def close(self) -> None:
        """Waits for what is under way."""
        await self._behind.finish()
        await self._texting.close()
