"""HMAC-SHA256 of many short messages under one key (RFC 2104): what depends on the key is done once."""

import hashlib
from collections.abc import Iterable

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Mac:
    """HMAC-SHA256 under one key. Raises ValueError for a key that would have to be hashed first."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK:
            raise ValueError("a key longer than the hash's block is none of ours")
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_INNER)).copy
        self._outer = hashlib.sha256(padded.translate(_OUTER)).copy

    def of(self, message: bytes) -> bytes:
        """32 bytes."""
        first = self._inner()
        first.update(message)
        second = self._outer()
        second.update(first.digest())
        return second.digest()

    def of_all(self, messages: Iterable[bytes]) -> list[bytes]:
        """32 bytes each, in order."""
        inner, outer = self._inner, self._outer
        found = []
        for message in messages:
            first = inner()
            first.update(message)
            second = outer()
            second.update(first.digest())
            found.append(second.digest())
        return found
