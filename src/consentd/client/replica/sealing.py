"""Sealing on a bare distribution: what a replica keeps in confidence, under a key in a file beside it.

Encrypt-then-MAC of two keyed functions of the standard library, with keys derived apart: a stream of SHAKE256
over key and random nonce, and HMAC-SHA256 over nonce, place and ciphertext. docs/decisions/0052 says why it
is not AES, which the server uses. What was moved to another place or altered does not open (promise 11).
"""

import hashlib
import hmac
import os
from pathlib import Path

KEY_BYTES = 32
_NONCE = 24
_TAG = 32


class Damaged(Exception):
    """What was sealed does not open: it was altered or moved, or the key is another."""


class Sealer:
    """Under one key of 32 bytes, which `repr` does not show."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a replica's key has {KEY_BYTES} bytes")
        self._stream_key = hmac.digest(key, b"consentd/replica/stream/v1", "sha256")
        self._tag_key = hmac.digest(key, b"consentd/replica/tag/v1", "sha256")

    def seal(self, content: bytes, place: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        hidden = self._with_stream(nonce, content)
        return nonce + hidden + self._tag(nonce, place, hidden)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Raises Damaged."""
        nonce, hidden, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
        if len(sealed) < _NONCE + _TAG or not hmac.compare_digest(tag, self._tag(nonce, place, hidden)):
            raise Damaged("sealed under another key, or altered")
        return self._with_stream(nonce, hidden)

    def _with_stream(self, nonce: bytes, content: bytes) -> bytes:
        stream = hashlib.shake_256(self._stream_key + nonce).digest(len(content))
        mixed = int.from_bytes(content) ^ int.from_bytes(stream)
        return mixed.to_bytes(len(content))

    def _tag(self, nonce: bytes, place: bytes, hidden: bytes) -> bytes:
        # The lengths of what varies are part of it, so that no two triples are written alike.
        framed = len(place).to_bytes(4) + place + nonce + hidden
        return hmac.digest(self._tag_key, framed, "sha256")


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
