"""receipt: verifying a receipt offline. Opens no installation and reads no key that is secret.

Upholds promise 9: whoever holds a receipt can verify it without asking the one who gave it. Exit code 0
where everything that the file has holds, 1 where something does not or the file is no receipt, 2 where the
command was not given what it needs.
"""

from pathlib import Path

import click

from consentd.base.i18n import Language
from consentd.cli import receipt_words as words
from consentd.cli.common import fail, say
from consentd.cli.offline import keys_of, log_key_of, verifying
from consentd.consent.receipt_check import Given, Verdict, check, read
from consentd.kernel.errors import OperatorError


@click.group()
def receipt() -> None:
    """Consent receipts: verifying."""


@receipt.command()
@verifying
def verify(file: Path, key_set: Path | None, log_key: str | None, language: Language, as_json: bool) -> None:
    """Verify FILE: the JSON of a receipt, of a recording's answer, or the signed document. Needs no network.

    Exit code 0 where everything in it holds, 1 where not.
    """
    keys = keys_of(key_set, language)
    known = log_key_of(log_key, language)
    try:
        given = read(file.read_bytes())
    except OperatorError as error:
        fail(words.WRONG_FILES[error.code](language))
    if given.proof is not None and known is None:
        raise click.UsageError(words.NEEDS_LOG_KEY(language))
    verdict = check(given, keys, known)
    say(
        {"holds": verdict.holds, "parts": verdict.parts, "content": verdict.content},
        as_json=as_json,
        text="\n".join(_lines(given, verdict, language)),
    )
    if not verdict.holds:
        raise SystemExit(1)


def _lines(given: Given, verdict: Verdict, language: Language) -> list[str]:
    lines = words.described(verdict.content, language) if verdict.content is not None else []
    for part, holds in verdict.parts.items():
        good, bad = words.PARTS[part]
        lines.append((good if holds else bad)(language))
    if verdict.content is not None and given.proof is None:
        lines.append((words.UNPROVEN if given.whole is not None else words.ALONE)(language))
    if verdict.holds:
        lines.append(words.SHOWN(language))
    lines.append((words.HOLDS if verdict.holds else words.FAILS)(language))
    return lines


COMMANDS = [receipt]
