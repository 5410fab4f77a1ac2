"""The archive, written from its beginning to its end into a sealed file: nothing of it is ever in clear.

Upholds promise 16: plain files under plain names of our own making, no links and no programs. Any tool reads
it (PKWARE APPNOTE 6.3, sizes behind the content; ZIP64 where a file is large). The same content is the same
bytes: a file's time is the first that the format knows.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from consentd.crypto.spool import Writing

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_LARGE = 1 << 29
"""Bytes from which a file is announced as one that may pass 4 GiB; older tools do not read those."""


class FileTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    size: int
    """Bytes, once it is taken out."""
    sha256: str


class Archive:
    """One file after the other. `close` it, or nothing can be read."""

    def __init__(self, target: Writing) -> None:
        # It writes, tells where it is and cannot be sought in, which is all that zipfile asks.
        self._zip = zipfile.ZipFile(cast(Any, target), "w", zipfile.ZIP_DEFLATED)
        self.told: list[FileTold] = []

    def add(self, name: str, content: Iterable[bytes], *, expected: int = 0) -> FileTold:
        """`expected`: about how many bytes it will be, where that may be many."""
        info = zipfile.ZipInfo(name, _FIRST_DAY)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = 3
        info.external_attr = _MODE
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=expected >= _LARGE) as file:
            for piece in content:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        told = FileTold(name, size, digest.hexdigest())
        self.told.append(told)
        return told

    def close(self) -> None:
        self._zip.close()
