"""Telling the person that their copy is ready (GDPR 12(3)): a mail that says so, and nothing of its content.

It goes to the contact detail that proved who asked, and brings no link: who reads a mailbox for a moment, or
years later, must not find a door in it. A code is asked for first. Where no contact detail proved it, staff
are told that they have to hand the copy over.
"""

from consentd.base.dates import day_in_words
from consentd.base.i18n import Text, choose
from consentd.dsr import outgoing, telling
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.copying import store
from consentd.dsr.outgoing import Letter
from consentd.dsr.states import State

SUBJECT = Text("Votre demande à {company} : c’est prêt", "Your request to {company}: it is ready")
TEXT = Text(
    "Bonjour,\n\n"
    "Ce que vous avez demandé à {company} est prêt. Pour le recevoir, demandez un code là où vous avez fait "
    "votre demande : il arrivera à cette adresse, et vous ouvrira un lien qui sert une fois.\n\n"
    "{rest}"
    "Vous avez jusqu’au {day}. Après, tout est détruit ; vous pourrez demander de nouveau.\n\n"
    "Numéro de votre demande : {request}\n\n"
    "{company}\n{contact}\n",
    "Hello,\n\n"
    "What you asked {company} for is ready. To get it, ask for a code where you made your request: it comes "
    "to this address, and opens a link that works once.\n\n"
    "{rest}"
    "You have until {day}. After that all of it is destroyed; you can ask again.\n\n"
    "Number of your request: {request}\n\n"
    "{company}\n{contact}\n",
)
REST = Text(
    "Une partie manque encore : votre demande reste ouverte, et nous vous écrirons quand elle sera là.\n\n",
    "A part is still missing: your request stays open, and we will write to you when it is there.\n\n",
)


def ready(case: RequestCase) -> None:
    """In the unit of the release: the mail leaves if that was committed, and then it does leave."""
    package = store.packages(case.unit.connection, case.id)[-1]
    to = case.content().answer_to
    kind = None if to is None else case.compiled.policy.identifiers.get(to[0])
    if to is None or kind is None or kind.kind != "email":
        telling.by_hand(case, f"copy:{package['id']}")
        return
    policy, language = case.compiled.policy, choose(case.row["language"], None)
    controller = policy.controller
    said = {
        "company": controller.name,
        "contact": controller.dpo.email or controller.contact.email or "",
        "day": day_in_words(local_day(package["expires_at"] - 1, policy), language),
        "request": str(case.id),
        "rest": REST(language) if case.state is State.PARTIAL else "",
    }
    letter = Letter(
        to=to[1],
        subject=SUBJECT(language).format(**said),
        text=TEXT(language).format(**said),
        language=language,
    )
    outgoing.put(case, f"copy:{package['id']}", letter)
