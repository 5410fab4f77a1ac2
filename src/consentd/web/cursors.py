"""Cursors of paged answers: opaque to callers, strict to us, and with no personal data in them."""

import base64
import binascii
from typing import TypeVar

import msgspec

from consentd.kernel.errors import Unprocessable

T = TypeVar("T")


def encode_cursor(position: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode_cursor(cursor: str, kind: type[T]) -> T:
    """Raises Unprocessable for anything that `encode_cursor` did not make of a `kind`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Unprocessable(
            "bad_cursor", "The cursor is not one that this service gave: start again without it."
        ) from None
