"""What `consentd filter` says on standard error, in French and English (docs/glossary.md)."""

from consentd.base.i18n import Language, Text
from consentd.check.answers import words_of
from consentd.check.lists.model import Ending

PROGRESS = Text("Lignes vérifiées", "Rows checked")
_ROWS = Text(
    "{rows} lignes : contact autorisé pour {allowed}, interdit pour {denied}.",
    "{rows} rows: contact allowed for {allowed}, not allowed for {denied}.",
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
_BROKEN = Text(
    "La liste a été interrompue ici : ce qui a été écrit n’en est qu’une partie.",
    "The list was broken off here: what was written is only a part of it.",
)


def summary(ending: Ending, language: Language) -> str:
    denied = ending.rows - ending.allowed
    lines = [_ROWS(language).format(rows=ending.rows, allowed=ending.allowed, denied=denied)]
    lines += [f"  {count}: {words_of(code, language)} ({code})" for code, count in ending.reasons.items()]
    if ending.eligible > ending.allowed:
        lines.append(_LATER(language).format(later=ending.eligible - ending.allowed))
    if ending.for_sending:
        lines.append(_SENDING(language))
    lines.append(_DECIDED(language).format(at=ending.at, entry_id=ending.entry_id, root=ending.root))
    if not ending.complete:
        lines.append(_BROKEN(language))
    return "\n".join(lines)
