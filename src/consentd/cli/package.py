"""package: verifying a copy of somebody's data offline. Opens no installation, and no key that is secret.

Upholds promise 9: whoever was given a copy can verify it without asking the one who gave it. Exit code 0
where everything holds, 1 where something does not or the file is no package, 2 where the command was not
given what it needs.
"""

from pathlib import Path

import click

from consentd.base.i18n import Language
from consentd.cli import package_words as words
from consentd.cli.common import fail, say
from consentd.cli.offline import keys_of, log_key_of, verifying
from consentd.dsr.package.verifying import Verdict, needs_log_key
from consentd.dsr.package.verifying import verify as verified
from consentd.kernel.errors import Tampered


@click.group()
def package() -> None:
    """Copies of somebody's data: verifying."""


@package.command()
@verifying
def verify(file: Path, key_set: Path | None, log_key: str | None, language: Language, as_json: bool) -> None:
    """Verify FILE, the zip file of a copy, before it is unpacked. Needs no network.

    Exit code 0 where everything in it holds, 1 where not.
    """
    keys = keys_of(key_set, language)
    known = log_key_of(log_key, language)
    with file.open("rb") as opened:
        try:
            if known is None and needs_log_key(opened):
                raise click.UsageError(words.NEEDS_LOG_KEY(language))
            verdict = verified(opened, keys, known)
        except Tampered:
            fail(words.NO_PACKAGE(language))
    say(
        {
            "holds": verdict.holds,
            "parts": verdict.parts,
            "wrong": verdict.wrong,
            "manifest": verdict.manifest,
        },
        as_json=as_json,
        text="\n".join(_lines(verdict, language)),
    )
    if not verdict.holds:
        raise SystemExit(1)


def _lines(verdict: Verdict, language: Language) -> list[str]:
    lines = words.described(verdict.manifest, language) if verdict.manifest is not None else []
    for part, holds in verdict.parts.items():
        good, bad = words.PARTS[part]
        lines.append((good if holds else bad)(language))
    lines += [f"  {name}" for name in verdict.wrong]
    if verdict.manifest is not None and verdict.manifest.checkpoint is None:
        lines.append(words.UNPROVEN(language))
    lines.append((words.HOLDS if verdict.holds else words.FAILS)(language))
    return lines


COMMANDS = [package]
