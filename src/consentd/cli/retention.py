"""retention: what the policy and the law have kept long enough, told before, carried out, and told after."""

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click
import msgspec

from consentd.app import Parts
from consentd.base import clock
from consentd.base.i18n import Language
from consentd.cli import retention_words as words
from consentd.cli.common import command, json_option, language_option, say, with_parts
from consentd.consent.kept_proofs import ProofsDestroyed, destroyed, purge_proofs
from consentd.dsr import retaining
from consentd.dsr.retaining import Begun
from consentd.dsr.retention import Preview
from consentd.dsr.retention import preview as previewed
from consentd.dsr.retention_report import Report
from consentd.dsr.retention_report import report as reported
from consentd.evidence.model import OPERATOR
from consentd.kernel.instants import DAY, Instant


class _Reported(NamedTuple):
    people: Report
    proofs: tuple[ProofsDestroyed, ...]


@click.group()
def retention() -> None:
    """What has been kept long enough: people, and proofs of those who were erased."""


@retention.command()
@language_option
@json_option
@command
def preview(language: Language, as_json: bool) -> None:
    """How many people each rule has kept long enough, in which silos, and who is held back; and how many
    proofs of erased people the law keeps, until when. Erases nothing.
    """

    async def work(parts: Parts) -> tuple[Preview, ZoneInfo]:
        found = await previewed(parts.database, parts.keyring, parts.policies, OPERATOR, clock.now())
        return found, await _zone(parts)

    found, zone = with_parts(work)
    say(found, as_json=as_json, text="\n".join(words.previewed(found, zone, language)))


@retention.command()
@click.option(
    "--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many people"
)
@language_option
@json_option
@command
def run(most: int, language: Language, as_json: bool) -> None:
    """Begins to erase people whom the policy has kept long enough; the service carries it out in every silo.
    Destroys the proofs that no law keeps any more. Look at the preview first.
    """

    async def work(parts: Parts) -> tuple[Begun, int]:
        proofs = await purge_proofs(parts.database, parts.keyring, OPERATOR)
        # What was shredded must not be readable in the write-ahead log either.
        await parts.database.checkpoint_truncate()
        begun = await retaining.run(
            parts.database, parts.keyring, parts.policies, OPERATOR, clock.now(), most
        )
        return begun, proofs

    begun, proofs = with_parts(work)
    told = {**msgspec.to_builtins(begun), "proofs_destroyed": proofs}
    say(told, as_json=as_json, text="\n".join(words.begun(begun, proofs, language)))


@retention.command()
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="how far back")
@language_option
@json_option
@command
def report(days: int, language: Language, as_json: bool) -> None:
    """What came of it: how far the erasures of the last days are, what each silo erased and kept, and which
    proofs were destroyed, when, by which article.
    """

    async def work(parts: Parts) -> _Reported:
        since, zone = Instant(clock.now() - days * DAY), await _zone(parts)

        def all_of_it(connection: Any) -> _Reported:  # Any: a database connection
            proofs = destroyed(connection, parts.keyring, since, zone)
            return _Reported(reported(connection, since), proofs)

        return await parts.database.read(all_of_it)

    found, proofs = with_parts(work)
    told = {
        **msgspec.to_builtins(found),
        "proofs": msgspec.to_builtins(proofs),
    }
    say(told, as_json=as_json, text="\n".join(words.reported(found, proofs, days, language)))


async def _zone(parts: Parts) -> ZoneInfo:
    return ZoneInfo((await parts.database.read(parts.policies.active)).policy.controller.zone)


COMMANDS = [retention]
