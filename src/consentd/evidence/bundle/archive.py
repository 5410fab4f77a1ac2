"""A zip file in its one possible spelling: files stored as they are, in order, with nothing else in it.

Upholds promises 9 and 16. Everything but the files' own bytes follows from their names, sizes and checksums,
so a reader makes it again and compares: there is no room for other compression, dates, flags, comments,
extra fields, gaps, second directories, encryption or links, and nothing grows when it is read. A name may
only be one of the bundle's own, so none leads out of a folder. Any zip tool reads it.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from consentd.evidence.bundle.layout import NAME
from consentd.kernel.errors import OperatorError, Tampered

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_DATE = 0x21
"""The first of January 1980, the first day that a zip file can name; the time is zero."""
_ATTRIBUTES = 0o100644 << 16
_UNIX = 3 << 8
_FULL, _FULL16 = 0xFFFFFFFF, 0xFFFF


class Member(NamedTuple):
    """One file in the archive. `at`: where its header begins, in bytes from the archive's beginning."""

    name: str
    size: int
    crc: int
    at: int

    @property
    def begin(self) -> int:
        return self.at + _LOCAL.size + len(self.name)


class Told(NamedTuple):
    """What was written under a name."""

    name: str
    size: int
    sha256: str


def header(member: Member) -> bytes:
    """What stands before a file's bytes."""
    name = member.name.encode("ascii")
    fields = (b"PK\x03\x04", 20, 0, 0, 0, _DATE, member.crc, member.size, member.size, len(name), 0)
    return _LOCAL.pack(*fields) + name


def directory(members: Sequence[Member], at: int) -> bytes:
    """What stands after the last file, at `at`. Large archives say in 64 bits what does not fit (zip64)."""
    found = bytearray()
    for member in members:
        name, extra, version, offset = member.name.encode("ascii"), b"", 20, member.at
        if offset >= _FULL:
            extra, version, offset = struct.pack("<2HQ", 1, 8, offset), 45, _FULL
        found += _CENTRAL.pack(
            *(b"PK\x01\x02", _UNIX | version, version, 0, 0, 0, _DATE, member.crc, member.size, member.size),
            *(len(name), len(extra), 0, 0, 0, _ATTRIBUTES, offset),
        )
        found += name + extra
    length, count = len(found), len(members)
    if at >= _FULL or length >= _FULL or count >= _FULL16:
        fields = (b"PK\x06\x06", _END64.size - 12, _UNIX | 45, 45, 0, 0, count, count, length, at)
        found += _END64.pack(*fields) + _LOCATOR.pack(b"PK\x06\x07", 0, at + length, 1)
    count = min(count, _FULL16)
    return bytes(found) + _END.pack(b"PK\x05\x06", 0, 0, count, count, min(length, _FULL), min(at, _FULL), 0)


class Writer:
    """Writes one file after the other. `file` is empty, and can be moved in."""

    def __init__(self, file: BinaryIO) -> None:
        self.told: list[Told] = []
        self._file = file
        self._members: list[Member] = []
        self._at = 0
        self._name: str | None = None

    def begin(self, name: str) -> None:
        self._name = name
        self._size = self._crc = 0
        self._digest = hashlib.sha256()
        self._file.seek(Member(name, 0, 0, self._at).begin)

    def write(self, content: bytes) -> None:
        self._file.write(content)
        self._size += len(content)
        self._crc = zlib.crc32(content, self._crc)
        self._digest.update(content)

    def end(self) -> None:
        assert self._name is not None
        if self._size >= _FULL:
            raise OperatorError("bundle_too_large", "One entry and its rows are larger than 4 GiB.")
        member = Member(self._name, self._size, self._crc, self._at)
        self._file.seek(self._at)
        self._file.write(header(member))
        self._at = member.begin + member.size
        self._members.append(member)
        self.told.append(Told(member.name, member.size, self._digest.hexdigest()))
        self._name = None

    def add(self, name: str, content: bytes) -> None:
        self.begin(name)
        self.write(content)
        self.end()

    def finish(self) -> None:
        self._file.seek(self._at)
        self._file.write(directory(self._members, self._at))


def members_of(file: BinaryIO) -> list[Member]:
    """The files of an archive, if it is spelled as it has to be; their bytes are not looked at yet.

    Raises Tampered, which names the byte.
    """
    end = file.seek(0, os.SEEK_END)
    members: list[Member] = []
    at = 0
    while True:
        file.seek(at)
        raw = file.read(_LOCAL.size)
        if raw[:4] != b"PK\x03\x04":
            break
        if len(raw) < _LOCAL.size:
            raise _at(at + len(raw), "the file ends in the middle of a header")
        fields = _LOCAL.unpack(raw)
        name = file.read(fields[9])
        if not NAME.fullmatch(name):
            raise _at(at + _LOCAL.size, "the zip file holds a name that no file of a bundle has")
        member = Member(name.decode("ascii"), fields[8], fields[6], at)
        _same(header(member), raw + name, at, f"the header of {member.name} is not as a bundle has it")
        at = member.begin + member.size
        if at > end:
            raise _at(end, f"the file ends in the middle of {member.name}")
        members.append(member)
    if not members:
        raise _at(0, "this does not begin as a bundle does; is it one?")
    expected = directory(members, at)
    file.seek(at)
    _same(expected, file.read(len(expected) + 1), at, "the zip directory is not the one of these files")
    return members


def content_of(file: BinaryIO, member: Member) -> bytes:
    file.seek(member.begin)
    return file.read(member.size)


def _same(expected: bytes, found: bytes, at: int, what: str) -> None:
    if expected == found:
        return
    pairs = enumerate(zip(expected, found, strict=False))
    first = next((place for place, (one, other) in pairs if one != other), min(len(expected), len(found)))
    if first == len(expected):
        what = "something follows where the file should end"
    elif first == len(found):
        what = "the file ends too early"
    raise _at(at + first, what)


def _at(byte: int, what: str) -> Tampered:
    return Tampered("archive_invalid", f"byte {byte}: {what}")
