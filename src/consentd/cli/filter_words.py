"""What `consentd filter` says on standard error, in French and English (docs/glossary.md)."""

from consentd.base.i18n import Language, Text
from consentd.check.answers import words_of
from consentd.check.lists.model import Ending
from consentd.kernel.errors import CallerError
from consentd.web.catalogue import problems

PROGRESS = Text("Lignes vérifiées", "Rows checked")
_ROWS = Text(
    "{rows} lignes : contact autorisé pour {allowed}, interdit pour {denied}.",
    "{rows} rows: contact allowed for {allowed}, not allowed for {denied}.",
)
_ONE_ROW = Text(
    "1 ligne : contact autorisé pour {allowed}, interdit pour {denied}.",
    "1 row: contact allowed for {allowed}, not allowed for {denied}.",
)
_LATER = Text(
    "  dont {later} seulement à un autre moment (voir next_allowed_at).",
    "  of these, {later} only at another time (see next_allowed_at).",
)
_DECIDED = Text(
    "Décidé pour le {at}. Journal : {entry_id}. Empreinte : {root}.",
    "Decided for {at}. Log: {entry_id}. Digest: {root}.",
)
_SENDING = Text(
    "Liste destinée à l’envoi : la dernière utilisation des accords a été notée.",
    "List for sending: the last use of the consents was noted.",
)
BROKEN = Text(
    "La liste a été interrompue ici : ce qui a été écrit n’en est qu’une partie.",
    "The list was broken off here: what was written is only a part of it.",
)

NO_TIME = Text(
    "Un instant avec son fuseau est attendu, par exemple 2026-12-01T10:00+01:00.",
    "It takes a time with its zone, for example 2026-12-01T10:00+01:00.",
)
_UNWRITTEN = Text(
    "{place} n’a pas pu être écrit jusqu’au bout ({reason}). Faites de la place ou choisissez un autre "
    "endroit, et recommencez : ce qui a été écrit n’est qu’une partie de la liste.",
    "{place} could not be written to the end ({reason}). Make room or choose another place, and start again: "
    "what was written is only a part of the list.",
)
_OUTPUT = Text("Le fichier des contacts autorisés", "The file of allowed contacts")
_REASONS = Text("Le fichier de {option}", "The file of {option}")
_DETAIL = "{why} {remedy}\nDétail : {detail}"


def unwritten(option: str | None, reason: str, language: Language) -> str:
    """`option`: the one that named the file; None for standard output."""
    place = _OUTPUT(language) if option is None else _REASONS(language).format(option=option)
    return _UNWRITTEN(language).format(place=place, reason=reason)


def refusal(error: CallerError, language: Language) -> str:
    """What an error says is English: French is what the catalogue has of it, and the detail after that."""
    entry = problems().get(error.code)
    if language == "en" or entry is None:
        return error.message
    told = entry.told(language)
    return _DETAIL.format(why=told.why, remedy=told.remedy, detail=error.message)


def summary(ending: Ending, language: Language) -> str:
    denied = ending.rows - ending.allowed
    rows = (_ONE_ROW if ending.rows == 1 else _ROWS)(language)
    lines = [rows.format(rows=ending.rows, allowed=ending.allowed, denied=denied)]
    lines += [f"  {count}: {words_of(code, language)} ({code})" for code, count in ending.reasons.items()]
    if ending.eligible > ending.allowed:
        lines.append(_LATER(language).format(later=ending.eligible - ending.allowed))
    if ending.for_sending:
        lines.append(_SENDING(language))
    lines.append(_DECIDED(language).format(at=ending.at, entry_id=ending.entry_id, root=ending.root))
    if not ending.complete:
        lines.append(BROKEN(language))
    return "\n".join(lines)
