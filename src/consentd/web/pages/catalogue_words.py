"""What the pages about problems and reasons say, for whoever writes a tool's side of an interface."""

from consentd.base.i18n import Text

WORDS: dict[str, Text] = {
    "problems": Text("Problèmes", "Problems"),
    "problems_about": Text(
        "Quand un appel échoue, la réponse est un « problème » (RFC 9457) : `code` est stable et fait pour "
        "les programmes, `type` mène à l’une de ces pages, `detail` dit ce qui est propre à la demande.",
        "Where a call fails, the answer is a “problem” (RFC 9457): `code` is stable and for programs, `type` "
        "leads to one of these pages, `detail` says what is particular to the request.",
    ),
    "problems_language": Text(
        "Le titre vient en français ou en anglais, selon `Accept-Language` ; `detail` est toujours "
        "en anglais.",
        "The title comes in French or English, as `Accept-Language` asks; `detail` is always in English.",
    ),
    "group_calls": Text("Tous les appels", "Any call"),
    "group_access": Text("Qui appelle", "Who calls"),
    "group_recording": Text("Enregistrer des choix", "Recording choices"),
    "group_requests": Text("Demandes des personnes", "Rights requests"),
    "group_tasks": Text("Tâches d’un outil", "Tasks of a system"),
    "group_portal": Text("Pages des clients", "The customers’ pages"),
    "group_operating": Text("Stockage et fonctionnement", "Storage and operation"),
    "code": Text("Code", "Code"),
    "status": Text("Statut HTTP", "HTTP status"),
    "meaning": Text("Ce que cela veut dire", "What it means"),
    "operator_only": Text("à l’exploitation", "operation"),
    "operator_told": Text(
        "Dit à qui fait fonctionner le service : en ligne de commande, dans le journal du service ou à "
        "/health/ready. Jamais envoyé sous ce code à un outil qui appelle.",
        "Told to whoever runs the service: on the command line, in the service’s log or at /health/ready. "
        "Never sent under this code to a system that calls.",
    ),
    "why": Text("Ce qui s’est passé", "What happened"),
    "do": Text("Que faire", "What to do"),
    "example": Text("Exemple de réponse", "Example of the answer"),
    "all_problems": Text("Tous les problèmes", "All problems"),
    "reasons": Text("Motifs des réponses", "Reasons of answers"),
    "reasons_about": Text(
        "La réponse à « Puis-je contacter cette personne ? » donne ses motifs. Un outil sans le droit "
        "`reasons` n’apprend que le motif général ; les mots viennent en français ou en anglais, selon "
        "`Accept-Language`.",
        "The answer to “May I contact this person?” gives its reasons. A system without the scope `reasons` "
        "is told the coarse reason alone; the words come in French or English, as `Accept-Language` asks.",
    ),
    "coarse_allowed": Text("Contact autorisé", "Contact allowed"),
    "coarse_no_consent": Text("Rien n’autorise le contact", "Nothing allows the contact"),
    "coarse_objected": Text("Opposition du client", "The customer objected"),
    "coarse_not_now": Text("Pas maintenant", "Not now"),
    "coarse_blocked": Text("Contact exclu", "Contact ruled out"),
    "words": Text("Mots", "Words"),
    "articles": Text("Textes", "Articles"),
    "docs": Text("Documentation de l’interface", "Documentation of the interface"),
}

COARSE: dict[str, tuple[Text, Text]] = {
    "allowed": (
        Text("Le contact est permis, maintenant.", "The contact is allowed, now."),
        Text(
            "Contactez, par ce moyen et pour cette utilisation seulement. Pour un autre moment, redemandez.",
            "Make contact, by this method and for this use only. For another time, ask again.",
        ),
    ),
    "no_consent": (
        Text(
            "Rien ne permet le contact : ni accord qui compte, ni autre raison légale.",
            "Nothing allows the contact: no consent that counts, and no other legal ground.",
        ),
        Text(
            "Ne contactez pas. Un accord demandé au client, puis enregistré, peut y changer quelque chose.",
            "Make no contact. A consent that is asked for, given and recorded may change this.",
        ),
    ),
    "objected": (
        Text("Le client s’y est opposé.", "The customer has objected."),
        Text(
            "Ne contactez pas, et ne redemandez pas : seul le client peut revenir sur son opposition.",
            "Make no contact, and do not ask again: only the customer can take an objection back.",
        ),
    ),
    "not_now": (
        Text(
            "Le contact est permis, mais pas en ce moment.",
            "The contact is allowed, but not at this moment.",
        ),
        Text(
            "Attendez next_allowed_at, puis redemandez avant de contacter.",
            "Wait for next_allowed_at, then ask again before making contact.",
        ),
    ),
    "blocked": (
        Text(
            "Le contact n’est pas permis, et aucun accord ordinaire n’y changerait rien.",
            "The contact is not allowed, and no ordinary consent would change it.",
        ),
        Text(
            "Ne contactez pas. Si une règle ou une coordonnée manque, qui gère consentd peut l’ajouter.",
            "Make no contact. If a rule or a contact detail is missing, whoever runs consentd can add it.",
        ),
    ),
}
"""Of each coarse reason: what it means, and what a system does then."""
