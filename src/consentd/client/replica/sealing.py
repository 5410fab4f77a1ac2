"""Sealing what a replica keeps in confidence, under 32 bytes in a file beside it (promises 11 and 18).

The form is that of the server's `crypto.seal`: AES-256-GCM with key commitment. For each message 16 random
bytes are drawn as a salt, and HMAC-SHA512(key, "consentd/replica/seal/v1" || salt) yields the AES key
(32 bytes) and a commitment to it (32 bytes). The GCM nonce is twelve zero bytes: no AES key is used twice.

    sealed = 0x01 || salt (16) || commitment (32) || ciphertext || tag (16)

The associated data names file, section and row: what was moved to another row, section or replica does not
open. `cryptography` comes with the extra `replica` and is imported when a replica is opened, not before
(docs/decisions/0038).
"""

import hmac
import os
from pathlib import Path
from typing import NamedTuple

KEY_BYTES = 32
_VERSION = b"\x01"
_DOMAIN = b"consentd/replica/seal/v1"
_SALT = 16
_HEAD = 1 + _SALT + 32
_LEAST = _HEAD + 16
_NONCE = bytes(12)


class Damaged(Exception):
    """What was sealed does not open: it was altered or moved, or the key is another."""


class CannotSeal(Exception):
    """The message says what to install."""


class Place(NamedTuple):
    """Where sealed content lives in a replica. Neither holds a zero byte."""

    section: str
    row: str


class Sealer:
    """Of one file, under one key of 32 bytes, which `repr` does not show. `file`: the replica's own number.

    Raises ValueError for what is no key, and CannotSeal without the extra `replica`.
    """

    def __init__(self, key: bytes, file: str) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a replica's key has {KEY_BYTES} bytes")
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ModuleNotFoundError:
            raise CannotSeal(
                "A replica keeps its key and the choices that wait sealed, and what seals them, "
                "cryptography, is not installed. Run: pip install 'consentd[replica]'"
            ) from None
        self._key = key
        self._file = file.encode()
        self._aes, self._invalid = AESGCM, InvalidTag

    def seal(self, content: bytes, place: Place) -> bytes:
        """65 bytes longer, and different each time."""
        salt = os.urandom(_SALT)
        okm = hmac.digest(self._key, _DOMAIN + salt, "sha512")
        hidden = self._aes(okm[:32]).encrypt(_NONCE, content, self._bound(place))
        return b"".join((_VERSION, salt, okm[32:], hidden))

    def open(self, sealed: bytes, place: Place) -> bytes:
        """Raises Damaged."""
        if len(sealed) < _LEAST or sealed[:1] != _VERSION:
            raise _damaged(place)
        okm = hmac.digest(self._key, _DOMAIN + sealed[1 : 1 + _SALT], "sha512")
        if not hmac.compare_digest(okm[32:], sealed[1 + _SALT : _HEAD]):
            raise _damaged(place)
        try:
            return self._aes(okm[:32]).decrypt(_NONCE, sealed[_HEAD:], self._bound(place))
        except self._invalid:
            raise _damaged(place) from None

    def _bound(self, place: Place) -> bytes:
        return b"\0".join((self._file, place.section.encode(), place.row.encode()))


def _damaged(place: Place) -> Damaged:
    return Damaged(
        f"{place.section} of the replica does not open: it was altered or moved, or its key is another."
    )


def key_beside(path: Path) -> bytes | None:
    """The key in the file beside a replica, `<path>.key`; None where there is none. Raises OSError, and
    ValueError where it is no key.
    """
    try:
        key = _file(path).read_bytes()
    except FileNotFoundError:
        return None
    if len(key) != KEY_BYTES:
        raise ValueError(f"{_file(path)} is not the key of a replica: it has not {KEY_BYTES} bytes.")
    return key


def make_key_beside(path: Path) -> bytes:
    """A new key, in a new file that its owner alone can read, synced before it is used. Raises OSError."""
    key = os.urandom(KEY_BYTES)
    target = _file(path)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return key


def _file(path: Path) -> Path:
    return path.with_name(path.name + ".key")
