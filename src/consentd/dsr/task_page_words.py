"""What the page of a link says, to a colleague who has other things to do (docs/glossary.md)."""

from consentd.base.i18n import Text

WORDS: dict[str, Text] = {
    "title": Text("À faire dans « {tool} »", "To do in “{tool}”"),
    "due": Text("Au plus tard le {day}.", "By the end of {day}."),
    "why": Text(
        "Un client fait valoir ses droits sur ses données. Voici ce qu’il y a à faire :",
        "A customer exercises their rights over their data. This is what is to be done:",
    ),
    "show": Text("Montrer le client", "Show the customer"),
    "show_about": Text(
        "Nous notons que ses coordonnées vous ont été montrées.",
        "We note that their contact details were shown to you.",
    ),
    "customer": Text("Le client", "The customer"),
    "right": Text("Ce qui est juste", "What is right"),
    "stops": Text("Ce que le client ne veut plus", "What the customer wants no more"),
    "answer": Text("Votre réponse", "Your answer"),
    "verdict": Text("Où en êtes-vous ?", "How far did you get?"),
    "done": Text("C’est fait", "It is done"),
    "done_locate": Text("Je l’ai trouvé", "I found them"),
    "done_confirm": Text("J’ai vérifié", "I checked"),
    "nothing": Text("Il n’y avait rien à son sujet", "There was nothing about them"),
    "partial": Text("Fait en partie", "Done in part"),
    "failed": Text("Je n’ai pas pu", "I could not"),
    "detail": Text(
        "Si ce n’est pas entièrement fait : pourquoi ? Sans nom ni coordonnée.",
        "If it is not done entirely: why? Without a name or a contact detail.",
    ),
    "counts": Text("Ce que vous avez trouvé", "What you found"),
    "other": Text("Autre chose (dites quoi)", "Something else (say what)"),
    "found": Text("Trouvé (nombre)", "Found (number)"),
    "left": Text("Encore là (nombre)", "Still there (number)"),
    "deleted": Text("Effacé (nombre)", "Deleted (number)"),
    "changed": Text("Modifié (nombre)", "Changed (number)"),
    "kept": Text("Gardé (nombre)", "Kept (number)"),
    "because": Text("Gardé pourquoi (loi, durée)", "Kept why (law, how long)"),
    "adds": Text("Sous quoi d’autre l’outil le connaît", "Under what else the tool knows them"),
    "file": Text("La copie : un fichier CSV, JSON ou ZIP", "The copy: a CSV, JSON or ZIP file"),
    "note": Text("Ou écrivez ce que vous avez trouvé", "Or write what you found"),
    "send": Text("Envoyer la réponse", "Send the answer"),
    "once": Text("On ne répond qu’une fois.", "It is answered once."),
    "answered": Text("Merci, votre réponse est reçue.", "Thank you, we have your answer."),
    "answered_about": Text(
        "Il n’y a plus rien à faire. Si vous avez gardé une copie sur votre poste, supprimez-la.",
        "There is nothing left to do. If you kept a copy on your computer, delete it.",
    ),
    "closed": Text("Rien à faire pour l’instant.", "Nothing to do for now."),
    "closed_about": Text(
        "Cette demande n’attend rien de vous en ce moment.",
        "This request waits for nothing from you at the moment.",
    ),
    "gone": Text("Ce lien n’ouvre rien", "This link opens nothing"),
    "gone_about": Text(
        "Il est incomplet, n’est plus valable, ou a été envoyé à quelqu’un d’autre. Prenez le lien du "
        "dernier e-mail, en entier ; sinon écrivez à qui vous l’a envoyé.",
        "It is incomplete, is over, or was sent to somebody else. Take the link of the latest mail, all of "
        "it; else write to whoever sent it.",
    ),
    "wrong": Text("Votre réponse n’est pas encore partie", "Your answer was not sent yet"),
    "form_verdict": Text("Dites où vous en êtes.", "Say how far you got."),
    "form_reason": Text(
        "Dites en quelques mots ce qui manque et pourquoi.", "Say in a few words what is missing and why."
    ),
    "form_number": Text(
        "Un nombre s’écrit avec des chiffres seulement.", "A number is written with digits alone."
    ),
    "form_because": Text(
        "Dites pourquoi quelque chose est gardé : la loi, et pour combien de temps.",
        "Say why something is kept: the law, and for how long.",
    ),
    "form_counts": Text(
        "Dites combien : au moins un nombre, ou bien qu’il n’y avait rien.",
        "Say how many: one number at least, or that there was nothing.",
    ),
    "form_copy": Text(
        "Joignez la copie, ou écrivez ce que vous avez trouvé.", "Add the copy, or write what you found."
    ),
    "unreadable_copy": Text(
        "Ce fichier ne se lit pas : il faut un CSV avec une ligne de titres, un JSON, ou un ZIP de ces "
        "fichiers, sans mot de passe.",
        "This file cannot be read: it takes a CSV with a line of titles, a JSON file, or a ZIP of these, "
        "without a password.",
    ),
    "refused": Text(
        "La réponse ne peut pas être prise : une autre a été donnée, ou la demande n’attend plus rien.",
        "The answer cannot be taken: another one was given, or the request waits for nothing any more.",
    ),
    "private": Text(
        "Ce lien est pour vous seul : ne le transférez pas.", "This link is for you alone: do not forward it."
    ),
}
