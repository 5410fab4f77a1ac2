"""What came of asking each silo, as the copy tells it: nobody who was asked is passed over (promise 12)."""

from typing import Any

from consentd.base.i18n import Language, Text
from consentd.dsr import plan, store
from consentd.dsr.cases import RequestCase
from consentd.dsr.package.about import Outcome, SystemAsked
from consentd.dsr.package.words import NOT_CONNECTED
from consentd.kernel.connection import Verb
from consentd.systems.connectors.contract import Verdict

_NOT_KNOWN_BY = Text(
    "cet outil connaît les gens par autre chose que ce que nous savons de vous",
    "this tool knows people by something else than what we know of you",
)
_CANNOT = Text("cet outil ne sait pas donner de copie", "this tool cannot give a copy")


def asked(case: RequestCase, language: Language) -> tuple[SystemAsked, ...]:
    """In the order in which they were asked."""
    rows: dict[str, Any] = {}
    for row in store.tasks(case.unit.connection, case.id):
        # A look-up counts where nothing came after it: then nothing was found, or it is still to be asked.
        if row["verb"] == Verb.EXPORT.value or row["system"] not in rows:
            rows[row["system"]] = row
    return tuple(_outcome(row, language) for row in rows.values())


def _outcome(row: Any, language: Language) -> SystemAsked:  # Any: a row of `silo_tasks`
    system, code = row["system"], row["code"]
    if row["state"] != "ended":
        return SystemAsked(system, Outcome.SILENT)
    match row["verdict"]:
        case Verdict.DONE.value:
            because = _NOT_KNOWN_BY(language) if code == plan.NOT_KNOWN_BY else None
            return SystemAsked(system, Outcome.ANSWERED, because)
        case Verdict.PARTIAL.value:
            return SystemAsked(system, Outcome.PARTIAL)
        case Verdict.UNSUPPORTED.value:
            because = (NOT_CONNECTED if code == plan.UNCONNECTED else _CANNOT)(language)
            return SystemAsked(system, Outcome.SILENT, because)
        case _:
            return SystemAsked(system, Outcome.SILENT)


def empty(case: RequestCase) -> set[str]:
    """Silos that answered that they hold nothing, and so sent no records."""
    tasks = case.tasks()
    exported = {system for (system, verb), told in tasks.items() if verb is Verb.EXPORT and told.found}
    return {
        system
        for (system, _), told in tasks.items()
        if told.verdict == Verdict.DONE.value and system not in exported
    }
