"""restore: after the database was put back from a backup, doing again what it forgot."""

import asyncio

import click

from consentd.app import Parts
from consentd.base import clock
from consentd.cli.common import command, json_option, say, with_parts
from consentd.crypto.keyring import with_fresh_keys
from consentd.dsr.restoring import Replayed, behind, lost, replay, set_aside
from consentd.evidence import outside
from consentd.evidence.journal import StopKind


@click.group()
def restore() -> None:
    """After a backup was put back."""


@restore.command(name="replay")
@click.option("--yes", is_flag=True, help="Do not ask before people are erased again.")
@json_option
@command
def replay_(yes: bool, as_json: bool) -> None:
    """Do again the withdrawals, objections, restrictions and erasures that the backup forgot, and destroy
    again the copies of somebody's data that were destroyed since.

    The service does not serve before. May be run again: what was done is not done twice.
    """

    async def work(parts: Parts) -> tuple[Replayed, str | None]:
        path = parts.settings.checkpoint_file
        before = await asyncio.to_thread(outside.read, path)
        put_back = await parts.database.read(
            lambda connection: behind(connection, parts.keyring, parts.origin, before)
        )
        found = await parts.database.read(
            lambda connection: lost(connection, parts.keyring, parts.settings.journal_file)
        )
        erasures = sum(stop.kind is StopKind.ERASED for stop in found)
        if erasures and not yes:
            # A line may be of an erasure that a crash undid before it was acknowledged (decision 0011).
            question = f"{erasures} erasures are in the stop journal and not in the database. Do them again?"
            click.confirm(question, abort=True, err=True)
        done = await with_fresh_keys(
            parts.keyring,
            parts.database,
            lambda: parts.database.change(
                lambda unit: replay(
                    unit,
                    parts.keyring,
                    parts.policies.active(unit.connection),
                    parts.settings.journal_file,
                    before,
                )
            ),
        )
        # What was shredded must not be readable in the write-ahead log either.
        await parts.database.checkpoint_truncate()
        kept = await asyncio.to_thread(set_aside, path, clock.now()) if put_back else None
        return done, str(kept) if kept else None

    done, kept = with_parts(work, restoring=True)
    aside = f"\nThe checkpoint of before is kept as evidence: {kept}." if kept else ""
    say(
        {"replayed": done, "checkpoint_before": kept},
        as_json=as_json,
        text=f"{done.lines} lines of the stop journal were not in the database. Done again: {done.erased} "
        f"erasures, {done.withdrawn} withdrawals, {done.objected} objections, {done.restricted} "
        f"restrictions, {done.copies} copies destroyed; {done.nobody} were about people or copies that the "
        f"backup does not know.{aside}",
    )


COMMANDS = [restore]
