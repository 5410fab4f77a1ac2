"""A file kept sealed on the disk: it survives a kill, and does not lie about in clear (promises 10 and 11).

Chunks of 64 KiB, each sealed for its place in this file, so that none can be moved, left out or taken from
another; the last says that it is the last. Under which key is the caller's to say: a period key for what was
sent to be read once, a key of its own for what is to vanish when that key does.

    chunk = key's id (16) || length (4) || sealed

Written and read from the beginning to the end, in flat memory. `bench/package.py` watches what it costs.
"""

import io
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Protocol
from uuid import UUID, uuid5

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key
from consentd.kernel.errors import Tampered
from consentd.kernel.ids import KeyId

CHUNK = 1 << 16
_HEAD = struct.Struct(">16sI")


class Keys(Protocol):
    """By which keys a spool is written and read."""

    def sealing(self) -> Key:
        """What is written now is sealed under it."""
        ...

    def opening(self, key_id: KeyId) -> Key:
        """The key that a chunk names. Raises Tampered, or UnknownKey where another process made it."""
        ...


class PeriodKeys:
    """The installation's own: whoever has the keyring reads it."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def sealing(self) -> Key:
        return self._keyring.period()

    def opening(self, key_id: KeyId) -> Key:
        return self._keyring.period_by_id(key_id)


class OneKey:
    """A key of its own: without it nothing opens, whoever asks."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def sealing(self) -> Key:
        return self._key

    def opening(self, key_id: KeyId) -> Key:
        if key_id != self._key.id:
            raise Tampered("does_not_open", "A sealed file names another key than its own.")
        return self._key


class Spool:
    """One file's place on the disk. `name` is all that a report says of it; `table`: to what it belongs."""

    def __init__(self, folder: Path, id_: UUID, keys: Keys, table: str) -> None:
        self._path = folder / f"{id_}.sealed"
        self._id = id_
        self._keys = keys
        self._table = table

    @property
    def name(self) -> str:
        return str(self._id)

    def writing(self) -> "Writing":
        """What is added to it is there, synced, once the block ends without an error; else nothing is."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        return Writing(self._path, self._id, self._keys.sealing(), self._table)

    def open(self, mode: Literal["rb"] = "rb") -> BinaryIO:
        """Raises FileNotFoundError; reading raises Tampered where the file is not as it was written."""
        return io.BufferedReader(_Opened(self._path.open(mode), self._id, self._keys, self._table), CHUNK)

    def exists(self) -> bool:
        return self._path.exists()

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


class Writing:
    """Where bytes are added one after the other. `write`, `flush` and `tell` are those of a file that cannot
    be sought in, as archives are written to.
    """

    def __init__(self, path: Path, id_: UUID, key: Key, table: str) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._id = id_
        self._key = key
        self._table = table
        self._number = 0
        self._waiting = bytearray()
        self._size = 0

    def __enter__(self) -> "Writing":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def add(self, content: bytes | bytearray | memoryview) -> None:
        self._waiting += content
        self._size += len(content)
        if len(self._waiting) <= CHUNK:
            return
        # A chunk stays behind, however full: the last one must be told that it is.
        whole = (len(self._waiting) - 1) // CHUNK * CHUNK
        for start in range(0, whole, CHUNK):
            self._put(bytes(self._waiting[start : start + CHUNK]))
        del self._waiting[:whole]

    def write(self, content: bytes) -> int:
        self.add(content)
        return len(content)

    def flush(self) -> None:
        """Nothing is kept before it is whole: see `close`."""

    def tell(self) -> int:
        """Bytes added so far."""
        return self._size

    def close(self) -> None:
        """Keeps what was added, synced, under its name. `discard` instead where it must not be."""
        self._put(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def discard(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def _put(self, content: bytes, *, last: bool = False) -> None:
        sealed = seal(self._key, content, _place(self._table, self._id, self._number, last=last))
        self._file.write(_HEAD.pack(self._key.id.bytes, len(sealed)) + sealed)
        self._number += 1


class _Opened(io.RawIOBase):
    """The content, chunk by chunk. Raises Tampered where one is not as it was written, or the end is not."""

    def __init__(self, file: io.BufferedReader, id_: UUID, keys: Keys, table: str) -> None:
        super().__init__()
        self._file = file
        self._id = id_
        self._keys = keys
        self._table = table
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
            raise Tampered("does_not_open", "A sealed file ends early: it has to be made, or sent, again.")
        key, length = _HEAD.unpack(head)
        sealed = self._file.read(length)
        self._over = not self._file.peek(1)
        opened = unseal(
            self._keys.opening(KeyId(UUID(bytes=key))),
            sealed,
            _place(self._table, self._id, self._number, last=self._over),
        )
        self._number += 1
        return opened


def _place(table: str, id_: UUID, number: int, *, last: bool) -> Place:
    return Place(table, "last" if last else "chunk", uuid5(id_, str(number)))
