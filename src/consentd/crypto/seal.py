"""Sealing content so that it opens in one place only, under one key only (promise 11).

AES-256-GCM with key commitment. For each message 16 random bytes are drawn as a salt, and
HMAC-SHA512(key, "consentd/seal/v1" || salt) yields the AES key (32 bytes) and a commitment to it (32 bytes).
The GCM nonce is twelve zero bytes: no AES key is used twice. The commitment makes a ciphertext open under
one key only, which GCM by itself does not promise (Albertini et al., "How to Abuse and Fix Authenticated
Encryption Without Key Commitment").

    sealed = 0x01 || salt (16) || commitment (32) || ciphertext || tag (16)

The associated data names table, column, row and key: a ciphertext moved to any other does not open.
Costs a few microseconds each way; `bench/crypto.py` watches it.
"""

import hmac
import os
from functools import cache
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentd.crypto.secrets import Key
from consentd.kernel.errors import Tampered

_VERSION = b"\x01"
_DOMAIN = b"consentd/seal/v1"
_SALT = 16
_HEAD = 1 + _SALT + 32
_LEAST = _HEAD + 16
_NONCE = bytes(12)


class Place(NamedTuple):
    """Where sealed content lives."""

    table: str
    column: str
    row: UUID


def seal(key: Key, plaintext: bytes, place: Place) -> bytes:
    """The sealed bytes, for this place and under this key only; different each time. 65 bytes longer."""
    salt = os.urandom(_SALT)
    okm = hmac.digest(key.secret.reveal(), _DOMAIN + salt, "sha512")
    ciphertext = AESGCM(okm[:32]).encrypt(_NONCE, plaintext, _bound(key, place))
    return b"".join((_VERSION, salt, okm[32:], ciphertext))


def unseal(key: Key, sealed: bytes, place: Place) -> bytes:
    """What was sealed. Raises Tampered if it was altered, or sealed under another key or elsewhere."""
    if len(sealed) < _LEAST or sealed[:1] != _VERSION:
        raise _tampered(place)
    okm = hmac.digest(key.secret.reveal(), _DOMAIN + sealed[1 : 1 + _SALT], "sha512")
    if not hmac.compare_digest(okm[32:], sealed[1 + _SALT : _HEAD]):
        raise _tampered(place)
    try:
        return AESGCM(okm[:32]).decrypt(_NONCE, sealed[_HEAD:], _bound(key, place))
    except InvalidTag:
        raise _tampered(place) from None


def _bound(key: Key, place: Place) -> bytes:
    # Unambiguous: names hold no zero byte, ids are 16 bytes each.
    table, column, row = place
    return b"%b%b%b" % (_named(table, column), row.bytes, key.id.bytes)


@cache
def _named(table: str, column: str) -> bytes:
    return b"%b\0%b\0" % (table.encode(), column.encode())


def _tampered(place: Place) -> Tampered:
    return Tampered(
        "does_not_open",
        f"{place.table}.{place.column} of row {place.row} does not open: it was altered, moved, or sealed "
        "under another key. Run `consentd audit verify`, and restore the row from a backup.",
    )
