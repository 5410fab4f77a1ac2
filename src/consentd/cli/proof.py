"""proof: why somebody was contacted, for whoever asks at a terminal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click

from consentd.app import Parts
from consentd.base import clock
from consentd.base.i18n import Language, Text
from consentd.check.proof_asked import ProofAsked
from consentd.check.proof_words import in_words
from consentd.check.proving import ContactProof, prove
from consentd.cli.common import command, fail, json_option, language_option, say, with_parts
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import NotFound, Unprocessable
from consentd.policy.service import PolicyBook
from consentd.subjects.doing import log_reading
from consentd.subjects.requests import Identifier

_DAY = Text("2026-11-03, ou 03/11/2026", "2026-11-03")
_FRENCH_DAY = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
_ONE = Text(
    "Nommez une seule coordonnée : --phone, --email ou --identifier TYPE:VALEUR.",
    "Name one contact detail: --phone, --email or --identifier SCHEME:VALUE.",
)
_TWO_PARTS = Text(
    "--identifier prend TYPE:VALEUR, par exemple postal:1 rue du Port.",
    "--identifier takes SCHEME:VALUE, for example postal:1 rue du Port.",
)
_REFUSALS = {
    "unknown_subject": Text(
        "Cette coordonnée n’est à personne que consentd connaît. Vérifiez-la, un numéro étranger avec son "
        "indicatif (+32…) ; ou la personne a été effacée. Ce n’est pas une preuve que personne n’a été "
        "contacté : demandez à l’outil d’où le contact est venu.",
        "Nobody is on record under this contact detail. Check it, a number from abroad with its country code "
        "(+32…); or the person was erased. It is no proof that nobody was contacted: ask the tool that the "
        "contact came from.",
    ),
    "invalid_date": Text(
        f"Ce n’est pas un jour du calendrier. Écrivez-le ainsi : {_DAY.fr}.",
        f"This is no day of the calendar. Write it like this: {_DAY.en}.",
    ),
    "future_date": Text(
        "Ce jour n’a pas encore commencé : il n’y a rien à prouver. Vérifiez la date.",
        "That day has not begun yet, so there is nothing to prove. Check the date.",
    ),
    "unknown_scheme": Text(
        "Les règles ne connaissent pas ce type de coordonnée. Ceux qu’elles connaissent sont dans "
        "channels.yaml : email, phone, …",
        "The rules know no such kind of contact detail. Those that they know are in channels.yaml: email, "
        "phone, …",
    ),
    "invalid_identifier": Text(
        "Cette valeur n’est ni une adresse ni un numéro possible. Corrigez-la, et écrivez un numéro de "
        "téléphone au mieux avec son indicatif : +33…",
        "This value is no possible address or number. Correct it; a telephone number is best written with "
        "its country code: +33…",
    ),
}
"""Of what the proof refuses, the words for whoever typed it: the message is for whoever programmed it."""


@click.command()
@click.option("--phone", default=None, help="The number that was called.")
@click.option("--email", default=None, help="The address that was written to.")
@click.option("--identifier", default=None, help="Another contact detail: SCHEME:VALUE.")
@click.option("--on", required=True, metavar="DAY", help="The day, for example 2026-11-03.")
@language_option
@json_option
@command
def proof(
    phone: str | None, email: str | None, identifier: str | None, on: str, language: Language, as_json: bool
) -> None:
    """Why somebody was contacted that day: what was done, chosen, shown and allowed, with proofs.

    For the person who asks, and for a judge. That you asked is recorded in the log.
    """
    asked = ProofAsked(_contact_point(phone, email, identifier, language), _day(on, language))

    async def work(parts: Parts) -> tuple[ContactProof, str]:
        book = PolicyBook()

        def read(unit: Unit) -> tuple[ContactProof, str]:
            about, found = prove(unit.connection, parts.keyring, book, asked, language, clock.now())
            policy = book.active(unit.connection).policy
            log_reading(unit, parts.keyring, "contact.proved", OPERATOR, about, policy.hash)
            return found, in_words(found, policy, language)

        return await parts.database.change(read)

    with _said_in(language):
        found, text = with_parts(work)
    say(found, as_json=as_json, text=text)


@contextmanager
def _said_in(language: Language) -> Iterator[None]:
    """What is refused is said in the language of the answer."""
    try:
        yield
    except (NotFound, Unprocessable) as error:
        if error.code not in _REFUSALS:
            raise
        fail(_REFUSALS[error.code](language))


def _day(text: str, language: Language) -> str:
    """As it is written in French too: 03/11/2026. In English that day could be the eleventh of March."""
    written = _FRENCH_DAY.fullmatch(text.strip())
    if written is not None and language == "fr":
        day, month, year = written.groups()
        return f"{year}-{int(month):02}-{int(day):02}"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()) is None:
        fail(_REFUSALS["invalid_date"](language))
    return text.strip()


def _contact_point(
    phone: str | None, email: str | None, identifier: str | None, language: Language
) -> Identifier:
    given = [("phone", phone), ("email", email)]
    named = [Identifier(scheme, value) for scheme, value in given if value]
    if identifier:
        scheme, _, value = identifier.partition(":")
        if not scheme or not value:
            fail(_TWO_PARTS(language))
        named.append(Identifier(scheme, value))
    if len(named) != 1:
        fail(_ONE(language))
    return named[0]


COMMANDS = (proof,)
