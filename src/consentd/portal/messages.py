"""The mail and the text message that bring a code. Whoever reads them may not have asked for one, and may not
be the only one who reads them: they name nobody, and nothing that anybody chose.
"""

from consentd.base.i18n import Text, choose
from consentd.base.ids import new_id
from consentd.base.mail_address import mail_address
from consentd.net.message import Message
from consentd.net.texting import TextMessage
from consentd.portal.codes import CODE_MINUTES
from consentd.portal.entering import Sending

_SUBJECT = Text("{code} : votre code pour {company}", "{code}: your code for {company}")
_MAIL = Text(
    "Bonjour,\n\n"
    "Votre code pour {company} :\n\n{code}\n\n"
    "Ou ouvrez ce lien, puis appuyez sur le bouton :\n{link}\n\n"
    "Le code et le lien sont valables {minutes} minutes et ne servent qu’une fois.\n\n"
    "Vous n’avez rien demandé ? Ne faites rien : sans ce code, personne ne voit ni ne change quoi que ce "
    "soit. Si quelqu’un vous appelle pour l’obtenir, ne le donnez pas.\n\n"
    "{company}\n{contact}\n",
    "Hello,\n\n"
    "Your code for {company}:\n\n{code}\n\n"
    "Or open this link, then press the button:\n{link}\n\n"
    "Either works for {minutes} minutes, and once.\n\n"
    "You did not ask for this? Do nothing: without this code, nobody sees or changes anything. Give it to "
    "nobody who calls you.\n\n"
    "{company}\n{contact}\n",
)
_NEW = Text(
    "Bonjour,\n\n"
    "Quelqu’un veut que {company} vous écrive à cette adresse. Si c’est vous, voici le code à entrer sur la "
    "page qui l’attend :\n\n{code}\n\n"
    "Il est valable {minutes} minutes et ne sert qu’une fois.\n\n"
    "Ce n’était pas vous ? Ne faites rien : sans ce code, rien ne change. Si quelqu’un vous appelle pour "
    "l’obtenir, ne le donnez pas.\n\n"
    "{company}\n{contact}\n",
    "Hello,\n\n"
    "Somebody wants {company} to write to this address. If that is you, here is the code to enter on the "
    "page that waits for it:\n\n{code}\n\n"
    "It works for {minutes} minutes, and once.\n\n"
    "It was not you? Do nothing: without this code nothing changes. Give it to nobody who calls you.\n\n"
    "{company}\n{contact}\n",
)
"""To an address that is not on record yet: it opens nothing."""
_TEXT = Text(
    "{company} : votre code est {code}. Il est valable {minutes} minutes. Ne le donnez à personne.",
    "{company}: your code is {code}. It lasts {minutes} minutes. Give it to nobody.",
)


def code_mail(sending: Sending, public_url: str) -> Message:
    """Raises ValueError where the address on record is none that mail can be sent to."""
    language = choose(sending.language, None)
    controller = sending.controller
    words = {
        "code": _spaced(sending.code),
        "company": controller.name,
        "minutes": CODE_MINUTES,
        "link": f"{public_url}/my/in/{sending.link}?lang={language}",
        "contact": controller.dpo.email or controller.contact.email or "",
    }
    return Message(
        number=new_id(),
        to=mail_address(sending.to.value),
        subject=_SUBJECT(language).format(**words),
        text=(_MAIL if sending.link else _NEW)(language).format(**words),
        language=language,
    )


def code_text(sending: Sending) -> TextMessage:
    language = choose(sending.language, None)
    text = _TEXT(language).format(
        code=_spaced(sending.code), company=sending.controller.name, minutes=CODE_MINUTES
    )
    return TextMessage(number=new_id(), to=sending.to.value, text=text, language=language)


def _spaced(code: str) -> str:
    return f"{code[:4]} {code[4:]}"
