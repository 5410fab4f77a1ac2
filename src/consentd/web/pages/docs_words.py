"""What the page about the API says around the description, which is in English."""

from consentd.base.i18n import Text

TAGS: dict[str, Text] = {
    "access": Text("Obtenir un accès", "Getting access"),
    "check": Text("Peut-on contacter ?", "May we make contact?"),
    "authzen": Text("Peut-on contacter ? (norme AuthZEN)", "May we make contact? (AuthZEN standard)"),
    "consent": Text("Enregistrer et lire des choix", "Recording and reading choices"),
    "people": Text("Personnes", "People"),
    "requests": Text("Demandes des personnes : accès, effacement…", "People’s requests: access, erasure…"),
    "portal": Text("Pages des clients", "The customers’ pages"),
    "imports": Text("Reprendre les exports des outils", "Taking in exports of tools"),
    "tasks": Text("Tâches d’un outil : sa part des demandes", "Tasks of a system: its part of requests"),
    "feed": Text("Copies locales", "Local copies"),
    "log": Text("Journal vérifiable", "Verifiable log"),
    "health": Text("État du service", "Health"),
    "about": Text("Cette description", "This description"),
}

WORDS: dict[str, Text] = {
    "title": Text("L’interface", "The interface"),
    "about": Text(
        "JSON par HTTP. Cette page montre la description que les programmes lisent (OpenAPI 3.1), en "
        "anglais ; les personnes des exemples sont inventées.",
        "JSON over HTTP. This page shows the description that programs read (OpenAPI 3.1); everyone in the "
        "examples is invented.",
    ),
    "first": Text("Pour commencer", "To begin"),
    "first_1": Text(
        "Les lignes ci-dessous se copient dans un terminal, après ces deux-ci. L’identifiant et le secret "
        "viennent de consentd system add.",
        "The lines below can be copied into a terminal, after these two. The client id and the secret come "
        "from consentd system add.",
    ),
    "errors": Text("Ce que disent les erreurs", "What errors say"),
    "reasons": Text("Ce que disent les réponses", "What answers say"),
    "json": Text("Description pour les programmes", "Description for programs"),
    "calls": Text("Appels", "Calls"),
    "needs": Text("Demande le droit", "Needs the scope"),
    "needs_token": Text("Demande un jeton", "Needs a token"),
    "needs_nothing": Text("Ouvert à tous", "Open to anyone"),
    "parameters": Text("Paramètres", "Parameters"),
    "body": Text("Corps", "Body"),
    "examples": Text("Exemple", "Example"),
    "answers": Text("Réponses", "Answers"),
    "name": Text("Nom", "Name"),
    "kind": Text("Type", "Type"),
    "meaning": Text("Sens", "Meaning"),
    "required": Text("nécessaire", "required"),
    "in_path": Text("dans l’adresse", "in the address"),
    "in_query": Text("après « ? »", "after “?”"),
    "in_header": Text("en-tête", "header"),
    "status": Text("Statut", "Status"),
    "schemas": Text("Formes", "Schemas"),
    "schema": Text("forme", "schema"),
    "no_fields": Text("Sans membres à lui.", "Without members of its own."),
    "copy": Text("Copier", "Copy"),
    "copied": Text("Copié", "Copied"),
    "try": Text("Essayer", "Try it"),
    "try_about": Text(
        "Attention : l’appel est réel, sur ce service. Un enregistrement ne s’efface pas.",
        "Careful: the call is real, on this service. What is recorded cannot be unrecorded.",
    ),
    "token": Text("Jeton d’accès", "Access token"),
    "token_about": Text(
        "Il reste dans cette page et n’est conservé nulle part.", "It stays in this page and is kept nowhere."
    ),
    "send": Text("Envoyer", "Send"),
    "sending": Text("Envoi…", "Sending…"),
    "unsendable": Text(
        "Rien n’a été envoyé : le jeton ou un en-tête contient un caractère qui n’y a pas sa place. "
        "Copiez-le de nouveau, sans guillemets.",
        "Nothing was sent: the token or a header holds a character that has no place there. Copy it again, "
        "without quotation marks.",
    ),
    "paste_token": Text("Jeton d’accès à coller d’abord", "Access token, to paste first"),
    "failed": Text("Le service n’a pas répondu.", "The service did not answer."),
}
