"""The report as a person reads it at a terminal: the sentence and the examples first, then the figures."""

from collections.abc import Iterable, Iterator

import msgspec

from consentd.base.i18n import Text
from consentd.imports.report import Report
from consentd.imports.words import Words

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
    "returned": Text("Effacés, et toujours dans cet outil, lignes", "Erased, and still in this tool, rows"),
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
_EVERYBODY = Text("clients", "customers")
_NO_WAY = Text("à personne par un moyen permis", "cannot be asked by any permitted method")
_NO_NEED = Text("déjà prouvé par un autre outil", "proven by another system already")
_COLON = Text(" :", ":")


def as_text(report: Report, words: Words) -> str:
    return "\n".join(_lines(report, words))


def _lines(report: Report, words: Words) -> Iterator[str]:
    language = words.language
    yield report.summary
    yield from (f"  {example}" for example in report.examples)
    for section in ("rows", "people", "statements"):
        counts = msgspec.structs.asdict(getattr(report, section)).items()
        told = ", ".join(f"{count} {_NAMES[name](language)}" for name, count in counts)
        yield f"{_head(section, words)} {told}"
    for section, lines in (
        ("states", _states(report, words)),
        ("contradictions", _contradictions(report, words)),
        ("contactable", _contactable(report, words)),
        ("claims", _claims(report, words)),
        ("to_ask", _to_ask(report, words)),
        ("refused", (f"{one.line:>7}  {one.text}" for one in report.refused[:MOST_SHOWN])),
        ("left_out", (f"{one.line:>7}  {one.text}" for one in report.left_out[:MOST_SHOWN])),
    ):
        yield from _section(section, lines, words)
    if report.returned.count:
        shown = ", ".join(str(line) for line in report.returned.lines[:MOST_SHOWN])
        yield f"{_head('returned', words)} {shown} ({report.returned.count})"
    if report.unread:
        yield f"{_head('unread', words)} {', '.join(report.unread)}"


def _head(section: str, words: Words) -> str:
    return _HEADS[section](words.language) + _COLON(words.language)


def _section(name: str, lines: Iterable[str], words: Words) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield _head(name, words)
        yield from listed


def _states(report: Report, words: Words) -> Iterator[str]:
    for one in report.states:
        yield f"{one.count:>7}  {words.use(one.purpose, one.channel)} – {one.text}"


def _contradictions(report: Report, words: Words) -> Iterator[str]:
    for one in report.contradictions:
        tools = f"{words.system(one.yes)} / {words.system(one.no)}"
        yield f"{one.count:>7}  {words.use(one.purpose, one.channel)}, {tools} – {one.text}"


def _contactable(report: Report, words: Words) -> Iterator[str]:
    for one in report.contactable:
        if one.purpose is None or one.channel is None:
            what = _EVERYBODY(words.language)
        elif one.before or one.after:
            what = words.use(one.purpose, one.channel)
        else:
            continue
        yield f"{one.before:>7} → {one.after} (+{one.become}, −{one.stop})  {what}"


def _claims(report: Report, words: Words) -> Iterator[str]:
    for one in report.claims:
        yield f"{one.count:>7}  {words.use(one.purpose, one.channel)} – {one.proven_by}"


def _to_ask(report: Report, words: Words) -> Iterator[str]:
    for channel, count in report.to_ask.by_channel.items():
        yield f"{count:>7}  {words.channel(channel)}"
    if report.to_ask.not_to_be_asked:
        yield f"{report.to_ask.not_to_be_asked:>7}  {_NO_WAY(words.language)}"
    if report.to_ask.no_need:
        yield f"{report.to_ask.no_need:>7}  {_NO_NEED(words.language)}"
