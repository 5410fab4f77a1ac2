"""Cutting a CSV file into its rows as it comes, without changing a byte of them. Pure; flat in memory.

Works on bytes: delimiters, quotes and line ends are ASCII in UTF-8 and in every single-byte encoding, so only
the one cell that is looked at is decoded; UTF-16 is cut as UTF-8 (`texts`). Where no quote is near, lines are
split at once; else one expression reads a record (RFC 4180, and as leniently as spreadsheets write it), line
breaks inside quotes included.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from consentd.check.lists import columns
from consentd.check.lists.texts import Text, text_of
from consentd.kernel.errors import TooLarge, Unprocessable

MOST = 1 << 20
"""Bytes that one row may have."""
_ENOUGH = 64
"""Bytes that tell the encoding."""


class Rows(msgspec.Struct):
    """Some rows, in order. `cells`: None where the bytes are no text; "" where the row has no such column."""

    cells: list[str | None]
    raw: list[bytes]
    """Each row as it came, its line end included, but in UTF-8 if the file is in UTF-16."""


class CsvRows:
    """Feed it the file; it answers with the rows that are complete. `header`: the first, once it is there.

    `column`: by its name, in any case; None where the file has but one. `delimiter`, `encoding`: found out if
    None. Raises Unprocessable for a file that cannot be read like that, TooLarge for an endless row.
    """

    def __init__(self, column: str | None, delimiter: str | None = None, encoding: str | None = None) -> None:
        self._column = column
        self._delimiter = delimiter
        self._encoding = encoding
        self._text: Text | None = None
        self._rest = b""
        self._number = 0
        self._separator = b","
        self._end = b"\n"
        self._count = 0
        self.header: bytes | None = None

    def feed(self, chunk: bytes) -> Rows:
        return self._next(chunk, last=False)

    def finish(self) -> Rows:
        """What is left at the end of the file. Raises Unprocessable where there was not even a header."""
        return self._next(b"", last=True)

    def as_it_came(self, raw: bytes) -> bytes:
        """Rows in the file's own encoding again."""
        return raw if self._text is None else self._text.back(raw)

    def _next(self, chunk: bytes, *, last: bool) -> Rows:
        if self._text is None:
            self._rest += chunk
            if len(self._rest) < _ENOUGH and not last:
                return Rows([], [])
            chunk, self._rest = self._rest, b""
            self._text = text_of(chunk, self._encoding)
        content = self._rest + self._text.taken(chunk, last=last)
        self._rest = b""
        if self.header is None:
            content = self._begin(self._text, content, last=last)
            if self.header is None:
                self._rest = content
                return Rows([], [])
        end = len(content) if last else content.rfind(self._end) + 1
        whole, self._rest = content[:end], content[end:]
        rows = self._quoted(self._text, whole, last=last) if b'"' in whole else self._plain(self._text, whole)
        if len(self._rest) > MOST:
            raise self._endless()
        self._count += len(rows.raw)
        return rows

    def _begin(self, text: Text, content: bytes, *, last: bool) -> bytes:
        """Finds the header, and returns what follows it; all of it while there is no whole header yet."""
        if b"\n" not in content and b"\r" in (content if last else content[:-1]):
            # As old spreadsheets write it.
            self._end = b"\r"
        end = content.find(self._end) + 1
        # A name may stand in quotes, and go on in the next line.
        while end and content.count(b'"', 0, end) % 2:
            end = content.find(self._end, end) + 1
        if not end and not last:
            if len(content) > MOST:
                raise self._endless()
            return content
        header = content[: end or len(content)]
        if not header.strip():
            raise columns.no_header()
        self._separator, self._number = columns.found(
            columns.decoded(text, header), self._column, self._delimiter
        )
        self.header = header
        return content[len(header) :]

    def _plain(self, text: Text, content: bytes) -> Rows:
        """Where there is no quote, every line is a row; but for empty ones, which are none."""
        end, separator, number, decode = self._end, self._separator, self._number, text.fast
        lines = content.split(end)
        rest = lines.pop()
        raw = [line + end for line in lines if line and line != b"\r"]
        if rest.strip():
            raw.append(rest)
        if len(content) > MOST and raw and max(map(len, raw)) > MOST:
            raise self._endless()
        try:
            if number:
                return Rows([decode(line.split(separator, number + 1)[number]) for line in raw], raw)
            return Rows([decode(line.partition(separator)[0]) for line in raw], raw)
        except (IndexError, UnicodeDecodeError):
            return Rows([_cell(text, line.split(separator), number) for line in raw], raw)

    def _quoted(self, text: Text, content: bytes, *, last: bool) -> Rows:
        rows = Rows([], [])
        whole = _record(self._separator, self._end, self._number)
        short = _record(self._separator, self._end, 0)
        place = 0
        while place < len(content):
            match = whole.match(content, place)
            cell = b"" if match is None else match[1]
            match = match or short.match(content, place)
            if match is None:
                break
            place = match.end()
            if match[0].strip():
                rows.cells.append(_decoded(text, _unquoted(cell)))
                rows.raw.append(match[0])
        if place < len(content):
            self._count += len(rows.raw)
            if last or len(content) - place > MOST:
                raise self._endless()
            # Within quotes: the row goes on in what is still to come.
            self._rest = content[place:] + self._rest
            self._count -= len(rows.raw)
        return rows

    def _endless(self) -> Unprocessable | TooLarge:
        return TooLarge(
            "row_too_long",
            f"Row {self._count + 1} does not end within {MOST} bytes, or a quote that opens in it never "
            "closes. Nothing from there on was decided.",
        )


@lru_cache(maxsize=64)
def _record(separator: bytes, end: bytes, number: int) -> re.Pattern[bytes]:
    """One record, with the cell of this number as its group. None matches while a quote is open."""
    stop = re.escape(separator + end)
    field = rb'(?:"(?:[^"]++|"")*+"[^' + stop + rb"]*+|[^" + stop + rb'"][^' + stop + rb"]*+|)"
    between = re.escape(separator)
    before = rb"(?:" + field + between + rb"){" + str(number).encode() + rb"}"
    after = rb"(?:" + between + field + rb")*+(?:" + re.escape(end) + rb"|\Z)"
    return re.compile(before + rb"(" + field + rb")" + after)


def _cell(text: Text, cells: Sequence[bytes], number: int) -> str | None:
    return _decoded(text, cells[number]) if number < len(cells) else ""


def _decoded(text: Text, cell: bytes) -> str | None:
    try:
        return text.cell(cell)
    except UnicodeDecodeError:
        return None


def _unquoted(cell: bytes) -> bytes:
    if not cell.startswith(b'"'):
        return cell
    return cell[1 : cell.rindex(b'"')].replace(b'""', b'"')
