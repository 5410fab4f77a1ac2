"""retention: people of whom nothing was heard for as long as the policy says."""

import click

from consentd.app import Parts
from consentd.base import clock
from consentd.cli.common import command, json_option, say, with_parts
from consentd.dsr.retention import Preview, RulePreview
from consentd.dsr.retention import preview as previewed
from consentd.evidence.model import OPERATOR


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
