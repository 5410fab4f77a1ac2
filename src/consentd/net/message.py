"""A mail as it is written, and its bytes.

Upholds promise 16: the head is put together here, line by line. Names and subjects are always encoded words
(RFC 2047), so that no text of somebody's is read as a header, an address or an encoded word of its own;
addresses are strict (`base.mail_address`).
"""

from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

import msgspec

from consentd.base.i18n import Language
from consentd.base.mail_address import MailAddress, Sender
from consentd.base.printing import one_line
from consentd.kernel.instants import Instant, to_datetime

MOST_SUBJECT = 250


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file of JSON that goes with a mail. `name`: of ASCII letters, as "certificate.json"."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"Attached({self.name})"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one person. It does not print: the address is personal data."""

    number: UUID
    """The same when the same mail is sent again: mail programs then show one."""
    to: MailAddress
    subject: str
    text: str
    language: Language
    html: str | None = None
    attached: tuple[Attached, ...] = ()

    def __repr__(self) -> str:
        return f"Message({self.number})"


def written(message: Message, sender: Sender, now: Instant) -> bytes:
    """RFC 5322, in UTF-8 where the recipient's address needs it (RFC 6532), else in ASCII alone."""
    body = EmailMessage(policy=SMTP)
    body.set_content(message.text, charset="utf-8", cte="quoted-printable")
    if message.html is not None:
        body.add_alternative(message.html, subtype="html", charset="utf-8", cte="quoted-printable")
    for one in message.attached:
        # As it is, base64 around it: whoever verifies a signature needs every byte.
        body.add_attachment(one.content, maintype="application", subtype="json", filename=one.name)
    origin = f"<{sender.address}>"
    if sender.name is not None:
        origin = f"{_encoded(sender.name, 'From')}\r\n {origin}"
    head = (
        ("Date", format_datetime(to_datetime(now))),
        ("From", origin),
        ("To", f"<{message.to}>"),
        ("Subject", _encoded(message.subject[:MOST_SUBJECT], "Subject")),
        ("Message-ID", f"<{message.number}@{sender.address.domain}>"),
        # RFC 3834: holiday notices do not answer it.
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", message.language),
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in head)
    return lines.encode() + body.as_bytes()


def _encoded(text: str, name: str) -> str:
    """One or more encoded words, folded."""
    return Header(one_line(text), "utf-8", header_name=name, maxlinelen=75).encode(linesep="\r\n")
