"""The words of the letter that answers a request for access, in French and English.

Tone of docs/glossary.md; articles beside what they order, so that a lawyer finds them.
"""

from consentd.base.i18n import Language, Text, article

BASES = {
    "consent": Text("votre accord, GDPR 6(1)(a)", "your consent, GDPR 6(1)(a)"),
    "explicit_consent": Text(
        "votre accord exprès, GDPR 6(1)(a) et 9(2)(a)", "your explicit consent, GDPR 6(1)(a) and 9(2)(a)"
    ),
    "contract": Text("un contrat avec vous, GDPR 6(1)(b)", "a contract with you, GDPR 6(1)(b)"),
    "legal_obligation": Text("une obligation légale, GDPR 6(1)(c)", "a legal obligation, GDPR 6(1)(c)"),
    "vital_interests": Text(
        "la sauvegarde d’une vie, GDPR 6(1)(d)", "the protection of a life, GDPR 6(1)(d)"
    ),
    "public_task": Text("une mission d’intérêt public, GDPR 6(1)(e)", "a public task, GDPR 6(1)(e)"),
    "legitimate_interest": Text(
        "notre intérêt légitime, GDPR 6(1)(f)", "our legitimate interest, GDPR 6(1)(f)"
    ),
    "eprivacy_13_2": Text(
        "vous êtes déjà client, pour des produits similaires, directive 2002/58 article 13(2)",
        "you are an existing customer, for similar products, Directive 2002/58 article 13(2)",
    ),
}
RIGHTS = {
    "A7-3": Text(
        "retirer votre accord à tout moment, aussi simplement que vous l’avez donné (GDPR 7(3))",
        "withdraw your consent at any time, as easily as you gave it (GDPR 7(3))",
    ),
    "A15": Text("demander une copie de vos données (GDPR 15)", "ask for a copy of your data (GDPR 15)"),
    "A16": Text(
        "faire corriger ce qui est faux ou incomplet (GDPR 16)",
        "have corrected what is wrong or incomplete (GDPR 16)",
    ),
    "A17": Text("faire effacer vos données (GDPR 17)", "have your data erased (GDPR 17)"),
    "A18": Text("faire geler leur utilisation (GDPR 18)", "have their use frozen (GDPR 18)"),
    "A20": Text(
        "récupérer les données que vous avez fournies, pour les porter ailleurs (GDPR 20)",
        "take away the data that you provided, to bring them elsewhere (GDPR 20)",
    ),
    "A21": Text(
        "vous opposer : toujours à la publicité, sans avoir à dire pourquoi (GDPR 21)",
        "object: to marketing always, without saying why (GDPR 21)",
    ),
    "A22": Text(
        "ne pas faire l’objet d’une décision prise par une machine seule (GDPR 22)",
        "not to be subject to a decision by a machine alone (GDPR 22)",
    ),
    "A77": Text(
        "vous plaindre auprès de l’autorité de contrôle (GDPR 77)",
        "complain to the supervisory authority (GDPR 77)",
    ),
}
"""In the order in which they are told; A13, to be informed, is what this letter does."""
BY_GROUND = ("A7-3", "A21", "A20", "A17")
"""Those that differ from one legal ground to another."""

TITLE = Text(
    "Vos données : réponse à votre demande d’accès", "Your data: the answer to your request for access"
)
REFERENCE = Text("Demande n° {number}", "Request no. {number}")
DATE = Text("Le {day}", "{day}")
YES = Text(
    "Vous avez demandé si nous traitons des données qui vous concernent. C’est le cas. Cette lettre dit "
    "lesquelles, pourquoi, et ce que vous pouvez faire (GDPR 15) ; la copie est dans le dossier qui "
    "l’accompagne : ouvrez d’abord le fichier index.html.",
    "You asked whether we process data about you. We do. This letter says which, why, and what you can do "
    "(GDPR 15); the copy is in the folder that comes with it: open the file index.html first.",
)
NO = Text(
    "Vous avez demandé si nous traitons des données qui vous concernent. Aucun outil qui a répondu n’en "
    "contient, hormis ce qu’il faut pour traiter cette demande.",
    "You asked whether we process data about you. No tool that answered holds any, beside what handling "
    "this request takes.",
)
WHERE = Text("Où nous avons cherché", "Where we looked")
TOOL, FOUND = Text("Outil", "Tool"), Text("Ce qui a été trouvé", "What was found")
OWN_TOOL = Text("Registre des accords (consentd)", "Register of consents (consentd)")
NOTHING = Text("rien sur vous", "nothing about you")
SILENT = Text("rien n’en est venu", "nothing came from it")
PARTIAL = Text("a répondu en partie", "answered in part")
GAP = Text(
    "Cette copie est incomplète : votre demande reste ouverte pour ce qui manque, et nous vous enverrons la "
    "suite.",
    "This copy is not complete: your request stays open for what is missing, and we will send you the rest.",
)
LOOKED = Text(
    "Le dossier dit aussi qui a consulté vos données dans le registre des accords, quand et pourquoi.",
    "The folder also says who looked at your data in the register of consents, when and why.",
)
USES = Text("À quoi servent vos données", "What your data are used for")
USES_INTRO = Text(
    "Voici chaque utilisation à laquelle peuvent servir les données que contiennent ces outils (GDPR "
    "15(1)(a) à (d)). Une raison légale citée n’y suffit que si ses conditions sont remplies pour vous : "
    "vos choix sont dans le dossier.",
    "These are the uses that the data in these tools can serve (GDPR 15(1)(a) to (d)). A legal ground that "
    "is named carries only where its conditions are met for you: your choices are in the folder.",
)
GROUND = Text("Raison légale", "Legal ground")
DATA = Text("Données", "Data")
RECEIVED_BY = Text("Reçues par", "Received by")
KEPT = Text("Conservées", "Kept")
YOU_CAN = Text("Vous pouvez", "You can")
NO_GROUND = Text(
    "aucune aujourd’hui : cette utilisation n’est pas permise", "none today: this use is not allowed"
)
OURSELVES = Text("nous-mêmes seulement", "ourselves alone")
NOT_SAID = Text("durée non fixée dans nos règles", "no period is set in our rules")
PROOF_KEPT = Text(
    "la preuve de votre accord : {years} depuis {anchors}",
    "the proof of your consent: {years} from {anchors}",
)
LATEST = Text("le plus tardif de : {anchors}", "the latest of: {anchors}")
ANCHORS = {
    "grant": Text("votre accord", "your consent"),
    "last_use": Text("sa dernière utilisation", "its last use"),
    "end": Text("sa fin", "its end"),
}
SOURCES = Text("D’où viennent vos données", "Where your data come from")
SOURCES_INTRO = Text(
    "Ce que contient le registre des accords lui a été transmis par ces outils (GDPR 15(1)(g)) : {sources}. "
    "Le dossier dit pour chaque coordonnée et chaque choix lequel.",
    "What the register of consents holds was passed on to it by these tools (GDPR 15(1)(g)): {sources}. The "
    "folder says which, of each contact detail and each choice.",
)
SOURCES_OTHER = Text(
    "Sur l’origine de ce que contiennent les outils eux-mêmes, nous ne savons que ce que disent leurs "
    "enregistrements, qui sont dans le dossier.",
    "Of where the tools themselves have their data from, we know what their records say, which are in the "
    "folder.",
)
RECIPIENTS = Text("Qui les reçoit, et où", "Who receives them, and where")
RECIPIENTS_INTRO = Text(
    "Ces entreprises travaillent pour nous, sur contrat, et n’ont pas le droit d’en faire autre chose "
    "(GDPR 15(1)(c) et 28).",
    "These companies work for us, under contract, and may not do anything else with them (GDPR 15(1)(c) and "
    "28).",
)
NO_RECIPIENTS = Text(
    "Les outils qui contiennent vos données sont les nôtres : nous ne les transmettons à personne.",
    "The tools that hold your data are our own: we pass them on to nobody.",
)
COMPANY, PLACE = Text("Entreprise", "Company"), Text("Lieu et garanties", "Place and safeguards")
TRANSFERS = Text(
    "Si un lieu se trouve hors de l’Union européenne, les garanties sont celles qui sont nommées avec lui ; "
    "demandez-nous-en une copie (GDPR 15(2) et 46).",
    "Where a place is outside the European Union, the safeguards are those named with it; ask us for a copy "
    "of them (GDPR 15(2) and 46).",
)
MACHINES = Text("Décisions prises par une machine", "Decisions by a machine")
NO_MACHINES = Text(
    "Nos règles ne prévoient aucune décision prise par une machine seule qui ait pour vous un effet "
    "juridique ou aussi important (GDPR 15(1)(h) et 22). Un programme vérifie avant chaque contact, d’après "
    "vos choix et la loi, si nous avons le droit de vous écrire ou de vous appeler.",
    "Our rules know no decision by a machine alone that has a legal or similarly significant effect on you "
    "(GDPR 15(1)(h) and 22). A program verifies before each contact, by your choices and the law, whether "
    "we may write to you or call you.",
)
PROFILING = Text(
    "Vos données peuvent servir à vous proposer des choses choisies pour vous : {uses}.",
    "Your data may be used to make offers chosen for you: {uses}.",
)
RIGHTS_TITLE = Text("Ce que vous pouvez faire", "What you can do")
RIGHTS_INTRO = Text(
    "Selon la raison légale de chaque utilisation, indiquée plus haut (GDPR 15(1)(e)), vous pouvez :",
    "Depending on the legal ground of each use, told above (GDPR 15(1)(e)), you can:",
)
FREE = Text(
    "C’est gratuit. Écrivez à : {contact}. Nous répondons dans un délai d’un mois.",
    "It is free of charge. Write to: {contact}. We answer within one month.",
)
COMPLAIN = Text("Si vous n’êtes pas d’accord", "If you do not agree")
AUTHORITY = Text(
    "Vous pouvez vous plaindre auprès de l’autorité de contrôle : {authority} (GDPR 15(1)(f)). Vous pouvez "
    "aussi saisir un tribunal (GDPR 79).",
    "You can complain to the supervisory authority: {authority} (GDPR 15(1)(f)). You can also go to court "
    "(GDPR 79).",
)
WITHHELD = Text("Ce qui a été masqué", "What was held back")
WITHHELD_INTRO = Text(
    "Une partie de ces enregistrements concerne aussi d’autres personnes. Ce qui les concerne a été masqué, "
    "et rien d’autre (GDPR 15(4)).",
    "Some of these records are about other people too. What is about them was held back, and nothing else "
    "(GDPR 15(4)).",
)
AMOUNT, REASON = Text("Combien", "How much"), Text("Pourquoi", "Why")
VERIFY = Text("Vérifier ce dossier", "Verifying this folder")
VERIFY_TEXT = Text(
    "Le fichier manifest.json liste chaque fichier avec son empreinte, et manifest.sig le signe. La "
    "commande « consentd package verify » le vérifie sans réseau, avec les clés publiées par notre service.",
    "The file manifest.json lists every file with its fingerprint, and manifest.sig signs it. The command "
    "“consentd package verify” verifies it without a network, with the keys that our service publishes.",
)
FROZEN = Text(
    "L’utilisation de vos données est gelée, comme vous l’avez demandé (GDPR 18).",
    "The use of your data is frozen, as you asked (GDPR 18).",
)
PAGE = Text("page {number} sur {total}", "page {number} of {total}")


def say(text: Text, language: Language, **inserted: object) -> str:
    """The text with what belongs in it; articles by their name in the language."""
    said = article(text(language), language)
    return said.format(**inserted) if inserted else said
