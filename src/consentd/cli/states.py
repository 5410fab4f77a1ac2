"""states: proving that what stands is the fold of what happened, and building it anew."""

import click

from consentd.app import Parts
from consentd.cli.common import command, json_option, say, with_parts
from consentd.consent.comparing import differences
from consentd.consent.rebuilding import rebuild_all


@click.group()
def states() -> None:
    """The folded states of everyone's choices."""


@states.command()
@json_option
@command
def verify(as_json: bool) -> None:
    """Prove that every state equals the fold of its events. Exit code 1 where one does not."""

    async def work(parts: Parts) -> list[tuple[str, str, str]]:
        return await parts.database.read(lambda connection: list(differences(connection)))

    found = with_parts(work)
    text = (
        "\n".join(f"{table} {who}: {how}" for table, who, how in found)
        or "Every state is the fold of its events."
    )
    say({"valid": not found, "differences": found}, as_json=as_json, text=text)
    if found:
        raise SystemExit(1)


@states.command()
@json_option
@command
def rebuild(as_json: bool) -> None:
    """Build every state anew from the events. The events themselves are never touched."""

    async def work(parts: Parts) -> int:
        return await rebuild_all(parts.database, parts.keyring)

    count = with_parts(work)
    say({"people": count}, as_json=as_json, text=f"The states of {count} people were built anew.")


COMMANDS = [states]
