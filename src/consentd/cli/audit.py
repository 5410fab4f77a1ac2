"""audit: proving the log, or finding where it was touched."""

import asyncio
import time
from typing import Any

import click

from consentd.app import Parts
from consentd.cli.common import command, json_option, opened, say, settings
from consentd.consent.verifying import state_check
from consentd.evidence import outside
from consentd.evidence.service import Status, status
from consentd.evidence.verifier.finding import Finding
from consentd.evidence.verifier.service import verify as verify_log
from consentd.policy.service import log_origin


@click.group()
def audit() -> None:
    """The verifiable log."""


@audit.command()
@json_option
@command
def verify(as_json: bool) -> None:
    """Recompute rows, tree, folds and look-ups; name the first bad place. Exit code 1 if there is one."""

    async def run() -> tuple[list[Finding], Status]:
        async with opened(settings()) as parts:
            return await _verify(parts)

    started = time.perf_counter()
    findings, found = asyncio.run(run())
    seconds = time.perf_counter() - started
    lines = [f"{finding.place}: {finding.what}" for finding in findings]
    if not findings:
        lines = [f"{found.size} entries verified in {seconds:.1f} s: nothing was changed, added or removed."]
    say(
        {"valid": not findings, "size": found.size, "findings": findings},
        as_json=as_json,
        text="\n".join(lines),
    )
    if findings:
        raise SystemExit(1)


async def _verify(parts: Parts) -> tuple[list[Finding], Status]:
    """One snapshot for rows, tree and fold; the checkpoint outside is read before it, so it is older."""
    note = await asyncio.to_thread(outside.read, parts.settings.checkpoint_file)

    def work(connection: Any) -> tuple[list[Finding], Status]:  # Any: a database connection
        findings = verify_log(
            connection,
            origin=log_origin(connection) or "",
            keys=parts.keyring.public_keys("log"),
            outside=note,
            fold_check=state_check(parts.keyring),
        )
        return findings, status(connection)

    return await parts.database.read(work)


COMMANDS = [audit]
