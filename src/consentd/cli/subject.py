"""subject: what is done to one person at the command line."""

from uuid import UUID

import click

from consentd.app import Parts
from consentd.cli import merging
from consentd.cli.common import command, fail, json_option, say, with_parts
from consentd.consent.erasure import Certificate
from consentd.consent.erasure import erase as erase_subject
from consentd.evidence.model import OPERATOR
from consentd.kernel.ids import SubjectId
from consentd.policy.service import PolicyBook
from consentd.subjects.requests import Identifier
from consentd.subjects.service import look_up


@click.group()
def subject() -> None:
    """People: erasing one, and who is one person with whom."""


@subject.command()
@click.argument("subject_id", required=False)
@click.option(
    "--identifier", default=None, help="Instead of an id: SCHEME:VALUE, or SCHEME:- to type it unseen."
)
@click.option(
    "--keep-suppression/--no-keep-suppression",
    default=False,
    help="Keep the contact details on the do-not-contact list, as keyed hashes.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@command
def erase(
    subject_id: str | None, identifier: str | None, keep_suppression: bool, yes: bool, as_json: bool
) -> None:
    """Erase a person: content and look-up entries at once; what the law orders is kept sealed, and named."""
    named = _identifier(identifier)
    if (subject_id is None) == (named is None):
        fail("Name the person by either their id or --identifier SCHEME:VALUE.")
    # Before the question: nobody should confirm what cannot be done.
    known = None if subject_id is None else _subject(subject_id)
    if not yes:
        click.confirm("This cannot be undone. Erase this person?", abort=True, err=True)

    async def work(parts: Parts) -> Certificate:
        book = PolicyBook()
        wanted = known or await _named(parts, book, named)
        certificate = await parts.database.change(
            lambda unit: erase_subject(
                unit,
                parts.keyring,
                book.active(unit.connection),
                OPERATOR,
                wanted,
                keep_suppression=keep_suppression,
            )
        )
        # What was shredded must not be readable in the write-ahead log either.
        if not await parts.database.checkpoint_truncate():
            click.echo(
                "The write-ahead log is in use and was not emptied yet: run `consentd keys purge`.", err=True
            )
        return certificate

    certificate = with_parts(work)
    kept = "\n".join(
        f"  kept: {one.what} ({one.because})" + (f", until {one.until}" if one.until else "")
        for one in certificate.kept
    )
    say(
        certificate,
        as_json=as_json,
        text=f"Erased at {certificate.erased_at}: {certificate.identifiers_removed} identifiers removed, "
        f"{certificate.suppressions_added} contact details added to the do-not-contact list.\n{kept}\n"
        f"Log entry {certificate.entry_id}.",
    )


def _identifier(text: str | None) -> Identifier | None:
    if text is None:
        return None
    scheme, _, value = text.partition(":")
    if not scheme or not value:
        fail("--identifier takes SCHEME:VALUE, for example email:ana@exemple.fr.")
    return Identifier(scheme, click.prompt("Value", hide_input=True) if value == "-" else value)


def _subject(text: str) -> SubjectId:
    try:
        return SubjectId(UUID(text))
    except ValueError:
        # Not repeated: it may be an address, typed in the wrong place.
        fail(
            "This is not the id of a person, which has 36 characters, as `subject erase` or "
            "POST /v1/subjects/lookup tell it. To name someone by an address, say "
            "--identifier SCHEME:VALUE."
        )


async def _named(parts: Parts, book: PolicyBook, named: Identifier | None) -> SubjectId:
    assert named is not None
    found = await parts.database.read(
        lambda connection: look_up(connection, parts.keyring, book.active(connection).policy, [named], None)
    )
    if not found:
        fail(
            "Nobody is known by this identifier: it may be spelled otherwise, or the person is erased "
            "already."
        )
    if len(found) > 1:
        ids = "".join(f"\n  {one.id}" for one in found)
        fail(f"Several people share this identifier. Name the one you mean by their id:{ids}")
    return found[0].id


for one in merging.COMMANDS:
    subject.add_command(one)

COMMANDS = [subject]
