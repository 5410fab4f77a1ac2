"""Writing out: the report as CSV, refused rows as a file that can be mended and taken again, and whom to ask.

Every cell that a spreadsheet would run is written inert (promise 16), and read back as it was.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TextIO

import msgspec

from consentd.imports.reading import REASON, marked
from consentd.imports.recognising import column_key
from consentd.imports.report import Report
from consentd.imports.running import Refused
from consentd.imports.survey import ToAsk
from consentd.imports.words import Words

ENCODING = "utf-8-sig"
"""With a byte order mark: spreadsheets read it right, and so does an import, whatever its layout expects."""


class Writable(Protocol):
    """What takes text."""

    def write(self, text: str, /) -> object: ...


class RefusedRows:
    """A file in the form of the one that was imported, with a reason behind each row. A row of another width
    than the header keeps it, and its reason says what it is: unmended it is refused again, also where a
    spreadsheet filled it up.
    """

    def __init__(self, stream: Writable, header: Sequence[str], delimiter: str, words: Words) -> None:
        self._writer = csv.writer(stream, delimiter=delimiter)
        self._words = words
        self._width = len(header)
        # Of a file that was itself written here.
        self._old = next((n for n, one in enumerate(header) if column_key(one) == column_key(REASON)), None)
        self._writer.writerow([*map(marked, self._own(header)), REASON])

    def add(self, refused: Iterable[Refused]) -> None:
        for one in refused:
            reason = self._words.fault(one.code, one.column)
            if len(one.row.cells) == self._width:
                cells = self._own(one.row.cells)
            else:
                cells = [cell for cell in one.row.cells if not cell.startswith(REASON)]
                reason = f"{REASON}: {reason}"
            self._writer.writerow([*map(marked, cells), reason])

    def _own(self, cells: Sequence[str]) -> list[str]:
        return [cell for number, cell in enumerate(cells) if number != self._old]


class RowsToAsk:
    """Who may be asked to confirm, and how: a row for each line of the file and permitted channel, with the
    contact detail that the file itself has. A cell is empty where only another system knows it.
    """

    def __init__(self, stream: Writable, words: Words) -> None:
        self._writer = csv.writer(stream)
        self._words = words
        self._writer.writerow(["line", "channel", "contact_point", "about"])

    def add(self, people: Iterable[ToAsk]) -> None:
        for one in people:
            about = ", ".join(self._words.use(*pair) for pair in one.about)
            for channel, point in one.by.items():
                self._writer.writerow([one.row.line, channel, marked(point or ""), about])


class Files(NamedTuple):
    """What is told beside a report; None for what nobody asked for. `heard`: of so many rows more."""

    heard: Callable[[int], None]
    rows: RefusedRows | None = None
    asks: RowsToAsk | None = None

    def refused(self, rows: Sequence[Refused]) -> None:
        if self.rows is not None:
            self.rows.add(rows)

    def to_ask(self, people: Sequence[ToAsk]) -> None:
        if self.asks is not None:
            self.asks.add(people)


def as_csv(report: Report, stream: TextIO) -> None:
    """One line for each figure: what it is about, and the number."""
    writer = csv.writer(stream)
    writer.writerow(["section", "what", "purpose", "channel", "count", "text"])
    for line in _figures(report):
        writer.writerow([marked(str(cell)) if cell is not None else "" for cell in line])


def _figures(report: Report) -> Iterator[Sequence[Any]]:  # Any: cells of several kinds
    yield "summary", report.file, None, None, None, report.summary
    for example in report.examples:
        yield "example", None, None, None, None, example
    for section in ("rows", "people", "statements"):
        for name, count in msgspec.structs.asdict(getattr(report, section)).items():
            yield section, name, None, None, count, None
    for state in report.states:
        yield "states", state.state, state.purpose, state.channel, state.count, state.text
    for one in report.contradictions:
        yield "contradictions", f"{one.yes}/{one.no}", one.purpose, one.channel, one.count, one.text
    for reach in report.contactable:
        for name in ("before", "after", "become", "stop"):
            yield "contactable", name, reach.purpose, reach.channel, getattr(reach, name), None
    for claim in report.claims:
        yield "claims", " ".join(claim.lacks), claim.purpose, claim.channel, claim.count, claim.proven_by
    for channel, count in report.to_ask.by_channel.items():
        yield "to_ask", None, None, channel, count, None
    yield "to_ask", "not_to_be_asked", None, None, report.to_ask.not_to_be_asked, None
    yield "to_ask", "no_need", None, None, report.to_ask.no_need, None
    yield "returned", None, None, None, report.returned.count, None
    for fault in report.refused:
        yield "refused", fault.code, None, None, fault.line, fault.text
    for fault in report.left_out:
        yield "left_out", fault.code, None, None, fault.line, fault.text
