"""The mail that asks to confirm a yes. Whoever reads it may not be who asked for it."""

from consentd.base.i18n import Text

SUBJECT = Text("{company} : confirmez votre accord", "{company}: confirm your consent")
TEXT = Text(
    "Bonjour,\n\n"
    "Quelqu’un a demandé, avec cette adresse, à recevoir de {company} :\n"
    "{purpose} ({channel})\n\n"
    "Si c’est vous, ouvrez cette page et appuyez sur le bouton :\n"
    "{link}\n\n"
    "Rien ne commence avant. Le lien est valable jusqu’au {day}.\n\n"
    "Si ce n’est pas vous, ne faites rien : sans ce bouton, rien ne commence.\n\n"
    "{company}\n{contact}\n",
    "Hello,\n\n"
    "Somebody asked, with this address, to receive from {company}:\n"
    "{purpose} ({channel})\n\n"
    "If that was you, open this page and press the button:\n"
    "{link}\n\n"
    "Nothing begins before. The link lasts until {day}.\n\n"
    "If it was not you, do nothing: without the button nothing begins.\n\n"
    "{company}\n{contact}\n",
)
