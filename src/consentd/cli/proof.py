"""proof: why somebody was contacted, for whoever asks at a terminal."""

import click

from consentd.app import Parts
from consentd.base import clock
from consentd.base.i18n import Language
from consentd.check.proof_asked import ProofAsked
from consentd.check.proof_words import in_words
from consentd.check.proving import ContactProof, prove
from consentd.cli.common import command, fail, json_option, say, with_parts
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.policy.service import PolicyBook
from consentd.subjects.doing import log_reading
from consentd.subjects.requests import Identifier


@click.command()
@click.option("--phone", default=None, help="The number that was called.")
@click.option("--email", default=None, help="The address that was written to.")
@click.option("--identifier", default=None, help="Another contact detail: SCHEME:VALUE.")
@click.option("--on", required=True, metavar="DAY", help="The day, for example 2026-11-03.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="en", show_default=True)
@json_option
@command
def proof(
    phone: str | None, email: str | None, identifier: str | None, on: str, lang: Language, as_json: bool
) -> None:
    """Why somebody was contacted that day: what was consented, shown, decided and attempted, with proofs."""
    asked = ProofAsked(_contact_point(phone, email, identifier), on)

    async def work(parts: Parts) -> tuple[ContactProof, str]:
        book = PolicyBook()

        def read(unit: Unit) -> tuple[ContactProof, str]:
            about, found = prove(unit.connection, parts.keyring, book, asked, lang, clock.now())
            policy = book.active(unit.connection).policy
            log_reading(unit, parts.keyring, "contact.proved", OPERATOR, about, policy.hash)
            return found, in_words(found, policy, lang)

        return await parts.database.change(read)

    found, text = with_parts(work)
    say(found, as_json=as_json, text=text)


def _contact_point(phone: str | None, email: str | None, identifier: str | None) -> Identifier:
    given = [("phone", phone), ("email", email)]
    named = [Identifier(scheme, value) for scheme, value in given if value]
    if identifier:
        scheme, _, value = identifier.partition(":")
        if not scheme or not value:
            fail("--identifier takes SCHEME:VALUE, for example postal:1 rue du Port.")
        named.append(Identifier(scheme, value))
    if len(named) != 1:
        fail("Name one contact detail: --phone, --email or --identifier SCHEME:VALUE.")
    return named[0]


COMMANDS = (proof,)
