"""Which of a system's layouts a file has; a file of none is refused whole, with what it lacks (pure but for
reading the file's first rows).
"""

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec

from consentd.imports.reading import Inspected, Source, WholeFileRefused, inspect, rows
from consentd.kernel.layout import Layout


class Recognised(msgspec.Struct, frozen=True):
    name: str
    layout: Layout
    file: Inspected
    header: tuple[str, ...]
    """The columns as the file writes them."""
    unread: tuple[str, ...]
    """Columns that the layout does not read: nothing in them counts."""


def recognise(path: Source, layouts: Mapping[str, Layout], wanted: str | None = None) -> Recognised:
    """The layout that the file has; `wanted`: the one that it must have.

    Raises WholeFileRefused, naming the nearest layout and the columns that are missing or in the way.
    """
    if wanted is not None and wanted not in layouts:
        raise WholeFileRefused("unknown_layout", known=", ".join(sorted(layouts)))
    candidates = {name: one for name, one in layouts.items() if wanted in (None, name)}
    if not candidates:
        raise WholeFileRefused("no_layouts")
    encodings = tuple(dict.fromkeys(encoding for one in candidates.values() for encoding in one.encodings))
    file = inspect(path, encodings)
    headers: dict[str, tuple[str, ...]] = {}
    for name, layout in candidates.items():
        headers[name] = header_of(path, file.encoding, layout.delimiter)
        missing, strange = _differences(headers[name], layout)
        if not missing and not strange:
            _refuse_twice(headers[name])
            read = {column_key(column) for column in layout.columns}
            unread = tuple(column for column in headers[name] if column_key(column) not in read)
            return Recognised(name, layout, file, headers[name], unread)
    nearest = min(candidates, key=lambda name: (_distance(headers[name], candidates[name]), name))
    missing, strange = _differences(headers[nearest], candidates[nearest])
    raise WholeFileRefused(
        "other_layout", nearest=nearest, missing=", ".join(missing) or "-", strange=", ".join(strange) or "-"
    )


def header_of(path: Source, encoding: str, delimiter: str) -> tuple[str, ...]:
    for row in islice(rows(path, encoding, delimiter), 1):
        return tuple(cell.strip() for cell in row.cells)
    raise WholeFileRefused("empty_file")


def column_key(column: str) -> str:
    """Columns are told apart by their words: case, and how a space or an accent is stored, do not matter."""
    return " ".join(unicodedata.normalize("NFC", column).replace("\ufeff", "").split()).casefold()


def _differences(header: Sequence[str], layout: Layout) -> tuple[list[str], list[str]]:
    """Columns that are missing, and those that belong to another export."""
    there = {column_key(column) for column in header}
    missing = [column for column in layout.columns if column_key(column) not in there]
    return missing, [column for column in layout.without if column_key(column) in there]


def _distance(header: Sequence[str], layout: Layout) -> float:
    missing, strange = _differences(header, layout)
    return (len(missing) + len(strange)) / len(layout.columns)


def _refuse_twice(header: Sequence[str]) -> None:
    seen: set[str] = set()
    for column in header:
        key = column_key(column)
        if key and key in seen:
            raise WholeFileRefused("column_twice", column=column)
        seen.add(key)
