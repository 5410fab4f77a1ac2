"""Secret bytes that cannot print themselves (promise 18)."""

import hmac
from typing import NoReturn

import msgspec

from consentd.kernel.ids import KeyId


class Secret:
    """Holds secret bytes. Any way of turning it into text shows that it is secret and nothing else."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def reveal(self) -> bytes:
        """The bytes themselves, for the call that needs them; never for a variable that outlives it."""
        return self._content

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._content, other._content)

    def __hash__(self) -> int:
        raise TypeError("a secret is no key of a dictionary: its hash would betray it")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")


class Key(msgspec.Struct, frozen=True):
    """A key under the id that everything sealed by it is bound to."""

    id: KeyId
    secret: Secret
