"""Signatures of webhooks, by the Standard Webhooks specification: who holds the secret wrote these bytes.

    webhook-id: 0199…          what it is about; an answer bears the id of what it answers
    webhook-timestamp: 179…    seconds since 1970
    webhook-signature: v1,…    HMAC-SHA256 of "id.timestamp.body" under each secret, in base64

Signing is the specification's own library. Reading is ours: the library asks the wall clock, takes a time
such as "1e9" and base64 with junk in it, and breaks at a signature without a comma. Several secrets are live
while one is replaced: we sign with each, and take what either signed.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from standardwebhooks import Webhook

from consentd.crypto.secrets import Secret
from consentd.kernel.instants import SECOND, Instant, to_datetime

TOLERANCE = 300 * SECOND
"""How far the clocks of both sides may be apart, and for how long what was stolen could be sent again."""

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")
_MOST_SIGNATURES = 8


def secrets_of(setting: str) -> tuple[Secret, ...]:
    """Reads `whsec_…,whsec_…`, the newest first. Raises ValueError without the setting in it."""
    found = tuple(_secret(one.strip()) for one in setting.split(",") if one.strip())
    if not found:
        raise ValueError("holds no secret")
    return found


def _secret(text: str) -> Secret:
    try:
        content = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        content = b""
    if not text.startswith(_PREFIX) or not _LEAST_BYTES <= len(content) <= _MOST_BYTES:
        raise ValueError(
            f"holds what is no secret: whsec_ and {_LEAST_BYTES} to {_MOST_BYTES} bytes in base64"
        )
    return Secret(content)


def sign(secrets: Sequence[Secret], message_id: UUID, body: bytes, now: Instant) -> dict[str, str]:
    """The three headers. `body` is UTF-8."""
    signatures = [_signature(secret, message_id, body.decode(), now // SECOND) for secret in secrets]
    return {
        ID: str(message_id),
        TIMESTAMP: str(now // SECOND),
        SIGNATURE: " ".join(signatures),
    }


def is_signed(
    secrets: Sequence[Secret], message_id: UUID, headers: Mapping[str, str], body: bytes, now: Instant
) -> bool:
    """Whether one of the secrets signed this body, for this id, at about this time.

    `headers`: by names in small letters. That a body is not taken twice is the id's matter: whoever takes it
    knows what is still open under that id.
    """
    timestamp = headers.get(TIMESTAMP, "")
    if headers.get(ID) != str(message_id) or not _SECONDS.fullmatch(timestamp):
        return False
    if abs(int(timestamp) * SECOND - now) > TOLERANCE:
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    given = [one.encode() for one in headers.get(SIGNATURE, "").split(" ")[:_MOST_SIGNATURES]]
    expected = [_signature(secret, message_id, text, int(timestamp)).encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in given for other in expected)


def _signature(secret: Secret, message_id: UUID, text: str, seconds: int) -> str:
    when = to_datetime(seconds * SECOND)
    signed: str = Webhook(secret.reveal()).sign(str(message_id), when, text)
    return signed
