"""erasures: people who were erased, and whom a silo brought back."""

import click
import msgspec

from consentd.app import Parts
from consentd.callers.service import list_systems
from consentd.cli.common import command, json_option, say, with_parts
from consentd.kernel.instants import to_text
from consentd.subjects.erased import raised


class Alarm(msgspec.Struct, frozen=True):
    """Somebody erased who came back. Names nobody: the ledger keeps a hash, and no more."""

    at: str
    system: str | None
    ledger_id: str
    scheme: str
    erased_on: str
    entry_id: str


@click.group()
def erasures() -> None:
    """Erased people, and silos that bring them back."""


@erasures.command()
@json_option
@command
def alarms(as_json: bool) -> None:
    """Which silos still had somebody who was erased, and when they said so."""

    async def work(parts: Parts) -> list[Alarm]:
        systems = {one.system.id: one.system.name for one in await parts.database.read(list_systems)}
        return [
            Alarm(
                to_text(row["at"]),
                systems.get(row["system_id"]),
                str(row["ledger_id"]),
                row["scheme"],
                to_text(row["erased_on"])[:10],
                str(row["entry_id"]),
            )
            for row in await parts.database.read(raised)
        ]

    found = with_parts(work)
    lines = [
        f"{one.at}  {one.system or '-'}  {one.scheme} of somebody erased on {one.erased_on} "
        f"(ledger {one.ledger_id}, log entry {one.entry_id})"
        for one in found
    ]
    say(found, as_json=as_json, text="\n".join(lines) or "No silo brought anybody back.")


COMMANDS = [erasures]
