"""What a stop link says, under a MAC: stateless, the same for everybody who asks for it on one day.

    token = base64url(0x01 ‖ subject (16) ‖ identifier (16) ‖ day (4) ‖ n ‖ purpose ‖ n ‖ channel ‖ mac (32))

`subject` and `identifier` are the random ids of a person and of a contact detail, zeros where there is none;
`day` is that of issue in UTC, counted from 1970; `n` is a length in one byte. `mac` is the keyring's digest
of all before it, under a key that has one version for ever. Upholds promise 14: a link is valid for 3 years
and across key rotation; that it only restricts is for `rules` to see to. Nothing in it is about a person, and
only we can make one.
"""

import base64
import binascii
import datetime as dt
import hmac
import re
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.kernel.calendar import add_months, local_date
from consentd.kernel.ids import NOBODY, IdentifierId, SubjectId
from consentd.kernel.instants import Instant, midnight

PATH = "/stop/"
MONTHS = 36
"""For how long a link holds, from the end of the day of its issue."""

_VERSION = b"\x01"
_USE = "stop-link"
_MAC = 32
_UTC = ZoneInfo("UTC")
_EPOCH = dt.date(1970, 1, 1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{96,300}")
_WORD = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")


class StopLink(msgspec.Struct, frozen=True):
    """What a token that holds is about. One of `subject` and `identifier` is there."""

    subject: SubjectId | None
    """Whose message it was; None where nobody can tell who of those who share the contact detail."""
    identifier: IdentifierId | None
    """Where the message went; None where that is not told."""
    purpose: str
    channel: str
    issued: dt.date


class StopLinks:
    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._url = public_url.rstrip("/") + PATH

    def address(self, link: StopLink) -> str:
        """The whole address."""
        return self._url + self.token(link)

    def token(self, link: StopLink) -> str:
        content = _VERSION + (link.subject or NOBODY).bytes + (link.identifier or NOBODY).bytes
        content += (link.issued - _EPOCH).days.to_bytes(4, "big")
        for word in (link.purpose.encode(), link.channel.encode()):
            content += bytes([len(word)]) + word
        content += self._keyring.digest(_USE, content)
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    def read(self, token: str, now: Instant) -> StopLink | None:
        """None for whatever does not hold, without saying why: a stranger learns nothing (promise 13)."""
        content = _decoded(token)
        if content is None or content[:1] != _VERSION:
            return None
        if not hmac.compare_digest(self._keyring.digest(_USE, content[:-_MAC]), content[-_MAC:]):
            return None
        link = _parsed(content[1:-_MAC])
        return link if link is not None and now < expires(link.issued) else None


def issued_on(now: Instant) -> dt.date:
    return local_date(now, _UTC)


def last_day(issued: dt.date) -> dt.date:
    """The last day on which a link opens, in UTC."""
    return add_months(issued, MONTHS)


def expires(issued: dt.date) -> Instant:
    """The first instant at which it opens no more."""
    return midnight(last_day(issued) + dt.timedelta(days=1), _UTC)


def _decoded(token: str) -> bytes | None:
    if not _TOKEN.fullmatch(token):
        return None
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return None
    # Two spellings of the last letter would be one token.
    return content if base64.urlsafe_b64encode(content).rstrip(b"=").decode() == token else None


def _parsed(content: bytes) -> StopLink | None:
    ids, day, rest = content[:32], content[32:36], content[36:]
    purpose, rest = _word(rest)
    channel, rest = _word(rest)
    subject, identifier = UUID(bytes=ids[:16]), UUID(bytes=ids[16:])
    if purpose is None or channel is None or rest or subject == identifier == NOBODY:
        return None
    issued = _EPOCH + dt.timedelta(days=int.from_bytes(day, "big"))
    return StopLink(
        None if subject == NOBODY else SubjectId(subject),
        None if identifier == NOBODY else IdentifierId(identifier),
        purpose,
        channel,
        issued,
    )


def _word(content: bytes) -> tuple[str | None, bytes]:
    length = content[0] if content else 0
    word, rest = content[1 : 1 + length], content[1 + length :]
    return (word.decode() if _WORD.fullmatch(word) else None), rest
