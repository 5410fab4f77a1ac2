"""What a colleague is written about one task, in both languages: short, and nothing that names the customer.

Steps are what the policy says for the silo; these are for where it says nothing.
"""

from consentd.base.i18n import Text
from consentd.kernel.connection import Verb

TO_DO = {
    Verb.LOCATE: Text("chercher un client", "look for a customer"),
    Verb.EXPORT: Text("copier les données d’un client", "copy a customer’s data"),
    Verb.RECTIFY: Text("corriger les données d’un client", "correct a customer’s data"),
    Verb.RESTRICT: Text("geler les données d’un client", "freeze a customer’s data"),
    Verb.ERASE: Text("effacer un client", "erase a customer"),
    Verb.CONFIRM: Text("vérifier un effacement", "check an erasure"),
    Verb.READ_PREFERENCES: Text("relever les choix d’un client", "look up a customer’s choices"),
    Verb.WRITE_PREFERENCE: Text("noter le choix d’un client", "note a customer’s choice"),
}
UNFREEZE = Text("dégeler les données d’un client", "unfreeze a customer’s data")

_FIND = Text(
    "Ouvrez le lien : il montre sous quelles coordonnées chercher le client.",
    "Open the link: it shows by which contact details to look for the customer.",
)
STEPS = {
    Verb.LOCATE: (
        _FIND,
        Text("Cherchez-le dans « {tool} », avec chacune d’elles.", "Look in “{tool}”, with each of them."),
        Text(
            "Répondez par le lien : trouvé ou non, et sous quelles autres coordonnées.",
            "Answer by the link: found or not, and under which other contact details.",
        ),
    ),
    Verb.EXPORT: (
        _FIND,
        Text(
            "Dans « {tool} », faites une copie de tout ce qui le concerne : fiche, achats, messages, notes.",
            "In “{tool}”, make a copy of everything about them: file, purchases, messages, notes.",
        ),
        Text(
            "Déposez-la par le lien, jamais par e-mail, puis supprimez-la de votre poste.",
            "Hand it in by the link, never by e-mail, then delete it from your computer.",
        ),
    ),
    Verb.RECTIFY: (
        Text(
            "Ouvrez le lien : il montre le client, et ce qui est juste.",
            "Open the link: it shows the customer, and what is right.",
        ),
        Text("Corrigez-le dans « {tool} ».", "Correct it in “{tool}”."),
        Text("Répondez par le lien : ce que vous avez corrigé.", "Answer by the link: what you corrected."),
    ),
    Verb.RESTRICT: (
        _FIND,
        Text(
            "Dans « {tool} », bloquez sa fiche : plus personne ne s’en sert, et rien n’est effacé.",
            "In “{tool}”, block their file: nobody uses it any more, and nothing is deleted.",
        ),
        Text("Répondez par le lien : ce que vous avez bloqué.", "Answer by the link: what you blocked."),
    ),
    Verb.ERASE: (
        _FIND,
        Text(
            "Dans « {tool} », effacez sa fiche et tout ce qui s’y rattache. Ce que la loi oblige à garder, "
            "les factures par exemple, reste.",
            "In “{tool}”, delete their file and everything attached to it. What the law orders to keep, "
            "invoices for example, stays.",
        ),
        Text(
            "Répondez par le lien : ce que vous avez effacé, ce qui reste et pourquoi.",
            "Answer by the link: what you deleted, what stays and why.",
        ),
    ),
    Verb.CONFIRM: (
        _FIND,
        Text(
            "Cherchez dans « {tool} » s’il en reste quelque chose, corbeille et archives comprises.",
            "Look in “{tool}” whether anything is left of them, bin and archives too.",
        ),
        Text("Répondez par le lien : plus rien, ou quoi.", "Answer by the link: nothing left, or what."),
    ),
    Verb.READ_PREFERENCES: (
        _FIND,
        Text(
            "Regardez dans « {tool} » ce qu’il a accepté ou refusé : e-mails, SMS, appels, courrier.",
            "Look in “{tool}” what they agreed to or refused: emails, text messages, calls, post.",
        ),
        Text("Répondez par le lien : ce qui y est noté.", "Answer by the link: what is noted there."),
    ),
    Verb.WRITE_PREFERENCE: (
        Text(
            "Ouvrez le lien : il montre le client, et ce qu’il a choisi.",
            "Open the link: it shows the customer, and what they chose.",
        ),
        Text("Notez-le dans « {tool} ».", "Note it in “{tool}”."),
        Text("Répondez par le lien : c’est noté.", "Answer by the link: it is noted."),
    ),
}
THAW = Text(
    "Dans « {tool} », débloquez sa fiche : elle peut de nouveau servir.",
    "In “{tool}”, unblock their file: it can be used again.",
)

SUBJECT = Text("À faire d’ici au {day} : {to_do} dans « {tool} »", "To do by {day}: {to_do} in “{tool}”")
REMINDER = Text("Rappel, d’ici au {day} : {to_do} dans « {tool} »", "Reminder, by {day}: {to_do} in “{tool}”")
LATE = Text("En retard depuis le {day} : {to_do} dans « {tool} »", "Late since {day}: {to_do} in “{tool}”")

BODY = Text(
    "Bonjour {owner},\n\n{opening}\n\n{steps}\n\nLe lien, jusqu’au {until} :\n{link}\n\n"
    "Il est pour vous seul : ne le transférez pas. S’il n’y a rien à faire, dites-le aussi par le lien. "
    "Sans réponse, la demande du client reste ouverte.\n\nTâche {task}\n{company}\n",
    "Hello {owner},\n\n{opening}\n\n{steps}\n\nThe link, until {until}:\n{link}\n\n"
    "It is for you alone: do not forward it. If there is nothing to do, say that by the link too. "
    "Without an answer the customer’s request stays open.\n\nTask {task}\n{company}\n",
)
OPENING = Text(
    "Un client fait valoir ses droits sur ses données. Voici ce qu’il y a à faire dans « {tool} », au plus "
    "tard le {day} :",
    "A customer exercises their rights over their data. This is to be done in “{tool}”, by the end of {day}:",
)
REMINDING = Text(
    "Nous n’avons pas encore votre réponse. Voici ce qu’il y a à faire dans « {tool} », au plus tard le "
    "{day} :",
    "We do not have your answer yet. This is to be done in “{tool}”, by the end of {day}:",
)
REMINDING_LATE = Text(
    "Nous n’avons pas votre réponse, et le délai est passé depuis le {day}. Le client attend encore. Voici "
    "ce qu’il y a à faire dans « {tool} » :",
    "We do not have your answer, and the time was over at the end of {day}. The customer still waits. This "
    "is to be done in “{tool}”:",
)
HIDDEN_LINK = Text("<le lien, pour vous seul>", "<the link, for you alone>")
