"""What the shell of every page says, and the welcome page to whoever opens it without knowing what it is."""

from consentd.base.i18n import Text

SHELL: dict[str, Text] = {
    "skip": Text("Aller au contenu", "Skip to content"),
    "other_language": Text("English", "Français"),
}

WORDS: dict[str, Text] = {
    "title": Text("consentd : qui peut-on contacter ?", "consentd: who may we contact?"),
    "tagline": Text(
        "Un seul endroit qui sait si l’on peut contacter un client.",
        "One place that knows whether a customer may be contacted.",
    ),
    "status": Text("État", "Status"),
    "ready": Text("Le service fonctionne.", "The service is running."),
    "not_ready": Text(
        "Le service ne peut pas répondre pour l’instant.", "The service cannot answer at the moment."
    ),
    "log_size": Text(
        "Faits inscrits au journal vérifiable : {size}.", "Facts written in the verifiable log: {size}."
    ),
    "waiting": Text("En attente d’inscription : {pending}.", "Waiting to be written: {pending}."),
    "what": Text("À quoi ça sert", "What it is for"),
    "what_1": Text(
        "Votre caisse, votre boutique en ligne, votre outil de newsletter et vos appels posent ici la même "
        "question avant d’écrire à quelqu’un ou de l’appeler : « Puis-je contacter cette personne, pour "
        "cette utilisation, par ce moyen, maintenant ? »",
        "Your till, your web shop, your newsletter tool and your calls ask the same question here before "
        "they write to or call anyone: “May I contact this person, for this use, by this method, now?”",
    ),
    "what_2": Text(
        "La réponse tient compte des accords, des refus, des oppositions, de la loi et de l’heure. Chaque "
        "choix d’un client est gardé avec sa preuve, et un refus vaut partout dès qu’il est enregistré.",
        "The answer takes into account consents, refusals, objections, the law and the time of day. Each "
        "customer’s choice is kept with its proof, and a refusal counts everywhere once it is recorded.",
    ),
    "where": Text("Où trouver quoi", "What is where"),
    "place": Text("Adresse", "Address"),
    "content": Text("Ce qui s’y trouve", "What is there"),
    "docs": Text("L’interface expliquée, avec des exemples", "The interface explained, with examples"),
    "problems": Text("Ce que disent les erreurs", "What errors say"),
    "reasons": Text("Ce que disent les réponses", "What answers say"),
    "api_json": Text(
        "Description de l’interface, pour les programmes (JSON)",
        "Description of the interface, for programs (JSON)",
    ),
    "api_yaml": Text("La même, plus lisible (YAML)", "The same, easier to read (YAML)"),
    "server": Text("Comment un outil obtient son accès", "How a tool gets its access"),
    "jwks": Text("Clés publiques des accès et des reçus", "Public keys of accesses and receipts"),
    "checkpoint": Text("Dernière signature du journal vérifiable", "Latest signature of the verifiable log"),
    "log_key": Text("Clé publique du journal vérifiable", "Public key of the verifiable log"),
    "health": Text("Le service peut-il répondre ?", "Can the service answer?"),
    "try": Text("Essayer", "Trying it out"),
    "try_1": Text(
        "Ici, rien ne se règle avec la souris : cette page est la porte d’entrée de vos outils. La personne "
        "qui s’occupe de l’installation connecte un outil avec cette commande :",
        "Nothing is set up with the mouse here: this page is the door for your tools. Whoever looks after "
        "the installation connects a tool with this command:",
    ),
    "try_2": Text(
        "La commande suivante montre un magasin de démonstration, avec des clients inventés :",
        "The next command shows a demonstration shop, with invented customers:",
    ),
    "private": Text(
        "Aucune donnée de client n’est visible sur cette page.",
        "No customer’s data can be seen on this page.",
    ),
}
