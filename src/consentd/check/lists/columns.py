"""Which column of a CSV file holds the identifiers, and what separates columns: told by its header. Pure."""

import csv
from collections.abc import Sequence

from consentd.check.lists.asked import nearest_first
from consentd.check.lists.texts import BOM, Text, wrong_encoding
from consentd.kernel.errors import Unprocessable

DELIMITERS = (",", ";", "\t", "|")
"""Those that are looked for, if none is told."""
_FEW = 30


def decoded(text: Text, header: bytes) -> str:
    """Raises Unprocessable for a header that is no text in the encoding."""
    try:
        return text.cell(header)
    except UnicodeDecodeError:
        raise wrong_encoding(
            "The header is no text in this encoding: name another one, cp1252 perhaps."
        ) from None


def found(header: str, column: str | None, delimiter: str | None) -> tuple[bytes, int]:
    """The delimiter, and the number of the column from 0. Raises Unprocessable, naming the columns."""
    if delimiter is not None:
        names = names_of(header, _one(delimiter))
        return delimiter.encode(), _number(names, column)
    tried = [(one, names_of(header, one)) for one in DELIMITERS]
    having = [one for one in tried if column is not None and _places(one[1], column)]
    best, names = max(having or tried, key=lambda one: len(one[1]))
    return best.encode(), _number(names, column)


def names_of(header: str, delimiter: str) -> list[str]:
    """Raises Unprocessable for what no reader of CSV takes for a row."""
    try:
        record = next(csv.reader([header.removeprefix(BOM).strip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        raise _wrong(
            "no_header",
            "The first line is no header: it should name the columns, separated by a comma, a semicolon, a "
            "tab or a bar.",
        ) from None
    return [name.strip() for name in record]


def no_header() -> Unprocessable:
    return _wrong("no_header", "The list is empty: it needs a header, and a column with the identifiers.")


def _one(delimiter: str) -> str:
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise Unprocessable(
            "wrong_delimiter",
            "A delimiter is one ASCII character: a comma, a semicolon, a tab or a bar.",
            errors=[{"pointer": "/delimiter", "code": "wrong_delimiter", "detail": "one character"}],
        )
    return delimiter


def _number(names: Sequence[str], column: str | None) -> int:
    if column is None:
        if len(names) == 1:
            return 0
        raise _wrong("column_needed", f"Say which column holds the identifiers. {_told(names)}")
    places = _places(names, column)
    if not places:
        raise _wrong("unknown_column", f"The list has no such column. {_told(nearest_first(column, names))}")
    if len(places) > 1:
        raise _wrong("column_twice", "Several columns of the list have this name: rename all but one.")
    return places[0]


def _places(names: Sequence[str], column: str) -> list[int]:
    """As it is written, or else in any case."""
    wanted = column.strip()
    exact = [number for number, name in enumerate(names) if name == wanted]
    return exact or [number for number, name in enumerate(names) if name.casefold() == wanted.casefold()]


def _told(names: Sequence[str]) -> str:
    more = f", and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"It has: {', '.join(name[:60] for name in names[:_FEW])}{more}."


def _wrong(code: str, detail: str) -> Unprocessable:
    return Unprocessable(code, detail, errors=[{"pointer": "/column", "code": code, "detail": detail}])
