"""The link by which a package is fetched: random, once, for a short time (promises 13, 14 and 18).

Pure but for its randomness; the table is the caller's: id, digest, expires_at, used_at, attempts. A link is
made after a fresh identity check and names its row by a random id, so that wrong tries count against it, in
whatever process they arrive. The database holds a keyed hash: who reads it cannot open anything.

    link = issue(keyring, now)              → insert link.stored; hand out link.text once
    shown = read(text)                      → None: no link at all; else look up shown.id
    opens(keyring, stored, shown, now)      → True: set used_at in the same unit; False: attempts + 1

Whatever does not open is one and the same answer: unknown, wrong, over, used.
"""

import base64
import hmac
import os
import re
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.secrets import Secret
from consentd.kernel.instants import HOUR, Instant

LIFETIME = 24 * HOUR
"""Until when a link opens, in microseconds, if it is never used."""
MOST_ATTEMPTS = 5
"""Wrong tries after which a link is dead."""

_SECRET = 32
_TEXT = re.compile(r"[A-Za-z0-9_-]{64}")
"""48 bytes: the id, and 256 random bits."""
_USE = "package-link"


class Stored(msgspec.Struct, frozen=True):
    """What the table keeps of a link."""

    id: UUID
    digest: bytes
    expires_at: Instant
    used_at: Instant | None = None
    attempts: int = 0


class Issued(msgspec.Struct, frozen=True):
    stored: Stored
    secret: Secret

    @property
    def text(self) -> str:
        """What stands in the link: 64 characters. The one time that it is seen."""
        return base64.urlsafe_b64encode(self.stored.id.bytes + self.secret.reveal()).decode()


class Shown(msgspec.Struct, frozen=True):
    """A link that somebody came with."""

    id: UUID
    secret: Secret


def issue(keyring: Keyring, now: Instant, lifetime: int = LIFETIME) -> Issued:
    id_, secret = new_id(), os.urandom(_SECRET)
    return Issued(Stored(id_, _digest(keyring, id_, secret), Instant(now + lifetime)), Secret(secret))


def read(text: str) -> Shown | None:
    """None where it is no link of ours, whatever the table holds."""
    if not _TEXT.fullmatch(text):
        return None
    content = base64.urlsafe_b64decode(text)
    return Shown(UUID(bytes=content[:16]), Secret(content[16:]))


def opens(keyring: Keyring, stored: Stored | None, shown: Shown, now: Instant) -> bool:
    """Takes as long for a link that there is as for one that there is not."""
    digest = _digest(keyring, shown.id, shown.secret.reveal())
    same = hmac.compare_digest(stored.digest if stored else bytes(len(digest)), digest)
    return (
        stored is not None
        and same
        and stored.id == shown.id
        and stored.used_at is None
        and now < stored.expires_at
        and stored.attempts < MOST_ATTEMPTS
    )


def _digest(keyring: Keyring, id_: UUID, secret: bytes) -> bytes:
    return keyring.digest(_USE, id_.bytes + secret)
