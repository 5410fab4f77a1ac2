"""What the demo says, in French and in English."""

from consentd.base.i18n import Language, Text

SILOS = Text(
    "Trois outils tournent : la boutique en ligne (on lit sa base de données), l’outil d’e-mailing (on "
    "appelle son programme) et la caisse (personne ne peut l’appeler : elle vient chercher "
    "ce qu’il y a à faire).",
    "Three tools are running: the web shop (its database is read), the mailing tool (its program is called) "
    "and the till (nobody can call it: it comes and asks what there is to do).",
)
SERVICE = Text("consentd tourne : {address}", "consentd is running: {address}")
ASKED = {
    "access": Text(
        "\n1. Sur le site de la boutique, Ana Diaz demande une copie de ses données (RGPD 15).",
        "\n1. On the shop’s website Ana Diaz asks for a copy of her data (GDPR 15).",
    ),
    "erasure": Text(
        "\n2. Plus tard, au comptoir, elle demande l’effacement (RGPD 17).",
        "\n2. Later, at the counter, she asks for erasure (GDPR 17).",
    ),
}
WAITS = Text(
    "   Tant qu’on n’est pas sûr que c’est elle, on ne demande rien aux outils. Réponse d’ici le {day}.",
    "   Until we are sure that it is her, no tool is asked anything. To be answered by {day}.",
)
PROVEN = Text(
    "   Elle reçoit un code à son adresse e-mail et le recopie sur le site : c’est bien elle.",
    "   She gets a code at her email address and types it in on the website: it is her.",
)
GROUNDS = Text(
    "Venue au comptoir avec sa carte de fidélité, connue depuis des années.",
    "Came to the counter with her loyalty card, known there for years.",
)
IDENTIFIED = Text(
    "   Claire, au comptoir, la reconnaît à sa carte de fidélité : c’est noté, avec le motif.",
    "   Claire, at the counter, knows her by her loyalty card: that is noted, with the reason.",
)
DONE = Text("   Les outils ont répondu :", "   The tools have answered:")
PART = Text("   - {name}, {what} : {did}", "   - {name}, {what}: {did}")
DID = {
    "found": Text("trouvé : {count}", "found: {count}"),
    "deleted": Text("supprimé : {count}", "deleted: {count}"),
    "changed": Text("rendu anonyme : {count}", "made anonymous: {count}"),
}
KEPT = Text(
    "gardé : {count}, jusqu’au {until} ({because})",
    "kept: {count}, until {until} ({because})",
)
_WHAT = {
    "subscribers": Text("abonnés", "subscribers"),
    "cards": Text("cartes", "cards"),
    "customers": Text("fiches client", "customers"),
    "orders": Text("commandes", "orders"),
    "invoices": Text("factures", "invoices"),
}


def what(name: str, language: Language) -> str:
    """A tool's own name for some of its data, as people call it."""
    return _WHAT[name](language)


NEIGHBOUR = Text(
    "   Avant l’envoi, Claire relit la copie. Une note de livraison nomme quelqu’un d’autre :\n"
    "     « {value} »\n"
    "   Elle masque cette note et dit pourquoi.",
    "   Before it goes out, Claire reads the copy. A note for the delivery names somebody else:\n"
    "     “{value}”\n"
    "   She holds that note back, and says why.",
)
REASON = Text("Le nom d’une autre personne.", "The name of somebody else.")
LOOKED = Text(
    "   {seen} lignes relues, 1 note masquée ; qui a relu, et quand, est inscrit au journal.",
    "   {seen} lines read, 1 note held back; who read, and when, is in the log.",
)
RELEASED = Text("   Hugo donne son accord : la copie peut partir.", "   Hugo agrees: the copy may go.")
READY = Text("c’est prêt", "it is ready")
MAIL = Text(
    "   Ana reçoit un e-mail, « {subject} », sans pièce jointe ni lien.",
    "   Ana gets an email, “{subject}”, with no attachment and no link.",
)
FETCHED = Text(
    "   Elle demande un nouveau code, qui lui ouvre un lien, et télécharge {file}. Une deuxième fois, le "
    "lien ne s’ouvre plus.",
    "   She asks for a new code, which opens a link for her, and downloads {file}. A second time the link "
    "does not open.",
)
VERIFIED = Text(
    "   N’importe qui peut vérifier ce fichier, sans réseau, avec `consentd package verify` :",
    "   Anybody can verify this file, without a network, with `consentd package verify`:",
)
PLAN = Text(
    "   Avant de toucher à quoi que ce soit, voici ce qui serait fait :",
    "   Before anything is touched, this is what would be done:",
)
TURN = Text("   - {turn}, {name} : {verbs}", "   - {turn}, {name}: {verbs}")
TURNS = {1: Text("d’abord", "first"), 2: Text("ensuite", "then")}
VERBS = {
    "locate": Text("chercher", "look"),
    "export": Text("copier", "copy"),
    "erase": Text("effacer", "erase"),
    "confirm": Text("vérifier qu’il ne reste rien", "check that nothing is left"),
}
PLAN_FILE = Text("   Dans le détail, ligne par ligne : {file}.", "   In detail, line by line: {file}.")
APPROVED = Text(
    "   Personne n’efface seul : Claire et Hugo donnent tous deux leur accord.",
    "   Nobody erases alone: Claire and Hugo both agree.",
)
CERTIFICATE = Text(
    "   Le certificat d’effacement se vérifie de même, avec `consentd certificate verify` :",
    "   The certificate of erasure is verified likewise, with `consentd certificate verify`:",
)
LEFT = Text(
    "   Chez Bruno, l’autre client, rien n’a changé. D’Ana, la boutique garde une facture, parce que la "
    "loi l’exige, et rien d’autre.",
    "   Of Bruno, the other customer, nothing changed. Of Ana the shop keeps one invoice, because the law "
    "says so, and nothing else.",
)
FOLDER = Text(
    "\nTout est dans {folder}\n"
    "À ouvrir d’abord : index.html, dans {copy}. Les e-mails envoyés sont dans mails.",
    "\nEverything is in {folder}\nOpen first: index.html, in {copy}. The emails that were sent are in mails.",
)
SLOW = Text("Les outils n’ont pas répondu à temps.", "The tools did not answer in time.")
