"""What `consentd receipt verify` says, in French and English (docs/glossary.md)."""

from consentd.base.i18n import Language, Text
from consentd.base.printing import one_line
from consentd.consent.receipt_check import Part
from consentd.consent.receipts import ReceiptContent, ReceiptLine

HOLDS = Text("Tout ce que contient ce fichier est vérifié.", "Everything in this file holds.")
FAILS = Text(
    "Ce reçu ne tient pas : ne vous y fiez pas. Demandez-le de nouveau à qui vous l'a remis, et les clés à "
    "qui l'a signé.",
    "This receipt does not hold: do not rely on it. Ask for it again from whoever handed it to you, and for "
    "the keys from whoever signed it.",
)
UNPROVEN = Text(
    "Journal : la preuve d'inscription n'y est pas encore ; redemandez le reçu dans un instant.",
    "Log: this file does not hold the proof of the entry yet; ask for the receipt again in a moment.",
)
ALONE = Text(
    "Journal : ce fichier ne contient que la signature, sans preuve d'inscription au journal.",
    "Log: this file holds the signature alone, without a proof of the log.",
)
NEEDS_LOG_KEY = Text(
    "Ce fichier contient une preuve d'inscription au journal : donnez aussi --key, la clé que publie "
    "/v1/log/key.",
    "This file holds a proof of the log: give --key too, the verifier key that /v1/log/key publishes.",
)
NO_LOG_KEY = Text(
    "Ce n'est pas une clé de vérification de journal : attendu, la ligne que publie /v1/log/key, ou un "
    "fichier qui la contient.",
    "This is no verifier key of a log: it takes the line that /v1/log/key publishes, or a file with it.",
)
NO_KEYS = Text(
    "Ce n'est pas un jeu de clés : attendu, ce que publie /.well-known/jwks.json.",
    "This is no key set: it takes what /.well-known/jwks.json publishes.",
)
PARTS: dict[Part, tuple[Text, Text]] = {
    Part.SIGNATURE: (
        Text("Signature : valable.", "Signature: it holds."),
        Text(
            "Signature : NON VALABLE. Aucune des clés données n'a signé ce texte comme reçu.",
            "Signature: it DOES NOT HOLD. None of the given keys signed this text as a receipt.",
        ),
    ),
    Part.CONTENT: (
        Text("Contenu : c'est bien ce qui a été signé.", "Content: it is what was signed."),
        Text(
            "Contenu : MODIFIÉ. Le fichier dit autre chose que ce qui a été signé.",
            "Content: CHANGED. The file says something else than what was signed.",
        ),
    ),
    Part.CHECKPOINT: (
        Text("Point de contrôle du journal : valable.", "The log's checkpoint: it holds."),
        Text(
            "Point de contrôle du journal : NON VALABLE. La clé donnée ne l'a pas signé, ou il est celui "
            "d'un autre journal.",
            "The log's checkpoint: it DOES NOT HOLD. The given key did not sign it, or it is another log's.",
        ),
    ),
    Part.INCLUSION: (
        Text("Journal : ces choix y sont inscrits.", "Log: it holds these choices."),
        Text(
            "Journal : NON PROUVÉ. Rien n'établit que le journal contient ces choix.",
            "Log: NOT PROVEN. Nothing shows that the log holds these choices.",
        ),
    ),
}
"""Of each part: what is said where it holds, and where it does not."""
WRONG_FILES = {
    "not_json": Text(
        "Ce fichier n'est ni du JSON ni un document signé.",
        "This file is neither JSON nor a signed document.",
    ),
    "linked_data": Text(
        "Ce fichier est le reçu en JSON-LD. Enregistrez celui que donne « Accept: application/json » : c'est "
        "lui qui est signé.",
        "This file is the receipt as JSON-LD. Save the one that Accept: application/json gives: that is what "
        "was signed.",
    ),
    "not_a_receipt": Text(
        "Ce fichier est du JSON, mais ni la réponse de GET /v1/receipts/{id} ni celle de POST /v1/consents.",
        "This file is JSON, but neither the answer of GET /v1/receipts/{id} nor that of POST /v1/consents.",
    ),
}
_STATES = {
    "given": Text("accord donné", "consent given"),
    "renewed": Text("accord renouvelé", "consent renewed"),
    "refused": Text("refus", "refusal"),
    "withdrawn": Text("accord retiré", "consent withdrawn"),
    "requested": Text("accord demandé, sans réponse", "consent asked for, no answer yet"),
    "request_deferred": Text("réponse remise à plus tard", "answer put off"),
    "unknown": Text("accord sans preuve, qui ne vaut pas", "unproven consent, which does not count"),
    "invalidated": Text("accord annulé", "consent invalidated"),
    "revoked": Text("accord révoqué par l'entreprise", "consent revoked by the company"),
}


def described(content: ReceiptContent, language: Language) -> list[str]:
    """What the receipt is, of whom, what was chosen, and when."""
    controller = one_line(f"{content.controller.name} ({content.controller.country})")
    head = Text(
        f"Reçu d'accord {content.receipt_id}\n"
        f"Remis par {controller} le {content.issued_at}, "
        f"selon ses règles {content.policy}",
        f"Consent receipt {content.receipt_id}\n"
        f"Issued by {controller} on {content.issued_at}, "
        f"under its rules {content.policy}",
    )
    return [head(language), *(_choice(line, language) for line in content.events)]


def _choice(line: ReceiptLine, language: Language) -> str:
    state = _STATES.get(line.state, Text(line.state, line.state))(language)
    said = Text(
        f"- {state} : utilisation {line.purpose}, moyen de contact {line.channel}\n"
        f"  client {line.subject_id}, le {line.occurred_at}, enregistré le {line.recorded_at}",
        f"- {state}: use {line.purpose}, contact method {line.channel}\n"
        f"  customer {line.subject_id}, on {line.occurred_at}, recorded on {line.recorded_at}",
    )(language)
    if line.method is not None:
        method = one_line(line.method)
        said += Text(f"\n  par : {method}", f"\n  by: {method}")(language)
    if line.notice is not None:
        shown = one_line(" ".join(line.notice.get(part, "?") for part in ("id", "version", "language")))
        said += Text(f"\n  texte présenté : {shown}", f"\n  text shown: {shown}")(language)
    return said
