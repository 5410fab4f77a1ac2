"""Ed25519 signatures (RFC 8032): for tokens, receipts and the log's checkpoints."""

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consentd.crypto.secrets import Secret


class PublicKey(msgspec.Struct, frozen=True):
    """Anyone may have it. `use` is token, receipt or log: a key of one use verifies nothing of another."""

    kid: str
    use: str
    content: bytes

    def verifies(self, signature: bytes, data: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.content).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """A private key that signs. `private` is the library's own object, which does not print its content."""

    __slots__ = ("private", "public_key")

    def __init__(self, kid: str, use: str, secret: Secret) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(secret.reveal())
        self.public_key = PublicKey(kid, use, self.private.public_key().public_bytes_raw())

    @property
    def kid(self) -> str:
        return self.public_key.kid

    @property
    def public(self) -> bytes:
        return self.public_key.content

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(data)
