"""A file that was sent, kept sealed until it is done: it must survive a kill, and not lie about in clear.

Chunks of 64 KiB, each sealed under its period key for its place in this file, so that none can be moved, left
out or taken from another; the last says that it is the last.
"""

import io
import os
import struct
from pathlib import Path
from typing import Any, BinaryIO, Literal
from uuid import UUID, uuid5

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal, unseal
from consentd.kernel.errors import Tampered
from consentd.kernel.ids import KeyId

CHUNK = 1 << 16
_HEAD = struct.Struct(">16sI")


class Spool:
    """One file's place on the disk. `name` is all that a report says of it."""

    def __init__(self, folder: Path, id_: UUID, keyring: Keyring) -> None:
        self._path = folder / f"{id_}.sealed"
        self._id = id_
        self._keyring = keyring

    @property
    def name(self) -> str:
        return str(self._id)

    def writing(self) -> "Writing":
        """What is added to it is there, synced, once the block ends without an error; else nothing is."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        return Writing(self._path, self._id, self._keyring)

    def open(self, mode: Literal["rb"] = "rb") -> BinaryIO:
        return io.BufferedReader(_Opened(self._path.open(mode), self._id, self._keyring), CHUNK)

    def exists(self) -> bool:
        return self._path.exists()

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


class Writing:
    def __init__(self, path: Path, id_: UUID, keyring: Keyring) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._id = id_
        self._key = keyring.period()
        self._number = 0
        self._waiting = b""

    def __enter__(self) -> "Writing":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)
            return
        self._put(self._waiting, last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def add(self, content: bytes) -> None:
        self._waiting += content
        while len(self._waiting) > CHUNK:
            self._put(self._waiting[:CHUNK])
            self._waiting = self._waiting[CHUNK:]

    def _put(self, content: bytes, *, last: bool = False) -> None:
        sealed = seal(self._key, content, _place(self._id, self._number, last=last))
        self._file.write(_HEAD.pack(self._key.id.bytes, len(sealed)) + sealed)
        self._number += 1


class _Opened(io.RawIOBase):
    """The content, chunk by chunk. Raises Tampered where one is not as it was written, or the end is not."""

    def __init__(self, file: io.BufferedReader, id_: UUID, keyring: Keyring) -> None:
        super().__init__()
        self._file = file
        self._id = id_
        self._keyring = keyring
        self._number = 0
        self._over = False
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # Any: whatever has room for bytes
        while not self._left and not self._over:
            self._left = self._next()
        view = memoryview(buffer)
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()

    def _next(self) -> bytes:
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise Tampered("does_not_open", "A file that was sent for import ends early: send it again.")
        key, length = _HEAD.unpack(head)
        sealed = self._file.read(length)
        self._over = not self._file.peek(1)
        opened = unseal(
            self._keyring.period_by_id(KeyId(UUID(bytes=key))),
            sealed,
            _place(self._id, self._number, last=self._over),
        )
        self._number += 1
        return opened


def _place(id_: UUID, number: int, *, last: bool) -> Place:
    return Place("imports", "last" if last else "chunk", uuid5(id_, str(number)))
