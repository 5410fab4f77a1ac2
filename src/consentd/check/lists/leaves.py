"""The tree over a list's rows, as they are decided: about two microseconds each, in flat memory."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from consentd.check.lists.told import KEY_DIGITS, KEYS, Form, keys_from
from consentd.crypto.keyring import Keyring
from consentd.evidence.merkle import Tree

_encode = msgspec.json.Encoder().encode


def secret_of(keyring: Keyring, list_id: UUID) -> bytes:
    """What the keys of a list's rows are made from. Worked out again for each proof, and kept nowhere."""
    return keyring.digest("list-rows", list_id.bytes)


class Leaves:
    """`size`: how many rows there are so far."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._tree = Tree()

    @property
    def size(self) -> int:
        return self._tree.size

    def root(self) -> bytes:
        return self._tree.root()

    def add(self, forms: Sequence[Form], values: Sequence[str]) -> list[bytes]:
        """The leaves of the next rows, 32 bytes each: those that `told.leaf_of` makes one by one."""
        sha256, first = hashlib.sha256, self._tree.size + 1
        last = first + len(values)
        leaves = [
            sha256(
                f"{form.leaf[0]}{value}{form.leaf[1]}{key}{form.leaf[2]}{row}{form.leaf[3]}".encode()
            ).digest()
            for form, value, key, row in zip(
                forms, _escaped(values), self._keys(first, last), range(first, last), strict=True
            )
        ]
        self._tree.extend(leaves)
        return leaves

    def _keys(self, start: int, stop: int) -> list[str]:
        """Of the rows from `start` up to and without `stop`."""
        first, last = start // KEYS, -(-stop // KEYS)
        digits = "".join([keys_from(self._secret, block) for block in range(first, last)])
        some = range((start - first * KEYS) * KEY_DIGITS, (stop - first * KEYS) * KEY_DIGITS, KEY_DIGITS)
        return [digits[place : place + KEY_DIGITS] for place in some]


def _escaped(values: Sequence[str]) -> Sequence[str]:
    """Each as it stands between the quotes of JSON. Of most slices one look at all their letters tells that
    none has to be escaped.
    """
    letters = "".join(values)
    if letters.isascii() and letters.isprintable() and not ('"' in letters or "\\" in letters):
        return values
    return [_encode(value)[1:-1].decode() for value in values]
