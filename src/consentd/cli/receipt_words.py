"""What `consentd receipt verify` says, in French and English (docs/glossary.md)."""

import datetime as dt

from consentd.base.dates import time_in_words
from consentd.base.i18n import Language, Text
from consentd.base.printing import one_line
from consentd.consent.receipt_check import Part
from consentd.consent.receipts import ReceiptContent, ReceiptLine
from consentd.consent.words import method_in_words, state_in_words

HOLDS = Text("Tout ce que contient ce fichier est vérifié.", "Everything in this file holds.")
SHOWN = Text(
    "Ce fichier montre ce que l’entreprise a signé ; il ne dit pas ce que le client a choisi depuis.",
    "This file shows what the company signed; it does not say what the customer chose since.",
)
FAILS = Text(
    "Ce reçu ne tient pas : ne vous y fiez pas. Demandez-le de nouveau à qui vous l’a remis, et les clés à "
    "qui l’a signé.",
    "This receipt does not hold: do not rely on it. Ask for it again from whoever handed it to you, and for "
    "the keys from whoever signed it.",
)
UNPROVEN = Text(
    "Journal : la preuve d’inscription n’y est pas encore ; redemandez le reçu dans un instant.",
    "Log: this file does not hold the proof of the entry yet; ask for the receipt again in a moment.",
)
ALONE = Text(
    "Journal : ce fichier ne contient que la signature, sans preuve d’inscription au journal.",
    "Log: this file holds the signature alone, without a proof of the log.",
)
NEEDS_LOG_KEY = Text(
    "Ce fichier contient une preuve d’inscription au journal : donnez aussi --key, la clé que publie "
    "/v1/log/key.",
    "This file holds a proof of the log: give --key too, the verifier key that /v1/log/key publishes.",
)
PARTS: dict[Part, tuple[Text, Text]] = {
    Part.SIGNATURE: (
        Text("Signature : valable.", "Signature: it holds."),
        Text(
            "Signature : NON VALABLE. Aucune des clés données n’a signé ce texte comme reçu.",
            "Signature: it DOES NOT HOLD. None of the given keys signed this text as a receipt.",
        ),
    ),
    Part.CONTENT: (
        Text("Contenu : c’est bien ce qui a été signé.", "Content: it is what was signed."),
        Text(
            "Contenu : MODIFIÉ. Le fichier dit autre chose que ce qui a été signé.",
            "Content: CHANGED. The file says something else than what was signed.",
        ),
    ),
    Part.CHECKPOINT: (
        Text(
            "Signature du journal, son point de contrôle : valable.",
            "The log’s signature, its checkpoint: it holds.",
        ),
        Text(
            "Signature du journal, son point de contrôle : NON VALABLE. La clé donnée ne l’a pas signé, ou "
            "il est celui d’un autre journal.",
            "The log’s signature, its checkpoint: it DOES NOT HOLD. The given key did not sign it, or it is "
            "another log’s.",
        ),
    ),
    Part.INCLUSION: (
        Text("Journal : ces choix y sont inscrits.", "Log: it holds these choices."),
        Text(
            "Journal : NON PROUVÉ. Rien n’établit que le journal contient ces choix.",
            "Log: NOT PROVEN. Nothing shows that the log holds these choices.",
        ),
    ),
}
"""Of each part: what is said where it holds, and where it does not."""
WRONG_FILES = {
    "not_json": Text(
        "Donnez le reçu tel qu’il a été remis : ce fichier n’est ni du JSON ni un document signé.",
        "Give the receipt as it was handed out: this file is neither JSON nor a signed document.",
    ),
    "linked_data": Text(
        "Ce fichier est le reçu en JSON-LD. Enregistrez celui que donne « Accept: application/json » : c’est "
        "lui qui est signé.",
        "This file is the receipt as JSON-LD. Save the one that Accept: application/json gives: that is what "
        "was signed.",
    ),
    "not_a_receipt": Text(
        "Ce fichier est du JSON, mais ni la réponse de GET /v1/receipts/{id} ni celle de POST "
        "/v1/consents. Enregistrez l’une des deux, telle quelle.",
        "This file is JSON, but neither the answer of GET /v1/receipts/{id} nor that of POST /v1/consents. "
        "Save one of these, as it comes.",
    ),
}


def described(content: ReceiptContent, language: Language) -> list[str]:
    """What the receipt is, of whom, what was chosen, and when."""
    controller = one_line(f"{content.controller.name} ({content.controller.country})")
    issued = _time(content.issued_at, language)
    head = Text(
        f"Reçu d’accord {content.receipt_id}\n"
        f"Remis par {controller} le {issued}, selon ses règles {content.policy}\n"
        "Toutes les heures sont en temps universel (UTC).",
        f"Consent receipt {content.receipt_id}\n"
        f"Issued by {controller} on {issued}, under its rules {content.policy}\n"
        "All times are in universal time (UTC).",
    )
    return [head(language), *(_choice(line, language) for line in content.events)]


def _choice(line: ReceiptLine, language: Language) -> str:
    state = state_in_words(line.state, language)
    when, recorded = _time(line.occurred_at, language), _time(line.recorded_at, language)
    said = Text(
        f"- {state} : utilisation {line.purpose}, moyen de contact {line.channel}\n"
        f"  client {line.subject_id}, le {when}, enregistré le {recorded}",
        f"- {state}: use {line.purpose}, contact method {line.channel}\n"
        f"  customer {line.subject_id}, on {when}, recorded on {recorded}",
    )(language)
    if line.method is not None:
        how = one_line(method_in_words(line.method, language))
        said += Text(f"\n  par : {how}", f"\n  by: {how}")(language)
    if line.notice is not None:
        shown = one_line(" ".join(line.notice.get(part, "?") for part in ("id", "version", "language")))
        said += Text(f"\n  texte présenté : {shown}", f"\n  text shown: {shown}")(language)
    return said


def _time(text: str, language: Language) -> str:
    """One instant in UTC, or the two that a time known only to the day lies between."""
    return " – ".join(time_in_words(dt.datetime.fromisoformat(part), language) for part in text.split("/"))
