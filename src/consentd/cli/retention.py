"""retention: people of whom nothing was heard for as long as the policy says."""

import click

from consentd.app import Parts
from consentd.base import clock
from consentd.cli.common import command, json_option, say, with_parts
from consentd.dsr import retaining
from consentd.dsr.retaining import Begun
from consentd.dsr.retention import Preview, RulePreview
from consentd.dsr.retention import preview as previewed
from consentd.dsr.retention_report import Report
from consentd.dsr.retention_report import report as reported
from consentd.evidence.model import OPERATOR
from consentd.kernel.instants import DAY, Instant


@click.group()
def retention() -> None:
    """People whose time is over."""


@retention.command()
@json_option
@command
def preview(as_json: bool) -> None:
    """How many people each rule has kept long enough, in which silos, and who is held back. Erases nobody."""

    async def work(parts: Parts) -> Preview:
        return await previewed(parts.database, parts.keyring, parts.policies, OPERATOR, clock.now())

    found = with_parts(work)
    lines = [line for rule in found.rules for line in _lines(rule, found.people)]
    say(found, as_json=as_json, text="\n".join(lines) or "The policy has no rule under `keeping`.")


@retention.command()
@click.option(
    "--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many people"
)
@json_option
@command
def run(most: int, as_json: bool) -> None:
    """Begins to erase people whom the policy has kept long enough; the service carries it out in every silo.
    Look at the preview first.
    """

    async def work(parts: Parts) -> Begun:
        return await retaining.run(parts.database, parts.keyring, parts.policies, OPERATOR, clock.now(), most)

    begun = with_parts(work)
    lines = [f"Erasures begun: {len(begun.requests)}. People looked at: {begun.looked_at}."]
    if begun.unreachable:
        lines.append(f"Due, but known by nothing that a silo could be asked for: {begun.unreachable}.")
    say(begun, as_json=as_json, text="\n".join(lines))


@retention.command()
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="how far back")
@json_option
@command
def report(days: int, as_json: bool) -> None:
    """What came of it: how far the erasures of the last days are, and what each silo erased and kept."""

    async def work(parts: Parts) -> Report:
        since = Instant(clock.now() - days * DAY)
        return await parts.database.read(lambda connection: reported(connection, since))

    found = with_parts(work)
    states = ", ".join(f"{count} {state}" for state, count in found.states.items())
    lines = [f"Begun in the last {days} days: {found.people}" + (f" ({states})" if states else "")]
    lines += _silos(found)
    say(found, as_json=as_json, text="\n".join(lines))


def _silos(found: Report) -> list[str]:
    lines = []
    for silo in found.silos:
        answers = ", ".join(f"{count} {verdict}" for verdict, count in silo.answers.items())
        lines.append(f"  {silo.system}: {answers}; {silo.deleted} rows deleted, {silo.changed} changed")
        lines += [f"    {count} kept: {because}" for because, count in silo.kept.items()]
    return lines


def _lines(rule: RulePreview, people: int) -> list[str]:
    held = [f"{count} by a {what}" for what, count in rule.held.items() if count and what != "restricted"]
    held += [f"{rule.held['restricted']} because their data are frozen"] if rule.held["restricted"] else []
    known = [f"{system} {count}" for system, count in rule.systems.items() if count]
    return [
        f"{rule.rule}: {rule.due} of {people} people, {rule.months} months without a sign ({rule.because})",
        *([f"  held back     {', '.join(held)}"] if held else []),
        *([f"  may be known  {', '.join(known)}"] if known else []),
        *([f"  for example   {' '.join(map(str, rule.examples))}"] if rule.examples else []),
    ]


COMMANDS = [retention]
