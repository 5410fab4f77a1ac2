"""The page that a link to a copy opens: a button, and nothing about the copy or whether there is one.

What looks at links (a mail's scanner, a previewer, a browser that fetches ahead) uses GET and HEAD, and uses
up nothing by it: the button is what takes the copy.
"""

from consentd.base.i18n import Text

WORDS = {
    "title": Text("Votre copie", "Your copy"),
    "what": Text(
        "Voici le lien vers la copie de vos données, préparée par {company}.",
        "This link leads to the copy of your data that {company} prepared.",
    ),
    "once": Text(
        "Il ne sert qu’une fois : téléchargez sur un appareil à vous. Si le téléchargement s’interrompt, "
        "demandez un nouveau lien.",
        "It works once: download on a device of your own. If the download breaks off, ask for a new link.",
    ),
    "take": Text("Télécharger la copie", "Download the copy"),
    "dead_title": Text("Ce lien ne s’ouvre pas", "This link does not open"),
    "dead": Text(
        "Il a déjà servi, il a expiré, ou il est incomplet. Demandez-en un nouveau à {company}.",
        "It was used, it is over, or it is incomplete. Ask {company} for a new one.",
    ),
}
