"""The words of a package that more than one of its parts say, in French and English (docs/glossary.md)."""

from collections.abc import Iterable
from typing import NamedTuple

from consentd.base.i18n import Language, Text
from consentd.callers.staff import Role
from consentd.kernel.connection import Verb

WITHHELD_HERE = Text("[masqué : concerne quelqu’un d’autre]", "[held back: about somebody else]")
NOT_CONNECTED = Text("cet outil n’est pas encore relié", "this tool is not connected yet")

_ACTIONS = {
    "consents.read": Text("lecture de vos choix", "your choices were read"),
    "history.read": Text("lecture de l’historique de vos choix", "the history of your choices was read"),
    "receipt.read": Text("lecture d’un reçu d’accord", "a consent receipt was read"),
    "contact.proved": Text("preuve d’un contact établie", "the proof of a contact was made"),
    "contacts.listed": Text("liste de qui peut être contacté", "a list of who may be contacted"),
    "subject.looked_up": Text("recherche de votre fiche", "your record was looked up"),
    "merge_candidates.listed": Text("recherche de fiches en double", "a search for duplicate records"),
    "replica.told": Text(
        "copie de vos choix pour un outil qui décide hors ligne",
        "a copy of your choices for a tool that decides offline",
    ),
    "consent.recorded": Text("enregistrement d’un choix", "a choice was recorded"),
    "objection.recorded": Text("enregistrement d’une opposition", "an objection was recorded"),
    "consent.confirmed": Text("confirmation d’un accord par son lien", "a consent was confirmed by its link"),
    "consent.withdrawn": Text("retrait de vos accords", "your consents were withdrawn"),
    "stop.recorded": Text(
        "messages arrêtés par le lien qu’ils portaient", "messages were stopped by the link in them"
    ),
    "choices.read": Text("ouverture de votre page de choix", "your page of choices was opened"),
    "choice.recorded": Text("un choix fait sur votre page de choix", "a choice made on your page of choices"),
    "marketing.stopped": Text(
        "toute publicité arrêtée sur votre page de choix", "all marketing stopped on your page of choices"
    ),
    "fact.recorded": Text("enregistrement d’un fait", "a fact was recorded"),
    "row.imported": Text("reprise du fichier d’un outil", "a tool’s file was taken over"),
    "claim.settled": Text("examen d’un accord sans preuve", "an unproven consent was examined"),
    "attempt.reported": Text("contact déclaré par un outil", "a contact was reported by a tool"),
    "permit.issued": Text("autorisation de contact donnée", "a permission to contact was given"),
    "permit.used": Text("autorisation de contact utilisée", "a permission to contact was used"),
    "subject.restricted": Text("gel de l’utilisation de vos données", "the use of your data was frozen"),
    "subject.released": Text("fin du gel de vos données", "the use of your data was freed again"),
    "proof.purged": Text("destruction d’une preuve échue", "a proof whose time was over was destroyed"),
    "certificate.issued": Text("certificat d’effacement établi", "a certificate of erasure was issued"),
    "portal.entered": Text("entrée dans vos pages", "your pages were entered"),
    "portal.handed_over": Text(
        "entrée dans vos pages depuis un compte", "a way into your pages from an account"
    ),
    "contacts.offered": Text("choix proposé pour l’envoi d’un code", "where a code can go was shown"),
    "candidate.refused": Text("deux fiches reconnues différentes", "two records were told apart"),
    "candidate.reopened": Text("comparaison de deux fiches reprise", "two records are compared again"),
    "candidates.found": Text("fiche peut-être en double", "a record that may be a duplicate was found"),
    "candidates.sought": Text("recherche de fiches en double", "a search for duplicate records"),
    "requests.listed": Text("lecture de la liste des demandes", "the list of requests was read"),
    "request.received": Text("réception de votre demande", "your request was received"),
    "request.forgotten": Text("oubli d’une demande échue", "a request whose time was over was forgotten"),
    "request.copy_begun": Text("préparation de votre copie", "your copy was begun"),
    "request.copy_made": Text("copie de vos données établie", "the copy of your data was made"),
    "request.copy_not_made": Text("copie de vos données non établie", "the copy of your data was not made"),
    "request.copy_given_up": Text("copie de vos données abandonnée", "the copy of your data was given up"),
    "request.copy_released": Text("copie de vos données remise", "the copy of your data was released"),
    "request.copy_destroyed": Text("destruction de votre copie", "your copy was destroyed"),
    "objection.upheld": Text("votre opposition acceptée", "your objection was upheld"),
    "subject.erased": Text("effacement de vos données", "your data were erased"),
    "erasure.returned": Text("alerte : données effacées revenues", "an alarm: erased data came back"),
    "restore.replayed": Text(
        "reprise de vos arrêts après une sauvegarde", "your stops were replayed after a backup"
    ),
    "rights.read": Text("lecture de vos droits", "your rights were read"),
    "details.read": Text("lecture de vos coordonnées", "your contact details were read"),
    "readings.read": Text(
        "lecture de la liste de qui a consulté vos données", "the list of who looked at your data was read"
    ),
    "certificate.read": Text(
        "lecture de votre certificat d’effacement", "your certificate of erasure was read"
    ),
    "request.read": Text("lecture de votre demande", "your request was read"),
    "request.plan_read": Text(
        "lecture de ce que votre demande ferait faire", "what your request would do was read"
    ),
    "request.copy_told": Text(
        "lecture de ce que contiendrait votre copie", "what your copy would hold was read"
    ),
    "request.copy_read": Text(
        "relecture de la copie de vos données avant de vous la remettre",
        "the copy of your data was read through before it was handed to you",
    ),
    "directive.left": Text(
        "enregistrement de vos directives pour après votre décès",
        "your directives for after your death were noted",
    ),
    "directive.read": Text(
        "lecture de vos directives pour après votre décès",
        "your directives for after your death were read",
    ),
    "task.taken": Text("demande vous concernant remise à un outil", "a tool was handed a request about you"),
    "task.shown": Text(
        "demande vous concernant montrée à qui tient un outil",
        "a request about you was shown to whoever runs a tool",
    ),
    "task.records_taken": Text("copie de vos données reçue d’un outil", "a tool’s copy of your data came"),
}
# What a tool answered is logged under what it was asked, also where it could not do it.
_ASKED_OF_TOOLS = {
    Verb.LOCATE: Text("chercher vos données", "look for your data"),
    Verb.EXPORT: Text("copier vos données", "copy your data"),
    Verb.RECTIFY: Text("corriger vos données", "correct your data"),
    Verb.RESTRICT: Text("geler vos données, ou ne plus les geler", "freeze your data, or free them again"),
    Verb.ERASE: Text("effacer vos données", "erase your data"),
    Verb.CONFIRM: Text("vérifier qu’il ne reste rien de vous", "check that nothing of you is left"),
    Verb.READ_PREFERENCES: Text("lire vos choix", "read your choices"),
    Verb.WRITE_PREFERENCE: Text("noter vos choix", "note your choices"),
}
_ACTIONS |= {
    f"silo.{verb.value}": Text(
        f"réponse d’un outil qui devait {asked.fr}", f"the answer of a tool that was to {asked.en}"
    )
    for verb, asked in _ASKED_OF_TOOLS.items()
}
_ACTORS = {
    "system": Text("un outil", "a tool"),
    "staff": Text("un membre de l’équipe", "a member of staff"),
    "operator": Text("la personne qui fait fonctionner le service", "the person who runs the service"),
    "subject": Text("vous", "you"),
    "service": Text("le service, de lui-même", "the service, by itself"),
}
_ROLES: dict[Role, Text] = {
    "dpo": Text("Délégué à la protection des données", "Data protection officer"),
    "agent": Text("Membre de l’équipe chargé des demandes", "Member of staff in charge of requests"),
}
_CATEGORIES = {
    "account data": Text("données du compte", "account data"),
    "birth date": Text("date de naissance", "birth date"),
    "contact details": Text("coordonnées", "contact details"),
    "contracts": Text("contrats", "contracts"),
    "health": Text("santé", "health"),
    "housing": Text("logement", "housing"),
    "opinions": Text("avis", "opinions"),
    "preferences": Text("préférences", "preferences"),
    "purchases": Text("achats", "purchases"),
    "recordings": Text("enregistrements", "recordings"),
    "usage": Text("usage", "usage"),
}


class Counted(NamedTuple):
    """A noun for one and for several."""

    one: Text
    many: Text

    def __call__(self, count: int, language: Language) -> str:
        """“1 enregistrement”, “12 000 enregistrements”. In French nought is singular."""
        single = count == 1 or (count == 0 and language == "fr")
        return f"{number(count, language)} {(self.one if single else self.many)(language)}"


FILES = Counted(Text("fichier", "file"), Text("fichiers", "files"))
RECORDS = Counted(Text("enregistrement", "record"), Text("enregistrements", "records"))
WHOLE_RECORDS = Counted(
    Text("enregistrement entier", "whole record"), Text("enregistrements entiers", "whole records")
)
VALUES = Counted(Text("valeur", "value"), Text("valeurs", "values"))
YEARS = Counted(Text("an", "year"), Text("ans", "years"))
MONTHS = Counted(Text("mois", "month"), Text("mois", "months"))


def number(count: int, language: Language) -> str:
    """With its thousands apart, as the language writes them."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}" if language == "fr" else ",")


def joined(parts: Iterable[str], language: Language) -> str:
    """Parts that have commas of their own."""
    return (" ; " if language == "fr" else "; ").join(parts)


def action_in_words(action: str, language: Language) -> str:
    """What was done, and so what for; a request's own steps together; any other by its name."""
    found = _ACTIONS.get(action)
    if found is None and action.startswith("request."):
        found = Text("traitement de votre demande", "the handling of your request")
    return action if found is None else found(language)


def actor_in_words(kind: str, language: Language) -> str:
    found = _ACTORS.get(kind)
    return kind if found is None else found(language)


def role_in_words(role: Role, language: Language) -> str:
    """Of a member of staff: all that the person is owed of who they are (C-579/21)."""
    return _ROLES[role](language)


def category_in_words(category: str, language: Language) -> str:
    """A category of data as a policy names it. The company's own words stay as they are."""
    found = _CATEGORIES.get(category)
    return category if found is None else found(language)
