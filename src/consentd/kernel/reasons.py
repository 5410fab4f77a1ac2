"""Every reason a decision can give: a stable code, its coarse code, and the words for people.

A system without the scope `reasons` is told the coarse code alone, so that a vendor learns neither that
someone is a minor, nor that they asked for their data to be frozen, nor that they are unknown
(docs/law.md 10).
"""

from functools import lru_cache
from typing import Literal

import msgspec

from consentd.kernel.case import Reason

Coarse = Literal["allowed", "no_consent", "objected", "not_now", "blocked"]


class Entry(msgspec.Struct, frozen=True):
    """`cites`: the articles where the law pack names none."""

    coarse: Coarse
    fr: str
    en: str
    cites: tuple[str, ...] = ()


def _entry(coarse: Coarse, fr: str, en: str, *cites: str) -> Entry:
    return Entry(coarse, fr, en, cites)


REASONS: dict[str, Entry] = {
    # Allowed, by the ground relied on.
    "consent_given": _entry(
        "allowed", "Le client a donné son accord.", "The customer has consented.", "GDPR 6(1)(a)"
    ),
    "explicit_consent_given": _entry(
        "allowed",
        "Le client a donné son accord exprès.",
        "The customer has consented explicitly.",
        "GDPR 9(2)(a)",
    ),
    "soft_opt_in": _entry(
        "allowed",
        "Déjà client, produits similaires : il pouvait refuser et ne l’a pas fait.",
        "Existing customer, similar products: refusal was offered and not used.",
        "Directive 2002/58 13(2)",
    ),
    "contract_in_progress": _entry(
        "allowed",
        "Un contrat est en cours, et le contact porte sur ce contrat.",
        "A contract is in progress, and the contact is about it.",
        "GDPR 6(1)(b)",
    ),
    "contract": _entry(
        "allowed",
        "Le message est nécessaire à la commande du client.",
        "The message is necessary for the customer's order.",
        "GDPR 6(1)(b)",
    ),
    "legal_obligation": _entry(
        "allowed", "La loi impose ce message.", "The law requires this message.", "GDPR 6(1)(c)"
    ),
    "vital_interests": _entry(
        "allowed",
        "La santé ou la sécurité de quelqu’un est en jeu.",
        "Someone's health or safety is at stake.",
        "GDPR 6(1)(d)",
    ),
    "public_task": _entry(
        "allowed", "Une mission d’intérêt public.", "A task in the public interest.", "GDPR 6(1)(e)"
    ),
    "legitimate_interest": _entry(
        "allowed",
        "L’entreprise y a un intérêt légitime, et le client ne s’y est pas opposé.",
        "The company has a legitimate interest, and the customer has not objected.",
        "GDPR 6(1)(f)",
    ),
    # Blocked: nothing that an ordinary consent could change.
    "unknown_purpose": _entry("blocked", "Cette utilisation n’existe pas.", "There is no such use."),
    "unknown_channel": _entry(
        "blocked", "Ce moyen de contact n’existe pas.", "There is no such contact method."
    ),
    "purpose_not_on_channel": _entry(
        "blocked",
        "Ce moyen de contact n’est pas prévu pour cette utilisation.",
        "This contact method is not meant for this use.",
        "GDPR 25(2)",
    ),
    "no_law_pack": _entry(
        "blocked",
        "Les règles du pays du client ne sont pas connues.",
        "The rules of the customer's country are not known.",
    ),
    "no_contact_point": _entry(
        "blocked",
        "Aucune coordonnée du client pour ce moyen de contact.",
        "The customer has no contact detail for this contact method.",
    ),
    "unreachable": _entry(
        "blocked",
        "Les messages envoyés à cette coordonnée reviennent.",
        "Messages sent to this contact detail come back.",
    ),
    "restricted": _entry(
        "blocked",
        "L’utilisation des données est gelée à la demande du client.",
        "Use of the data is frozen at the customer's request.",
        "GDPR 18(2)",
    ),
    "sector_ban": _entry(
        "blocked",
        "La loi interdit la prospection dans ce secteur, même avec un accord.",
        "The law forbids marketing in this sector, consent or not.",
    ),
    "under_age": _entry(
        "blocked",
        "Le client est trop jeune pour donner cet accord seul : il faut aussi celui d’un parent.",
        "The customer is too young to consent alone: a parent must agree too.",
        "GDPR 8(1)",
    ),
    "age_unknown": _entry(
        "blocked",
        "L’âge du client n’est pas connu, et cette utilisation s’adresse aux enfants.",
        "The customer's age is not known, and this use is meant for children.",
        "GDPR 8(2)",
    ),
    # Objected.
    "objected": _entry(
        "objected",
        "Le client s’est opposé à la publicité ou à cette utilisation.",
        "The customer has objected to marketing or to this use.",
        "GDPR 21(3)",
    ),
    "suppressed": _entry(
        "objected",
        "Cette coordonnée est sur la liste d’opposition.",
        "This contact detail is on the do-not-contact list.",
        "GDPR 21(3)",
    ),
    # No consent, or no other ground, that counts.
    "unknown_person": _entry(
        "no_consent", "Aucun client connu sous ces coordonnées.", "No customer is known by these details."
    ),
    "no_consent": _entry(
        "no_consent", "Aucun accord n’est enregistré.", "No consent is recorded.", "GDPR 6(1)(a)"
    ),
    "unproven": _entry("no_consent", "L’accord est sans preuve.", "The consent is unproven.", "GDPR 7(1)"),
    "requested": _entry(
        "no_consent", "L’accord reste à confirmer.", "The consent is awaiting confirmation.", "GDPR 7(1)"
    ),
    "refused": _entry("no_consent", "Le client a refusé.", "The customer refused.", "GDPR 6(1)(a)"),
    "withdrawn": _entry(
        "no_consent", "Le client a retiré son accord.", "The customer withdrew consent.", "GDPR 7(3)"
    ),
    "invalidated": _entry(
        "no_consent",
        "L’accord a été annulé : il n’était pas valable.",
        "The consent was annulled: it was not valid.",
        "GDPR 7(1)",
    ),
    "revoked": _entry(
        "no_consent",
        "L’entreprise a mis fin à cette utilisation pour ce client.",
        "The company ended this use for this customer.",
    ),
    "not_explicit": _entry(
        "no_consent",
        "Cette utilisation demande un accord exprès.",
        "This use needs an explicit consent.",
        "GDPR 9(2)(a)",
    ),
    "cited_proof_not_accepted": _entry(
        "no_consent",
        "La preuve est seulement citée ; cette utilisation demande la preuve elle-même.",
        "The proof is only cited; this use needs the proof itself.",
        "GDPR 7(1)",
    ),
    "notice_outdated": _entry(
        "no_consent",
        "Le texte présenté au client a changé depuis : l’accord est à renouveler.",
        "The text shown has changed since: the consent must be renewed.",
        "GDPR 4(11)",
        "GDPR 13",
    ),
    "expired": _entry("no_consent", "L’accord a expiré.", "The consent has expired.", "GDPR 5(1)(e)"),
    "no_soft_opt_in": _entry(
        "no_consent",
        "Les conditions « déjà client, produits similaires » ne sont pas toutes montrées.",
        "Not every condition for an existing customer is shown.",
        "Directive 2002/58 13(2)",
    ),
    "no_sale": _entry("no_consent", "Aucune vente n’est enregistrée.", "No sale is recorded."),
    "other_products": _entry(
        "no_consent",
        "La vente portait sur d’autres produits.",
        "The sale was of other products.",
    ),
    "other_address": _entry(
        "no_consent",
        "La coordonnée n’est pas celle recueillie lors de la vente.",
        "The contact detail is not the one collected at the sale.",
    ),
    "address_not_from_person": _entry(
        "no_consent",
        "Rien ne montre que la coordonnée vient du client lui-même.",
        "Nothing shows that the contact detail came from the customer.",
    ),
    "refusal_not_offered": _entry(
        "no_consent",
        "Rien ne montre que le client a pu refuser lors de la collecte.",
        "Nothing shows that the customer could refuse when the detail was collected.",
    ),
    "no_contract": _entry(
        "no_consent",
        "Aucun contrat en cours sur ce sujet.",
        "No contract about this is in progress.",
        "GDPR 6(1)(b)",
    ),
    "inactive": _entry(
        "no_consent",
        "Le client ne s’est plus manifesté depuis trop longtemps.",
        "The customer has not been in touch for too long.",
        "GDPR 5(1)(e)",
    ),
    # Of a row of a list: nobody is named by it.
    "empty_cell": _entry("no_consent", "La case est vide.", "The cell is empty."),
    "unreadable_cell": _entry(
        "no_consent",
        "La case ne contient pas de coordonnée lisible.",
        "The cell holds no contact detail that can be read.",
    ),
    # Not now.
    "outside_hours": _entry(
        "not_now",
        "Hors des heures permises chez le client.",
        "Outside the permitted hours at the customer's.",
    ),
    "holiday": _entry("not_now", "Jour férié chez le client.", "A public holiday where the customer is."),
    "attempts_exhausted": _entry(
        "not_now",
        "Le nombre d’essais permis est atteint pour cette période.",
        "The permitted number of attempts is used up for this period.",
    ),
    "silence_after_refusal": _entry(
        "not_now",
        "Le client a refusé il y a peu : il faut le laisser tranquille.",
        "The customer refused recently: they must be left alone.",
    ),
}


@lru_cache(maxsize=2048)
def reason(code: str, cites: tuple[str, ...] = ()) -> Reason:
    """The reason of a code, with the law pack's articles or else the catalogue's."""
    entry = REASONS[code]
    return Reason(code, entry.coarse, cites or entry.cites)
