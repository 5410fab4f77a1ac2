"""retention: what the policy and the law have kept long enough, told before, carried out, and told after."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click
import msgspec

from consentd.app import Parts
from consentd.base import clock
from consentd.base.i18n import Language
from consentd.cli import retention_tables_words as table_words
from consentd.cli import retention_words as words
from consentd.cli.common import command, json_option, language_option, say, with_parts
from consentd.consent.kept_proofs import ProofsDestroyed, destroyed, purge_proofs
from consentd.dsr import retaining
from consentd.dsr.composed import Requests
from consentd.dsr.expiring.beginning import begin as begin_tables
from consentd.dsr.expiring.previewing import TablesPreview
from consentd.dsr.expiring.previewing import preview as tables_previewed
from consentd.dsr.expiring.reporting import TablesReport
from consentd.dsr.expiring.reporting import report as tables_reported
from consentd.dsr.retaining import Begun
from consentd.dsr.retention import Preview
from consentd.dsr.retention import preview as previewed
from consentd.dsr.retention_report import Report
from consentd.dsr.retention_report import report as reported
from consentd.evidence.model import OPERATOR
from consentd.kernel.instants import DAY, Instant


class _Reported(NamedTuple):
    people: Report
    tables: tuple[TablesReport, ...]
    proofs: tuple[ProofsDestroyed, ...]


@click.group()
def retention() -> None:
    """What has been kept long enough: people, rows of silos' own tables, proofs of those who were erased."""


@retention.command()
@language_option
@json_option
@command
def preview(language: Language, as_json: bool) -> None:
    """How many people each rule has kept long enough, in which silos, and who is held back; how many proofs
    of erased people the law keeps, until when; and which rows of silos' own tables are due, with the SQL.
    Erases nothing.
    """

    async def work(parts: Parts) -> tuple[Preview, TablesPreview, ZoneInfo]:
        found = await previewed(parts.database, parts.keyring, parts.policies, OPERATOR, clock.now())
        async with _requests(parts) as requests:
            tables = await tables_previewed(
                parts.database, parts.keyring, parts.policies, requests.connector, OPERATOR
            )
        return found, tables, await _zone(parts)

    found, tables, zone = with_parts(work)
    lines = [*words.previewed(found, zone, language), *table_words.previewed(tables, language)]
    told = {**msgspec.to_builtins(found), **msgspec.to_builtins(tables)}
    say(told, as_json=as_json, text="\n".join(lines))


@retention.command()
@click.option(
    "--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many people"
)
@click.option(
    "--rows",
    type=click.IntRange(0, 100_000),
    default=1_000,
    show_default=True,
    help="how many rows of each silo's own tables; 0: none",
)
@language_option
@json_option
@command
def run(most: int, rows: int, language: Language, as_json: bool) -> None:
    """Begins to erase people whom the policy has kept long enough, and rows of silos' own tables; the service
    carries it out in every silo. Destroys the proofs that no law keeps any more. Look at the preview first.
    """

    async def work(parts: Parts) -> tuple[Begun, tuple[str, ...], int]:
        proofs = await purge_proofs(parts.database, parts.keyring, OPERATOR)
        # What was shredded must not be readable in the write-ahead log either.
        await parts.database.checkpoint_truncate()
        begun = await retaining.run(
            parts.database, parts.keyring, parts.policies, OPERATOR, clock.now(), most
        )
        silos: tuple[str, ...] = ()
        if rows:
            silos = await begin_tables(parts.database, parts.keyring, parts.policies, OPERATOR, rows)
        return begun, silos, proofs

    begun, silos, proofs = with_parts(work)
    told = {**msgspec.to_builtins(begun), "proofs_destroyed": proofs, "tables_begun": list(silos)}
    lines = [*words.begun(begun, proofs, language), *table_words.begun(silos, language)]
    say(told, as_json=as_json, text="\n".join(lines))


@retention.command()
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="how far back")
@language_option
@json_option
@command
def report(days: int, language: Language, as_json: bool) -> None:
    """What came of it: how far the erasures of the last days are, what each silo erased and kept, of people
    and in its own tables, and which proofs were destroyed, when, by which article.
    """

    async def work(parts: Parts) -> _Reported:
        since, zone = Instant(clock.now() - days * DAY), await _zone(parts)

        def all_of_it(connection: Any) -> _Reported:  # Any: a database connection
            proofs = destroyed(connection, parts.keyring, since, zone)
            return _Reported(reported(connection, since), tables_reported(connection, since), proofs)

        return await parts.database.read(all_of_it)

    found, tables, proofs = with_parts(work)
    told = {
        **msgspec.to_builtins(found),
        "tables": msgspec.to_builtins(tables),
        "proofs": msgspec.to_builtins(proofs),
    }
    lines = [*words.reported(found, proofs, days, language), *table_words.reported(tables, language)]
    say(told, as_json=as_json, text="\n".join(lines))


@asynccontextmanager
async def _requests(parts: Parts) -> AsyncIterator[Requests]:
    requests = Requests(parts.settings, parts.database, parts.keyring, parts.policies, clock.now)
    try:
        yield requests
    finally:
        await requests.close()


async def _zone(parts: Parts) -> ZoneInfo:
    return ZoneInfo((await parts.database.read(parts.policies.active)).policy.controller.zone)


COMMANDS = [retention]
