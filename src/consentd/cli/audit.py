"""audit: proving the log, handing out what proves it, or finding where it was touched."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from consentd.app import Parts
from consentd.base.i18n import Language
from consentd.cli import audit_words as words
from consentd.cli.bundle import verify_bundle
from consentd.cli.common import (
    command,
    fail,
    json_option,
    language_option,
    opened,
    say,
    sequence,
    settings,
    with_parts,
)
from consentd.cli.list_proof import list_proof, verify_list_proof
from consentd.consent.verifying import state_check
from consentd.evidence import outside
from consentd.evidence.bundle import service as bundles
from consentd.evidence.bundle.layout import Manifest
from consentd.evidence.model import OPERATOR
from consentd.evidence.service import Status, status
from consentd.evidence.verifier.finding import Finding
from consentd.evidence.verifier.service import verify as verify_log
from consentd.kernel.errors import OperatorError
from consentd.kernel.ids import EntryId
from consentd.policy.service import log_origin

_out = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; there must be none of that name yet.",
)


@click.group()
def audit() -> None:
    """The verifiable log."""


@audit.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="With a bundle: a checkpoint of this log that you kept earlier; the bundle must continue it.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="With a bundle: the log's verifier key as you got it from elsewhere (/v1/log/key).",
)
@language_option
@json_option
@command
def verify(
    bundle: Path | None, checkpoint: Path | None, key: Path | None, language: Language, as_json: bool
) -> None:
    """Recompute rows, tree, folds and look-ups; name the first bad place. Exit code 1 if there is one.

    With BUNDLE, a file that `audit export` wrote: verify that file alone, without database or keys. Exit
    code 2 where there is no file to verify.
    """
    if bundle is not None:
        verify_bundle(bundle, checkpoint, key, language, as_json=as_json)
        return
    if checkpoint or key:
        raise click.UsageError("--checkpoint and --key go with a bundle.")

    async def run() -> tuple[list[Finding], Status]:
        async with opened(settings()) as parts:
            return await _verify(parts)

    started = time.perf_counter()
    findings, found = asyncio.run(run())
    seconds = time.perf_counter() - started
    lines = [f"{finding.place}: {finding.what}" for finding in findings]
    lines += [words.FAILS(language), words.DATABASE(language)]
    if not findings:
        lines = [words.holds(found.size, seconds, language)]
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
            vouch=parts.keyring.vouch,
            outside=note,
            fold_check=state_check(parts.keyring),
        )
        return findings, status(connection)

    return await parts.database.read(work)


@audit.command()
@_out
@json_option
@command
def export(out: Path, as_json: bool) -> None:
    """Write a bundle from which anybody proves the whole log offline. Being handed out, it is recorded."""

    async def work(parts: Parts) -> Manifest:
        if parts.origin is None:
            raise OperatorError("no_policy", "No policy is active yet, so nothing was signed yet.")
        return await bundles.export_to(
            out, parts.database, parts.keyring, parts.origin, OPERATOR, lambda: sequence(parts)
        )

    manifest = _written(out, lambda: with_parts(work))
    rows = sum(manifest.rows.values())
    waiting = f" {manifest.waiting} more wait to be signed and are in it, too." if manifest.waiting else ""
    say(
        {"file": str(out), "size": manifest.size, "waiting": manifest.waiting, "rows": rows},
        as_json=as_json,
        text=f"{out} holds {manifest.size} entries and {rows} rows.{waiting} Whoever has it verifies it with "
        f"`consentd audit verify {out}`.",
    )


@audit.command()
@click.argument("entry_id")
@_out
@json_option
@command
def proof(entry_id: str, out: Path, as_json: bool) -> None:
    """Write the proof of one entry, with the entry, as a C2SP tlog-proof. This is recorded."""
    entry = _entry(entry_id)

    async def work(parts: Parts) -> str:
        return await bundles.prove(entry, parts.database, parts.keyring, OPERATOR, lambda: sequence(parts))

    def write() -> None:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            try:
                file.write(with_parts(work))
            except BaseException:
                out.unlink()
                raise

    _written(out, write)
    say({"file": str(out)}, as_json=as_json, text=f"{out} proves that the entry is in the log.")


def _entry(text: str) -> EntryId:
    try:
        return EntryId(UUID(text))
    except ValueError:
        fail(
            "This is not the id of an entry, which has 36 characters: a history or a proof tells it.", code=2
        )


def _written(out: Path, write: Callable[[], Any]) -> Any:  # Any: whatever writing tells
    """Says which file cannot be written; the data folder is not at fault."""
    try:
        return write()
    except FileExistsError:
        fail(f"{out} exists; nothing is written over. Name a new file.")
    except OSError as error:
        if error.filename is None or Path(error.filename).parent != out.parent:
            raise
        fail(f"{out} cannot be written: {error.strerror}.")


audit.add_command(list_proof)
audit.add_command(verify_list_proof)

COMMANDS = [audit]
