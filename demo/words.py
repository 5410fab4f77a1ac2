"""What the demo says, in French and in English."""

from consentd.base.i18n import Text

SILOS = Text(
    "Trois outils tournent : la boutique (une base SQLite), l’outil d’e-mailing (un programme derrière un "
    "webhook) et la caisse (derrière son pare-feu, elle vient chercher ses tâches).",
    "Three tools are running: the web shop (an SQLite database), the mailing tool (a program behind a "
    "webhook) and the till (behind its firewall, it comes for its tasks).",
)
SERVICE = Text("consentd tourne : {address}", "consentd is running: {address}")
ASKED = {
    "access": Text(
        "\n1. Ana Diaz vient à la boutique et demande une copie de ses données (RGPD 15).",
        "\n1. Ana Diaz comes to the shop and asks for a copy of her data (GDPR 15).",
    ),
    "erasure": Text(
        "\n2. Puis elle demande l’effacement (RGPD 17).",
        "\n2. Then she asks for erasure (GDPR 17).",
    ),
}
WAITS = Text(
    "   Tant que personne n’a établi qui elle est, aucun outil n’est interrogé. À répondre avant le {day}.",
    "   Until somebody has established who she is, no tool is asked. To be answered by {day}.",
)
IDENTIFIED = Text(
    "   Claire, au comptoir, reconnaît Ana à sa carte : c’est noté, avec le motif.",
    "   Claire, at the counter, knows Ana by her card: that is noted, with the reason.",
)
PLAN = Text("   Ce qui va se passer, sans rien toucher :", "   What is going to happen, touching nothing:")
TURN = Text("   - {name} (tour {turn}) : {verbs}", "   - {name} (turn {turn}): {verbs}")
APPROVED = Text(
    "   Un effacement décidé par le personnel demande deux personnes : Claire puis Hugo l’approuvent.",
    "   An erasure that staff decide takes two people: Claire and Hugo approve it.",
)
DONE = Text("   Les outils ont répondu :", "   The tools have answered:")
VERBS = {
    "locate": Text("chercher", "look"),
    "export": Text("copier", "copy"),
    "erase": Text("effacer", "erase"),
    "confirm": Text("revérifier", "look again"),
}
FOUND = Text("   - {name} : {what}, {found} trouvé(s)", "   - {name}: {what}, {found} found")
PART = Text(
    "   - {name} : {what}, {found} trouvé(s), {deleted} supprimé(s), {changed} rendu(s) anonyme(s){kept}",
    "   - {name}: {what}, {found} found, {deleted} deleted, {changed} made anonymous{kept}",
)
KEPT = Text(", {count} conservé(s) jusqu’au {until} ({because})", ", {count} kept until {until} ({because})")
REVIEW = Text(
    "   La copie attend, chiffrée, qu’un collègue l’ait relue pour ce qu’elle dirait d’autres personnes.",
    "   The copy waits, sealed, until a colleague has read it for what it may say about other people.",
)
CERTIFICATE = Text(
    "   Le certificat d’effacement, vérifié sans réseau par `consentd certificate verify` :",
    "   The certificate of erasure, verified offline by `consentd certificate verify`:",
)
LEFT = Text(
    "   Chez Bruno, l’autre client, rien n’a changé ; d’Ana, la boutique garde une facture, et rien d’autre.",
    "   Of Bruno, the other customer, nothing changed; of Ana the shop keeps one invoice, and nothing else.",
)
FOLDER = Text("\nTout est dans {folder}", "\nEverything is in {folder}")
SLOW = Text("Les outils n’ont pas répondu à temps.", "The tools did not answer in time.")
