"""The mail that brings a code. It says what was asked for and nothing else: whoever reads it may not have
asked, and may not be the only one who reads it.
"""

from consentd.base.i18n import Text, choose
from consentd.base.ids import new_id
from consentd.base.mail_address import mail_address
from consentd.dsr.identity import CODE_MINUTES, Sending
from consentd.kernel.policy import Controller
from consentd.net.message import Message

_SUBJECT = Text("{code} : votre code pour {company}", "{code}: your code for {company}")
_TEXT = Text(
    "Bonjour,\n\n"
    "Votre code : {code}\n\n"
    "Quelqu’un a fait une demande sur ses données personnelles auprès de {company}, avec cette adresse. "
    "Si c’est vous, donnez ce code là où on vous l’a demandé. Il vaut {minutes} minutes, une seule fois.\n\n"
    "Si ce n’est pas vous, ne faites rien : sans ce code, rien ne sera envoyé ni effacé. Ne le donnez à "
    "personne qui vous appelle.\n\n"
    "{company}\n{contact}\n",
    "Hello,\n\n"
    "Your code: {code}\n\n"
    "Somebody made a request about their personal data to {company}, with this address. If that is you, give "
    "this code where you were asked for it. It lasts {minutes} minutes, and works once.\n\n"
    "If it is not you, do nothing: without this code, nothing will be sent or erased. Give it to nobody who "
    "calls you.\n\n"
    "{company}\n{contact}\n",
)


def code_mail(sending: Sending, controller: Controller) -> Message:
    """Raises ValueError where the address on record is none that mail can be sent to."""
    language = choose(sending.language, None)
    words = {
        "code": f"{sending.code[:4]} {sending.code[4:]}",
        "company": controller.name,
        "minutes": CODE_MINUTES,
        "contact": controller.dpo.email or controller.contact.email or "",
    }
    return Message(
        number=new_id(),
        to=mail_address(sending.to),
        subject=_SUBJECT(language).format(**words),
        text=_TEXT(language).format(**words),
        language=language,
    )
