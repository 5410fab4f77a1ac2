"""Reading a list in lines of JSON as it comes: an object with the identifier as a member, or it alone."""

from typing import Any

import msgspec

from consentd.check.lists.csv_rows import Rows
from consentd.kernel.errors import TooLarge

MOST = 1 << 16
"""Bytes that one line may have."""

_decode = msgspec.json.Decoder().decode


class JsonRows:
    """As `CsvRows`; lines without anything are no rows. `member`: the one of an object that holds the
    identifier. Raises TooLarge for an endless line.
    """

    def __init__(self, member: str) -> None:
        self._member = member
        self._rest = b""
        self._count = 0
        self.header = b""

    def feed(self, chunk: bytes) -> Rows:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > MOST:
            raise self._endless(len(lines))
        return self._rows(lines)

    def finish(self) -> Rows:
        """The last line, where no line end follows it."""
        rest, self._rest = self._rest, b""
        return self._rows([rest])

    def _rows(self, lines: list[bytes]) -> Rows:
        rows = Rows([], [])
        for line in lines:
            if len(line) > MOST:
                raise self._endless(len(rows.raw))
            if line.strip():
                rows.cells.append(self._cell(line))
                rows.raw.append(line)
        self._count += len(rows.raw)
        return rows

    def _cell(self, line: bytes) -> str | None:
        """None for what is no JSON, or no text and no whole number: it is told of that row alone."""
        try:
            found: Any = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if isinstance(found, dict):
            found = found.get(self._member)
        if found is None:
            return ""
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        return found if isinstance(found, str) else None

    def _endless(self, more: int) -> TooLarge:
        return TooLarge(
            "row_too_long",
            f"Line {self._count + more + 1} is longer than {MOST} bytes. Nothing from there on was decided.",
        )
