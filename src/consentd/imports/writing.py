"""Writing out: the report as text and as CSV, and refused rows as a file that can be mended and taken again.

Every cell that a spreadsheet would run is written inert (promise 16), and read back as it was.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

import msgspec

from consentd.base.i18n import Language, Text
from consentd.imports.reading import marked
from consentd.imports.report import Report
from consentd.imports.running import Refused
from consentd.imports.words import Words

REASON = "consentd: reason"
"""The column that is put behind a refused row's own. A layout does not read it."""


class RefusedRows:
    """A file in the form of the one that was imported, with a reason behind each row."""

    def __init__(self, stream: TextIO, header: Sequence[str], delimiter: str, words: Words) -> None:
        self._writer = csv.writer(stream, delimiter=delimiter)
        self._words = words
        self._width = len(header)
        self._writer.writerow([*map(marked, header), REASON])

    def add(self, refused: Iterable[Refused]) -> None:
        for one in refused:
            cells = [*map(marked, one.row.cells[: self._width])]
            cells += [""] * (self._width - len(cells))
            self._writer.writerow([*cells, self._words.fault(one.code, one.column)])


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
    for fault in report.refused:
        yield "refused", fault.code, None, None, fault.line, fault.text
    for fault in report.left_out:
        yield "left_out", fault.code, None, None, fault.line, fault.text


_HEADS = {
    "rows": Text("Lignes", "Rows"),
    "people": Text("Clients", "Customers"),
    "statements": Text("Indications", "Statements"),
    "states": Text("Accords et refus repris", "Choices taken"),
    "contradictions": Text("Contradictions entre outils", "Tools that disagree"),
    "contactable": Text("Joignables (avant → après)", "Contactable (before → after)"),
    "claims": Text(
        "Accords sans preuve, et ce qui les prouverait", "Unproven consents, and what would prove them"
    ),
    "to_ask": Text("À qui demander confirmation", "Whom to ask for confirmation"),
    "refused": Text("Lignes refusées", "Refused rows"),
    "left_out": Text("Cellules laissées de côté", "Cells left out"),
    "unread": Text("Colonnes non lues", "Columns not read"),
}
_NAMES = {
    "read": Text("lues", "read"),
    "accepted": Text("reprises", "taken"),
    "refused": Text("refusées", "refused"),
    "unchanged": Text("sans rien de nouveau", "with nothing new"),
    "new": Text("nouveaux", "new"),
    "matched": Text("déjà connus", "known already"),
    "ambiguous": Text("à examiner (coordonnée partagée)", "to be looked at (shared contact detail)"),
    "choices": Text("accords et refus", "choices"),
    "objections": Text("oppositions à la publicité", "marketing objections"),
    "facts": Text("faits", "facts"),
    "attempts": Text("appels", "calls"),
    "recorded_before": Text("déjà enregistrées", "recorded before"),
}
MOST_SHOWN = 20


def as_text(report: Report, language: Language) -> str:
    """For a terminal: the sentence and the examples first, then the figures."""
    return "\n".join(_lines(report, language))


def _lines(report: Report, language: Language) -> Iterator[str]:
    yield report.summary
    yield from (f"  {example}" for example in report.examples)
    for section in ("rows", "people", "statements"):
        counts = msgspec.structs.asdict(getattr(report, section)).items()
        yield (
            _HEADS[section](language)
            + ": "
            + ", ".join(f"{count} {_NAMES[name](language)}" for name, count in counts)
        )
    yield from _section(
        "states",
        language,
        (f"{one.count:>7}  {one.purpose} × {one.channel}: {one.text}" for one in report.states),
    )
    yield from _section(
        "contradictions",
        language,
        (
            f"{one.count:>7}  {one.purpose} × {one.channel}, {one.yes} / {one.no}: {one.text}"
            for one in report.contradictions
        ),
    )
    everybody = Text("clients", "customers")(language)
    yield from _section(
        "contactable",
        language,
        (
            f"{one.before:>7} → {one.after} (+{one.become}, −{one.stop})  "
            + (f"{one.purpose} × {one.channel}" if one.purpose else everybody)
            for one in report.contactable
        ),
    )
    yield from _section(
        "claims",
        language,
        (f"{one.count:>7}  {one.purpose} × {one.channel}: {one.proven_by}" for one in report.claims),
    )
    by_nobody = Text("à personne par un moyen permis", "cannot be asked by any permitted method")(language)
    asked = [f"{count:>7}  {channel}" for channel, count in report.to_ask.by_channel.items()]
    if report.to_ask.not_to_be_asked:
        asked.append(f"{report.to_ask.not_to_be_asked:>7}  {by_nobody}")
    yield from _section("to_ask", language, asked)
    for section in ("refused", "left_out"):
        faults = getattr(report, section)
        yield from _section(section, language, (f"{one.line:>7}  {one.text}" for one in faults[:MOST_SHOWN]))
    if report.unread:
        yield f"{_HEADS['unread'](language)}: {', '.join(report.unread)}"


def _section(name: str, language: Language, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield _HEADS[name](language)
        yield from listed
