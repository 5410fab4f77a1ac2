"""staff add, list, leave: who decides on people's requests."""

from typing import Literal
from uuid import UUID

import click

from consentd.app import Parts
from consentd.base.i18n import LANGUAGES, Language
from consentd.base.mail_address import mail_address
from consentd.callers import staff as colleagues
from consentd.callers.staff import Colleague
from consentd.cli.common import command, fail, json_option, say, with_parts
from consentd.evidence.model import OPERATOR


@click.group()
def staff() -> None:
    """The DPO and colleagues: who decides on people's requests."""


@staff.command()
@click.argument("name")
@click.argument("email")
@click.option("--role", type=click.Choice(["dpo", "agent"]), default="agent", show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="fr", show_default=True)
@json_option
@command
def add(name: str, email: str, role: Literal["dpo", "agent"], language: Language, as_json: bool) -> None:
    """Note that NAME, reached at EMAIL, decides on requests; prints the id that their decisions bear."""
    try:
        mail_address(email)
    except ValueError as reason:
        fail(f"What is given as EMAIL {reason}.")

    async def work(parts: Parts) -> Colleague:
        return await parts.database.change(
            lambda unit: colleagues.add(unit, parts.keyring, name, email, language, role, OPERATOR)
        )

    made = with_parts(work)
    say({"id": made.id, "role": role}, as_json=as_json, text=f"{name} decides from now on, as {made.id}.")


@staff.command("list")
@json_option
@command
def list_(as_json: bool) -> None:
    """Who decides, and who did."""

    async def work(parts: Parts) -> list[Colleague]:
        return await parts.database.read(lambda connection: colleagues.everyone(connection, parts.keyring))

    found = with_parts(work)
    lines = [f"{one.id}  {one.role:<6}{one.name}{' (left)' if one.left_at else ''}" for one in found]
    text = "\n".join(lines) or "Nobody yet: `consentd staff add NAME EMAIL`."
    told = [{"id": one.id, "role": one.role, "name": one.name, "left": bool(one.left_at)} for one in found]
    say(told, as_json=as_json, text=text)


@staff.command()
@click.argument("id_", metavar="ID", type=click.UUID)
@command
def leave(id_: UUID) -> None:
    """Note that a colleague decides nothing any more. What they decided stands."""

    async def work(parts: Parts) -> None:
        await parts.database.change(lambda unit: colleagues.leave(unit, parts.keyring, id_, OPERATOR))

    with_parts(work)
    click.echo(f"{id_} decides nothing from now on.")


COMMANDS = (staff,)
