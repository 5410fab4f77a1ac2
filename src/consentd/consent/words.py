"""Choices in the words of people, for receipts and proofs (docs/glossary.md)."""

from consentd.base.i18n import Language, Text

_STATES = {
    "given": Text("accord donné", "consent given"),
    "renewed": Text("accord renouvelé", "consent renewed"),
    "refused": Text("refus", "refusal"),
    "withdrawn": Text("accord retiré", "consent withdrawn"),
    "requested": Text("accord à confirmer", "consent awaiting confirmation"),
    "request_deferred": Text("réponse remise à plus tard", "answer put off"),
    "unknown": Text("accord sans preuve, qui ne vaut pas", "unproven consent, which does not count"),
    "invalidated": Text("accord annulé", "consent annulled"),
    "revoked": Text("accord révoqué par l’entreprise", "consent revoked by the company"),
}
_METHODS = {
    "button": Text("bouton pressé", "a button pressed"),
    "checkbox": Text("case cochée", "a box ticked"),
    "double_opt_in": Text("confirmation par e-mail", "a confirmation by email"),
    "form": Text("formulaire", "a form"),
    "portal": Text("sur les pages du client", "on the customer’s own pages"),
    "recording": Text("appel enregistré", "a recorded call"),
    "reply": Text("réponse à un message", "a reply to a message"),
    "signed_form": Text("formulaire signé", "a signed form"),
    "stop_link": Text("lien d’arrêt d’un message", "the stop link of a message"),
    "spoken": Text("de vive voix", "spoken, in person or by telephone"),
    "toggle": Text("interrupteur activé", "a switch turned on"),
}


def state_in_words(state: str, language: Language) -> str:
    return _in_words(_STATES, state, language)


def method_in_words(method: str, language: Language) -> str:
    """The act by which a choice was made. A no may come by any other: it is told as it came."""
    return _in_words(_METHODS, method, language)


def _in_words(known: dict[str, Text], code: str, language: Language) -> str:
    found = known.get(code)
    return code if found is None else found(language)
