"""The root key: the one secret that is not in the database. From the environment, or from a file.

Upholds promise 18 (it is never printed; its *name* is a one-way hash) and docs/keys.md: the wrong root key
means "not ready", never a plaintext path. A file that others can read is refused: the key would no longer
be a secret, and silence about that would be worse than not starting.
"""

import base64
import binascii
import hashlib
import hmac
import os
import stat
from pathlib import Path
from uuid import UUID

import msgspec

from consentd.base.settings import Settings
from consentd.crypto.secrets import Key, Secret
from consentd.kernel.errors import OperatorError
from consentd.kernel.ids import KeyId

_BYTES = 32


class RootKey(msgspec.Struct, frozen=True):
    """`name` is 16 hexadecimal characters that tell root keys apart and reveal nothing of them."""

    name: str
    key: Key


def root_key(secret: bytes) -> RootKey:
    """The root key made of 32 secret bytes."""
    if len(secret) != _BYTES:
        raise ValueError("a root key has 32 bytes")
    digest = hashlib.sha256(hmac.digest(secret, b"consentd/root-key-name/v1", "sha256")).digest()
    return RootKey(digest[:8].hex(), Key(KeyId(UUID(bytes=digest[:16])), Secret(secret)))


def read_root_key(settings: Settings) -> RootKey:
    """The root key that the settings name. Raises OperatorError saying what is wrong and what to do."""
    if settings.root_key is not None:
        return root_key(_decode(settings.root_key, "CONSENTD_ROOT_KEY"))
    return read_root_key_file(settings.root_key_file)


def create_root_key_file(path: Path) -> RootKey:
    """Draws a root key and writes it, readable by its owner only. Never overwrites: that would lose data."""
    text = base64.b64encode(os.urandom(_BYTES)) + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OperatorError(
            "root_key_exists", f"{path} exists already and is left alone: everything may be sealed under it."
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _sync_directory(path.parent)
    return read_root_key_file(path)


def read_root_key_file(path: Path) -> RootKey:
    """The root key in a file. Raises OperatorError for one that is not there, is exposed, or holds none."""
    try:
        # The mode is that of the very file that is read, not of whatever the name points to a moment later.
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(1024)
    except FileNotFoundError:
        raise OperatorError(
            "no_root_key",
            f"There is no root key: neither CONSENTD_ROOT_KEY nor the file {path}. Run `consentd init` for a "
            "new installation, or bring the key of the existing one; without it nothing can be opened.",
        ) from None
    except OSError as reason:
        raise OperatorError("root_key_unreadable", f"{path} cannot be read: {reason.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise OperatorError(
            "root_key_exposed",
            f"{path} holds the root key and can be read by others than its owner. Run `chmod 600 {path}`; "
            "if anyone may have read it, bring in another with `consentd keys rotate root`.",
        )
    if not content.endswith(b"\n"):
        raise _malformed(str(path))
    try:
        text = content[:-1].decode("ascii")
    except UnicodeDecodeError:
        raise _malformed(str(path)) from None
    return root_key(_decode(text, str(path)))


def _decode(text: str, source: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(source) from None
    # Spelled again, because decoders forgive padding and stray bits.
    if len(secret) != _BYTES or base64.b64encode(secret).decode() != text:
        raise _malformed(source)
    return secret


def _malformed(source: str) -> OperatorError:
    return OperatorError(
        "root_key_malformed",
        f"{source} is not a root key: it takes 32 bytes in base64, 44 characters, and in a file one line. "
        "`openssl rand -base64 32` makes one.",
    )


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
