"""What a server and its batch process say to each other: frames of four bytes of length and MessagePack.

The first frame tells the settings, so that no secret stands on a command line; then each batch is one frame
and its answer another.
"""

import struct
from typing import Any, BinaryIO, Literal, TypeVar

import msgspec

from consentd.callers.model import Caller
from consentd.kernel import errors
from consentd.kernel.errors import CallerError, ConsentdError

T = TypeVar("T")

LENGTH = struct.Struct(">I")


class Asked(msgspec.Struct, frozen=True):
    """A batch as it came in: its body is not looked at before it is in the process that decides on it."""

    caller: Caller
    language: str
    body: bytes
    standard: Literal["native", "authzen"] = "native"
    """In whose words it asks."""


class Told(msgspec.Struct, frozen=True):
    """An answer as it goes out, or what was raised in place of it."""

    content: bytes = b""
    count: int = 0
    """How many decisions it holds."""
    allowed: int = 0
    raised: str | None = None
    """The class, one of `kernel.errors`; "" where it was none of them."""
    code: str = ""
    message: str = ""
    faults: list[dict[str, str]] = []

    def error(self) -> Exception:
        """What was raised there, to be raised here."""
        kind = getattr(errors, self.raised or "", None)
        if isinstance(kind, type) and issubclass(kind, CallerError):
            return kind(self.code, self.message, errors=self.faults)
        if isinstance(kind, type) and issubclass(kind, ConsentdError):
            return kind(self.code, self.message)
        return RuntimeError("a batch failed in its process, whose log says where")


def failed(error: Exception) -> Told:
    if not isinstance(error, ConsentdError):
        return Told(raised="")
    # The nearest class that every room knows: some rooms have their own.
    kind = next(cls for cls in type(error).__mro__ if cls.__module__ == errors.__name__)
    faults = error.errors if isinstance(error, CallerError) else []
    return Told(raised=kind.__name__, code=error.code, message=error.message, faults=faults)


def packed(value: object) -> bytes:
    content = msgspec.msgpack.encode(value, enc_hook=str)
    return LENGTH.pack(len(content)) + content


def unpacked(content: bytes, kind: type[T]) -> T:
    return msgspec.msgpack.decode(content, type=kind, dec_hook=_path)


def read(stream: BinaryIO) -> bytes | None:
    """One frame, waiting for it; None at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    content = stream.read(size)
    return content if len(content) == size else None


def write(stream: BinaryIO, value: object) -> None:
    stream.write(packed(value))
    stream.flush()


def _path(kind: type, value: Any) -> Any:
    """Paths travel as text."""
    return kind(value)
