"""What was answered and is not taken yet: in memory, and beyond that in a file without a name.

Most clients send all of a list before they read any of its answer. If their answer were held up meanwhile,
they would be, too, for ever; so it is written aside until they have sent everything. Answers hold numbers and
decisions, and nobody's address.
"""

import asyncio
import tempfile
from collections import deque
from typing import BinaryIO

MEMORY = 1 << 20
MOST = 1 << 30
"""Bytes that may wait in the file. Whoever sends more than that without reading is held up."""


class Outbox:
    def __init__(self, memory: int = MEMORY, most: int = MOST) -> None:
        self._memory = memory
        self._most = most
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._file: BinaryIO | None = None
        self._written = 0
        self._read = 0
        self._over = False
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Bytes, wherever they are."""
        return self._size + self._written - self._read

    async def put(self, content: bytes, *, patient: bool) -> None:
        """`patient`: waits until most of what came before is taken; else only where the file is full."""
        while self.waiting > (self._memory if patient else self._memory + self._most):
            await self._change()
        if self._written > self._read or (self._size and self._size + len(content) > self._memory):
            # Once something is in the file, all that follows goes there: the order is kept.
            await asyncio.to_thread(self._write, content)
        else:
            self._pieces.append(content)
            self._size += len(content)
        self._changed.set()

    def finish(self) -> None:
        """Nothing is put in any more."""
        self._over = True
        self._changed.set()

    async def take(self) -> bytes:
        """The next piece, waiting for it; nothing at the end."""
        while not self.waiting:
            if self._over:
                return b""
            await self._change()
        if self._pieces:
            content = self._pieces.popleft()
            self._size -= len(content)
        else:
            content = await asyncio.to_thread(self._back)
        self._changed.set()
        return content

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _write(self, content: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="consentd")  # noqa: SIM115 closed by `close`
        self._file.seek(self._written)
        self._file.write(content)
        self._written += len(content)

    def _back(self) -> bytes:
        assert self._file is not None
        self._file.seek(self._read)
        content = self._file.read(min(self._memory, self._written - self._read))
        self._read += len(content)
        if self._read == self._written:
            # All of it was taken: what follows begins at the start again.
            self._file.seek(0)
            self._file.truncate()
            self._read = self._written = 0
        return content
