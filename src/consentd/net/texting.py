"""Text messages. No server speaks to telephones by itself: a company has a gateway, and consentd hands over.

The first way is a webhook to that gateway (Standard Webhooks): signed, so that nobody else can have it send;
https, unless settings name it (promise 15). The number is in the body, for the gateway has to dial it, and
nowhere else.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from consentd.base.clock import Clock
from consentd.base.settings import Settings
from consentd.crypto import webhooks
from consentd.crypto.secrets import Secret
from consentd.kernel.errors import OperatorError
from consentd.net.connecting import Allowed
from consentd.net.errors import Rejected, Unreachable
from consentd.net.http import Http

SECONDS = 10.0
_MOST_ANSWER = 64 * 1024
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class TextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one telephone. It does not print: the number is personal data."""

    number: UUID
    """The same when the same message is handed over again: a gateway then sends one."""
    to: str
    """E.164."""
    text: str
    language: str

    def __repr__(self) -> str:
        return f"TextMessage({self.number})"


class Texting(Protocol):
    @property
    def available(self) -> bool:
        """Whether there is anybody to hand messages to."""
        ...

    async def send(self, message: TextMessage) -> None:
        """Returns once it was taken. Raises NetError; OperatorError where there is no gateway."""
        ...

    async def close(self) -> None: ...


def texting(settings: Settings, clock: Clock) -> Texting:
    """Raises OperatorError for a secret that is none."""
    if settings.sms_url is None or settings.sms_secret is None:
        return NoTexting()
    try:
        secrets = webhooks.secrets_of(settings.sms_secret)
    except ValueError as error:
        raise OperatorError("bad_setting", f"CONSENTD_SMS_SECRET {error}.") from None
    return Gateway(settings.sms_url, secrets, Http(Allowed(settings.allowed_hosts or ())), clock)


class NoTexting:
    available = False

    async def send(self, message: TextMessage) -> None:
        raise OperatorError(
            "texts_not_configured",
            "A text message should have been sent, but no gateway takes any: set CONSENTD_SMS_URL and "
            "CONSENTD_SMS_SECRET.",
        )

    async def close(self) -> None:
        pass


class Gateway:
    """`{"type": "text_message", "to": "+33…", "text": "…", "language": "fr"}`, signed."""

    available = True

    def __init__(self, url: str, secrets: Sequence[Secret], http: Http, clock: Clock) -> None:
        self._url = url
        self._secrets = secrets
        self._http = http
        self._clock = clock

    async def send(self, message: TextMessage) -> None:
        body = msgspec.json.encode(
            {
                "type": "text_message",
                "to": message.to,
                "text": message.text,
                "language": message.language,
            }
        )
        headers = webhooks.sign(self._secrets, message.number, body, self._clock())
        headers["content-type"] = "application/json"
        answer = await self._http.post(self._url, body, headers, seconds=SECONDS, most_bytes=_MOST_ANSWER)
        if answer.status in _AGAIN:
            raise Unreachable("text_delayed", f"The gateway takes no text message now ({answer.status}).")
        if not 200 <= answer.status < 300:
            raise Rejected("text_refused", f"The gateway refuses this text message ({answer.status}).")

    async def close(self) -> None:
        await self._http.close()
