"""From bytes to rows: encodings, quoting, and files that are refused whole (promises 16 and 17).

A file is looked through once before anything is recorded: so a cut one, one in another encoding, or one whose
lines never end is refused before its first row counts. Memory stays flat: one line at a time, and no line
longer than LONGEST.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal, Protocol

import msgspec

LONGEST = 1 << 20
"""Bytes of one physical line, and characters of one row: a real export's are a thousandth of it."""
REASON = "consentd: reason"
"""The column that is put behind a refused row's own, where it is written out to be mended; no layout's."""
_CHUNK = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How files of spreadsheets begin, new and old; the first is that of every zip file."""
_MARKED = re.compile(r"'['=+@\t\r-]")

csv.field_size_limit(LONGEST)


class WholeFileRefused(Exception):
    """Nothing of the file is taken. `code` has its words in `imports.words`; the rest fills them in."""

    def __init__(self, code: str, **about: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.about = about


class Source(Protocol):
    """A file that can be read again from its beginning: a path, or what was sent (`crypto.spool`)."""

    @property
    def name(self) -> str: ...

    def open(self, mode: Literal["rb"]) -> BinaryIO: ...


class Row(msgspec.Struct, frozen=True):
    """One row as it is in the file. `line` is the physical line it begins on, from 1; the header's is 1."""

    line: int
    cells: tuple[str, ...]


class Inspected(msgspec.Struct, frozen=True):
    """What one look through a file finds out."""

    encoding: str
    size: int
    """Bytes."""


def inspect(path: Source, encodings: Sequence[str]) -> Inspected:
    """Raises WholeFileRefused where it is empty, a workbook, in none of the encodings, or has a line without
    an end.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise WholeFileRefused("empty_file")
    # Some encodings read any bytes: a workbook would be told as a table whose columns are all missing.
    if start.startswith(_WORKBOOKS):
        raise WholeFileRefused("workbook")
    tried = _by_mark(start) or _without_mark(start, encodings)
    left = {name: codecs.getincrementaldecoder(name)("strict") for name in tried}
    size = run = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            left = {name: decoder for name, decoder in left.items() if _reads(decoder, chunk)}
            if not left:
                break
            run = _run(chunk, run)
            if run > LONGEST:
                raise WholeFileRefused("endless_line", longest=LONGEST)
    left = {name: decoder for name, decoder in left.items() if _reads(decoder, b"", final=True)}
    if not left:
        raise WholeFileRefused("wrong_encoding", encodings=", ".join(dict.fromkeys(tried)))
    return Inspected(next(iter(left)), size)


def _by_mark(start: bytes) -> list[str]:
    return [encoding for mark, encoding in _BOMS if start.startswith(mark)][:1]


def _without_mark(start: bytes, encodings: Sequence[str]) -> list[str]:
    """Every other byte zero is UTF-16 that lost its mark."""
    if b"\0" in start[1:64:2] and b"\0" not in start[0:64:2]:
        return ["utf-16-le"]
    if b"\0" in start[0:64:2] and b"\0" not in start[1:64:2]:
        return ["utf-16-be"]
    return list(encodings)


def _reads(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _run(chunk: bytes, before: int) -> int:
    """The longest stretch without a line's end that this chunk ends or holds."""
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    return before + len(chunk) if last < 0 else len(chunk) - last - 1


def rows(path: Source, encoding: str, delimiter: str) -> Iterator[Row]:
    """The header, then every row; empty lines are passed over.

    Raises WholeFileRefused for quotes that do not close, and for a row longer than LONGEST.
    """
    with path.open("rb") as file:
        lines = _Lines(file, encoding)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        before = 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _unreadable(str(error), before + 1, reader.line_num) from None
            lines.row_ends()
            first, before = before + 1, reader.line_num
            if any(cells):
                yield Row(first, tuple(map(unmarked, cells)))


def _unreadable(reason: str, first: int, last: int) -> WholeFileRefused:
    if "unexpected end of data" in reason:
        return WholeFileRefused("open_quote", line=first)
    if "field larger" in reason:
        return WholeFileRefused("endless_line", longest=LONGEST)
    return WholeFileRefused("bad_quotes", line=last)


class _Lines:
    """Physical lines as text, each with its end; the reader counts them."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._reader = codecs.getreader(encoding)(file, "strict")
        self._text = ""
        self._row = 0
        self._over = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        while True:
            found = _LINE.match(self._text)
            # A return at the very end may be half of a return and a line feed.
            if found is not None and (found.end() < len(self._text) or self._over):
                line = found[0]
                self._text = self._text[len(line) :]
                break
            more = "" if self._over else self._reader.read(_CHUNK)
            if not more:
                self._over = True
                if not self._text:
                    raise StopIteration
                found = _LINE.match(self._text)
                line = self._text if found is None else found[0]
                self._text = self._text[len(line) :]
                break
            self._text += more
            if len(self._text) > LONGEST + 2 * _CHUNK and _LINE.match(self._text) is None:
                raise WholeFileRefused("endless_line", longest=LONGEST)
        self._row += len(line)
        if self._row > LONGEST:
            raise WholeFileRefused("endless_line", longest=LONGEST)
        return line

    def row_ends(self) -> None:
        self._row = 0


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)")


def unmarked(cell: str) -> str:
    """A cell without the apostrophe by which `marked` made it inert."""
    return cell[1:] if _MARKED.match(cell) else cell


_NUMBERLIKE = re.compile(r"\+?[0-9][0-9 ().\u00a0\u202f-]*")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run it. A telephone number, "+33 6…", is none."""
    return cell.startswith(_FORMULA) and not _NUMBERLIKE.fullmatch(cell)


def marked(cell: str) -> str:
    """A cell as it may be written out for people who open it in a spreadsheet; `unmarked` undoes it."""
    return "'" + cell if is_formula(cell) or _MARKED.match(cell) else cell
