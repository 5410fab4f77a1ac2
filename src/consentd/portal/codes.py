"""Codes and links that let somebody in: random, single use, short-lived, hashed at rest (promise 14)."""

import base64
import secrets
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.kernel.errors import Unprocessable
from consentd.kernel.instants import MINUTE, Instant

CODE_MINUTES = 15
LINK_MINUTES_OF_SYSTEMS = 2
"""Of a link that a connected system asked for: the person is sent on at once."""
MOST_TRIES = 5
"""Of one code; a guess then has a chance of one in twenty million."""
_DIGITS = 8
_LINK_BYTES = 32
_LINK_LETTERS = 43


class Way(msgspec.Struct, frozen=True):
    """A way in, just made: what is sent, which exists in clear here alone, and the row that recognises it."""

    id: UUID
    code: str
    link: str
    row: dict[str, object]

    def __repr__(self) -> str:
        return f"Way({self.id})"


def draw(
    keyring: Keyring,
    now: Instant,
    *,
    named: bytes,
    source: bytes,
    identifier: UUID | None,
    session: UUID | None = None,
    subject: UUID | None = None,
    system: UUID | None = None,
    minutes: int = CODE_MINUTES,
) -> Way:
    id_ = new_id()
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    link = base64.urlsafe_b64encode(secrets.token_bytes(_LINK_BYTES)).rstrip(b"=").decode()
    row = {
        "id": id_,
        "named": named,
        "source": source,
        "identifier_id": identifier,
        "session_id": session,
        "subject_id": subject,
        "system_id": system,
        "code": code_digest(keyring, id_, code),
        "link": link_digest(keyring, link),
        "tries": 0,
        "created_at": now,
        "expires_at": now + minutes * MINUTE,
    }
    return Way(id_, code, link, row)


def read_code(typed: str) -> str | None:
    """The digits of what somebody typed or pasted, spaces and all; None for what is no code."""
    text = "".join(typed.split()).replace("-", "")
    return text if len(text) == _DIGITS and text.isascii() and text.isdigit() else None


def code_digest(keyring: Keyring, way: UUID, code: str) -> bytes:
    return keyring.digest("portal-code", way.bytes + code.encode())


def link_digest(keyring: Keyring, link: str) -> bytes:
    return keyring.digest("portal-link", link.encode())


def is_link(text: str) -> bool:
    """Whether it has the form of one: what has not is not looked for."""
    return len(text) == _LINK_LETTERS and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def wrong_code() -> Unprocessable:
    """In the same words whatever was wrong: the code, its age, or that there is nobody."""
    return Unprocessable(
        "wrong_code", "This code is wrong, was used, or is over. After five tries a new one is needed."
    )
