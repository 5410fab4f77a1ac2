"""Verifying an audit bundle at the command line: opens that file and nothing else, no database, no keys."""

import base64
import time
from pathlib import Path
from typing import NoReturn

import click

from consentd.base.i18n import Language, Text
from consentd.base.printing import one_line
from consentd.cli import audit_words as words
from consentd.cli.common import fail, say
from consentd.evidence.bundle.verify import KEPT_CHECKPOINT, THE_KEY, Verified, verify

_MOST = 64 * 1024


def verify_bundle(
    bundle: Path, kept: Path | None, key: Path | None, language: Language, *, as_json: bool
) -> None:
    """Ends with exit code 0 if everything holds, 1 if something does not, 2 where a file cannot be read."""
    note = None if kept is None else _text(kept)
    keys = None if key is None else _text(key).removesuffix("\n").split("\n")
    started = time.perf_counter()
    try:
        with bundle.open("rb") as file:
            found = verify(file, keys=keys, kept=note)
    except OSError as error:
        _unreadable(bundle, error.strerror)
    seconds = time.perf_counter() - started
    say(
        {
            "valid": not found.findings,
            "origin": found.origin,
            "size": found.size,
            "root": base64.b64encode(found.root).decode(),
            "waiting": found.waiting,
            "rows": found.rows,
            "checkpoints": found.checkpoints,
            "keys": found.keys,
            "findings": found.findings,
        },
        as_json=as_json,
        text="\n".join(_lines(found, seconds, language, anchored=note is not None or keys is not None)),
    )
    if found.findings:
        raise SystemExit(1)


def _lines(found: Verified, seconds: float, language: Language, *, anchored: bool) -> list[str]:
    if found.findings:
        # What a file says of itself may be meant to play with the terminal.
        named = [one_line(str(one)) for one in found.findings]
        return [*named, words.FAILS(language), _remedy(found)(language)]
    lines = [words.bundle_holds(found.origin, found.size, found.rows, seconds, found.checkpoints, language)]
    if found.waiting:
        lines.append(words.waiting(found.waiting, language))
    if not anchored:
        lines += [words.UNANCHORED(language), *found.keys]
    return lines


def _remedy(found: Verified) -> Text:
    """By the first place: what comes after is often its echo."""
    if not found.origin:
        return words.OTHER_FILE
    return {THE_KEY: words.OTHER_KEY, KEPT_CHECKPOINT: words.OTHER_CHECKPOINT}.get(
        found.findings[0].table, words.BUNDLE
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except OSError as error:
        _unreadable(path, error.strerror)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or len(content) > _MOST:
        fail(f"{click.format_filename(path)} is not text: neither a checkpoint nor a key.", code=2)
    return text


def _unreadable(path: Path, why: str | None) -> NoReturn:
    fail(f"{click.format_filename(path)} cannot be read: {why or 'reading failed'}.", code=2)
