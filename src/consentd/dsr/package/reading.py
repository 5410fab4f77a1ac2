"""A package as a file that somebody was given: its members, and nothing else in it (promises 9 and 16).

A tool that reads a zip file from its beginning and one that reads the directory at its end must find the
same: what lies between, before or behind the members, twice, or under a name that leads elsewhere, is
refused. Sizes are those that are found: a file that grows without end is given up at what it was said to be.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from consentd.kernel.errors import Tampered

MOST_FILES = 100_000
_NAME = re.compile(r"(?:[a-z0-9][a-z0-9-]{0,63}/){0,2}[a-z0-9][a-z0-9-]{0,63}(?:\.[a-z]{1,8}){1,2}")
_BLOCK = 1 << 16
_BEHIND = 0x08
"""The flag by which a member's sizes stand behind its content."""
_ENCRYPTED = 0x01


class Package:
    """An opened one. Raises Tampered (package_invalid) where the file is not what a package is."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, struct.error) as reason:
            raise _invalid(f"it is no zip file that can be read ({type(reason).__name__})") from None
        self._members = {member.filename: member for member in self._zip.infolist()}
        self._refuse_strange(self._zip.infolist())
        self._refuse_gaps(file)

    @property
    def names(self) -> list[str]:
        """In their order."""
        return list(self._members)

    def blocks(self, name: str, most: int) -> Iterator[bytes]:
        """The content of a member. Raises Tampered beyond `most` bytes, and where it cannot be taken out."""
        size = 0
        try:
            with self._zip.open(self._members[name]) as content:
                while block := content.read(_BLOCK):
                    size += len(block)
                    if size > most:
                        raise _invalid(f"{name} is longer than it should be")
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error):
            raise _invalid(f"{name} is damaged") from None

    def content(self, name: str, most: int) -> bytes:
        return b"".join(self.blocks(name, most))

    def lines(self, name: str, most: int) -> Iterator[bytes]:
        """The items of a JSON array that has one on each line."""
        left = b""
        for block in self.blocks(name, most):
            *whole, left = (left + block).split(b"\n")
            yield from (line.removesuffix(b",") for line in whole if line not in (b"[", b"]", b"[]"))

    def _refuse_strange(self, found: list[zipfile.ZipInfo]) -> None:
        if len(found) != len(self._members) or len(found) > MOST_FILES:
            raise _invalid("it holds a file twice, or too many")
        for member in found:
            if not _NAME.fullmatch(member.filename) or member.orig_filename != member.filename:
                raise _invalid("it holds a file whose name no package has")
            if member.flag_bits & _ENCRYPTED or member.compress_type not in (0, zipfile.ZIP_DEFLATED):
                raise _invalid(f"{member.filename} is packed in a way that no package is")

    def _refuse_gaps(self, file: BinaryIO) -> None:
        """Every byte before the directory belongs to one member."""
        at = 0
        for member in self._zip.infolist():
            file.seek(at)
            head = file.read(30)
            if member.header_offset != at or len(head) < 30 or head[:4] != b"PK\x03\x04":
                raise _invalid("something lies between its files")
            name, extra = struct.unpack("<HH", head[26:30])
            wide = b"\x01\x00" in file.read(name + extra)[name : name + 2]
            at += 30 + name + extra + member.compress_size
            if member.flag_bits & _BEHIND:
                at += 24 if wide else 16
        if at != self._zip.start_dir:
            raise _invalid("something lies between its files")
        end = file.seek(0, io.SEEK_END)
        file.seek(max(0, end - 22))
        # Its directory ends the file: no comment, and nothing behind.
        if file.read(4) != b"PK\x05\x06":
            raise _invalid("something lies behind its files")


def _invalid(what: str) -> Tampered:
    return Tampered("package_invalid", f"This is not a package as it was handed out: {what}.")
