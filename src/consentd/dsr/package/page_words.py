"""The words of the page that opens first, in French and English (docs/glossary.md)."""

from consentd.base.i18n import Text

WORDS = {
    "title_access": Text("Vos données chez {controller}", "Your data at {controller}"),
    "title_portability": Text(
        "Vos données de {controller}, à emporter", "Your data from {controller}, to take away"
    ),
    "reference": Text("Demande n° {number}, préparée le {day}", "Request no. {number}, made ready on {day}"),
    "intro_access": Text(
        "Voici la copie des données que nous avons sur vous. Cette page en montre un aperçu ; les fichiers "
        "à côté contiennent tout.",
        "This is the copy of the data that we hold about you. This page shows a glimpse of it; the files "
        "beside it hold everything.",
    ),
    "intro_portability": Text(
        "Voici les données que vous nous avez fournies, dans un format qu’un autre service peut reprendre : "
        "les fichiers JSON pour les programmes, les fichiers CSV pour un tableur.",
        "These are the data that you provided to us, in a form that another service can take over: the JSON "
        "files for programs, the CSV files for a spreadsheet.",
    ),
    "letter": Text("La lettre qui répond à votre demande", "The letter that answers your request"),
    "letter_why": Text(
        "Pourquoi nous avons ces données, qui les reçoit, combien de temps, et vos droits.",
        "Why we hold these data, who receives them, for how long, and your rights.",
    ),
    "private": Text(
        "Ces fichiers parlent de vous et ne sont plus protégés une fois téléchargés : gardez-les en lieu "
        "sûr.",
        "These files are about you, and nothing protects them once they are downloaded: keep them in a safe "
        "place.",
    ),
    "where": Text("Où nous avons cherché", "Where we looked"),
    "silent": Text("Rien n’en est venu", "Nothing came from it"),
    "silent_why": Text(
        "Rien n’est venu de cet outil. Votre demande reste ouverte pour lui : nous vous enverrons la suite.",
        "Nothing came from this tool. Your request stays open for it, and we will send you the rest.",
    ),
    "partial": Text("A répondu en partie", "Answered in part"),
    "partial_why": Text(
        "Cet outil n’a envoyé qu’une partie de ce qu’il contient. Votre demande reste ouverte pour le reste.",
        "This tool sent a part of what it holds. Your request stays open for the rest.",
    ),
    "nothing": Text("Rien sur vous", "Nothing about you"),
    "nothing_why": Text(
        "Cet outil a cherché, et n’a rien sur vous.", "This tool looked, and has nothing about you."
    ),
    "nothing_provided": Text(
        "Cet outil ne contient rien que vous ayez fourni et qui puisse être emporté.",
        "This tool holds nothing that you provided and that can be taken away.",
    ),
    "own": Text("Vos choix, et qui les a consultés", "Your choices, and who looked at them"),
    "own_why": Text(
        "Ce que contient notre registre des accords : vos choix, les textes présentés, les contacts "
        "déclarés, et chaque consultation.",
        "What our register of consents holds: your choices, the texts shown, the contacts reported, and "
        "everyone who looked.",
    ),
    "shown": Text("Les {count} premiers sont montrés ici.", "The first {count} are shown here."),
    "columns": Text("Les premières colonnes seulement.", "The first columns only."),
    "all_in": Text("Tout est dans", "All of it is in"),
    "csv": Text("le tableau (CSV)", "the table (CSV)"),
    "json": Text("les données (JSON)", "the data (JSON)"),
    "schema": Text("leur description (schéma)", "their description (schema)"),
    "withheld": Text(
        "Masqué, car cela concerne quelqu’un d’autre :", "Held back, as it is about somebody else:"
    ),
    "files": Text("Les autres fichiers", "The other files"),
    "file_consents": Text(
        "tous vos choix et tout ce que contient notre registre, en un seul fichier pour les programmes",
        "all your choices and all that our register holds, in one file for programs",
    ),
    "file_proofs": Text(
        "les preuves que vos choix sont inscrits dans notre journal vérifiable",
        "the proofs that your choices stand in our verifiable log",
    ),
    "file_manifest": Text(
        "la liste de tous les fichiers avec leur empreinte, et sa signature : elles montrent que rien n’a "
        "été changé. Pour vérifier : consentd package verify",
        "the list of all files with their fingerprints, and its signature: they show that nothing was "
        "changed. To verify: consentd package verify",
    ),
    "next": Text("Et maintenant ?", "What now?"),
    "contact": Text(
        "Pour corriger, faire effacer ou geler vos données, ou poser une question :",
        "To have your data corrected, erased or frozen, or to ask:",
    ),
    "complain": Text(
        "Pour une réclamation auprès de l’autorité de contrôle :", "To complain to the supervisory authority:"
    ),
    "yes": Text("oui", "yes"),
    "no": Text("non", "no"),
    "rows_of": Text("Tableau : {what}", "Table: {what}"),
}

OWN_CATEGORIES = {
    "contact_details": Text("Vos coordonnées", "Your contact details"),
    "names": Text("Vos noms", "Your names"),
    "choices": Text("Vos choix aujourd’hui", "Your choices today"),
    "objections": Text("Vos oppositions", "Your objections"),
    "history": Text("L’historique de vos choix", "The history of your choices"),
    "facts": Text("Achats, contrats et autres faits déclarés", "Sales, contracts and other facts reported"),
    "do_not_contact": Text("Inscriptions sur la liste d’opposition", "Entries on the do-not-contact list"),
    "directives": Text("Vos directives pour après votre décès", "Your directives for after your death"),
    "contacts": Text("Contacts déclarés par les outils", "Contacts that tools reported"),
    "permits": Text("Autorisations de contact données aux outils", "Permissions to contact given to tools"),
    "lists": Text("Dernier envoi à une liste", "Last sending to a list"),
    "consultations": Text("Qui a consulté vos données", "Who looked at your data"),
    "changes": Text("Ce qui a été enregistré ou changé", "What was recorded or changed"),
}
OWN_FIELDS = {
    "about": Text("Sujet", "About"),
    "at": Text("Quand", "When"),
    "birth": Text("Naissance", "Birth"),
    "by": Text("Par", "By"),
    "channel": Text("Moyen de contact", "Contact method"),
    "confirmed_at": Text("Confirmé le", "Confirmed on"),
    "contact_point": Text("Coordonnée", "Contact detail"),
    "expires_at": Text("Jusqu’au", "Until"),
    "family": Text("Nom", "Family name"),
    "full": Text("Nom complet", "Full name"),
    "given": Text("Prénom", "Given name"),
    "given_to": Text("Donnée à", "Given to"),
    "ground": Text("Motif", "Ground"),
    "happened_at": Text("Quand", "When"),
    "issued_at": Text("Du", "From"),
    "kind": Text("Genre", "Kind"),
    "left_at": Text("Laissée le", "Left on"),
    "name": Text("À qui s’adresser", "Whom to turn to"),
    "stands": Text("Valable", "Stands"),
    "wish": Text("Souhait", "Wish"),
    "words": Text("Vos mots", "Your words"),
    "last_used_at": Text("Dernière fois", "Last time"),
    "method": Text("Par quel acte", "By which act"),
    "notice": Text("Texte présenté", "Text shown"),
    "outcome": Text("Issue", "Outcome"),
    "professional": Text("Professionnelle", "Professional"),
    "proof": Text("Preuve", "Proof"),
    "purpose": Text("Utilisation", "Use"),
    "reason": Text("Raison donnée", "Reason given"),
    "recorded_at": Text("Enregistré le", "Recorded on"),
    "since": Text("Depuis", "Since"),
    "state": Text("Choix", "Choice"),
    "told_by": Text("Transmis par", "Told by"),
    "unreachable_since": Text("Injoignable depuis", "Unreachable since"),
    "value": Text("Coordonnée", "Contact detail"),
    "what": Text("Ce qui a été fait", "What was done"),
}
"""What the page shows of what consentd holds, and how it calls it; the files hold every field."""
VALUES = {
    "answered": Text("la personne a répondu", "answered"),
    "unanswered": Text("sans réponse", "not answered"),
    "sent": Text("envoyé", "sent"),
    "delivered": Text("remis", "delivered"),
    "failed": Text("échec", "failed"),
    "marketing": Text("toute publicité", "marketing"),
    "particular": Text("raison propre à vous", "a reason of your own"),
    "held": Text("conservée", "held"),
    "cited": Text("gardée ailleurs", "kept elsewhere"),
    "none": Text("aucune", "none"),
    "sale": Text("achat", "sale"),
    "keep": Text("les conserver", "keep them"),
    "erase": Text("les effacer", "erase them"),
    "hand_over": Text("en remettre une copie", "hand over a copy"),
    "revoke": Text("directives retirées", "directives taken back"),
    "contract": Text("contrat", "contract"),
    "birth_date": Text("naissance", "birth"),
    "last_contact": Text("dernier contact de vous", "last contact from you"),
    "unreachable": Text("coordonnée injoignable", "unreachable contact detail"),
}
EVERY_PURPOSE = Text("toute publicité", "all marketing")
EVERY_CHANNEL = Text("tous les moyens de contact", "every contact method")
