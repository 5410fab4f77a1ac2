"""Sending the codes that prove who asks, behind the answer."""

from consentd.dsr.code_mail import code_mail
from consentd.dsr.identity import Sending
from consentd.kernel.policy import Controller
from consentd.net.behind import Behind
from consentd.net.mail import Mail


class Post:
    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._behind = Behind(mail)
        self.require = self._behind.require
        self.finish = self._behind.finish

    def send(self, sending: Sending, controller: Controller) -> None:
        async def run() -> None:
            await self._mail.send(code_mail(sending, controller))

        self._behind.begin(run())
