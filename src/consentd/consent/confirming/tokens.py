"""The link of a mail that asks to confirm a yes: a MAC over a random id, so that nothing of it is at rest.

    token = base64url(0x01 ‖ confirmation (16) ‖ mac (32))

A mail that is sent again holds the same link. How long it opens, and how often, is in the confirmation's row.
"""

import base64
import hmac
import re
from uuid import UUID

from consentd.crypto.keyring import Keyring

PATH = "/confirm/"

_VERSION = b"\x01"
_USE = "confirm-link"
_MAC = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{66}")


def token_of(keyring: Keyring, confirmation: UUID) -> str:
    content = _VERSION + confirmation.bytes
    return base64.urlsafe_b64encode(content + keyring.digest(_USE, content)).rstrip(b"=").decode()


def confirmation_of(keyring: Keyring, token: str) -> UUID | None:
    """None for whatever we did not make, without saying why (promise 13)."""
    if not _TOKEN.fullmatch(token):
        return None
    content = base64.urlsafe_b64decode(token + "==")
    # Two spellings of the last letter would be one token.
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != token or content[:1] != _VERSION:
        return None
    if not hmac.compare_digest(keyring.digest(_USE, content[:-_MAC]), content[-_MAC:]):
        return None
    return UUID(bytes=content[1:-_MAC])
