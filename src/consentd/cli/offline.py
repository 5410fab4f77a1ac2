"""What the commands that verify a file offline have in common: the keys that they are given, and how.

They open no installation, and read no key that is secret.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from consentd.base.i18n import Language, Text
from consentd.cli.common import command, json_option, language_option
from consentd.crypto.jws import receipt_keys
from consentd.crypto.signing import PublicKey
from consentd.evidence.checkpoint import parse_vkey
from consentd.kernel.errors import Tampered

NEEDS_KEYS = Text(
    "Il manque les clés de qui a signé : --keys, avec le fichier enregistré depuis l’adresse "
    "/.well-known/jwks.json de l’entreprise.",
    "The keys of whoever signed are missing: --keys, with the file saved from /.well-known/jwks.json of the "
    "company’s service.",
)
NO_LOG_KEY = Text(
    "Ce n’est pas une clé de vérification de journal : attendu, la ligne que publie /v1/log/key, ou un "
    "fichier qui la contient.",
    "This is no verifier key of a log: it takes the line that /v1/log/key publishes, or a file with it.",
)
NO_KEYS = Text(
    "Ce n’est pas un jeu de clés : attendu, ce que publie /.well-known/jwks.json.",
    "This is no key set: it takes what /.well-known/jwks.json publishes.",
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def verifying(work: Callable[..., None]) -> Callable[..., Any]:  # Any: as click types its decorators
    """The arguments of such a command: `file`, `key_set`, `log_key`, `language`, `as_json`."""
    for decorate in (
        command,
        json_option,
        language_option,
        click.option(
            "--key", "log_key", default=None, help="The line of /v1/log/key, or a file that holds it."
        ),
        click.option(
            "--keys", "key_set", type=_FILE, help="Needed: the saved key set of /.well-known/jwks.json."
        ),
        click.argument("file", type=_FILE),
    ):
        work = decorate(work)
    return work


def keys_of(key_set: Path | None, language: Language) -> dict[str, PublicKey]:
    """The keys of a saved key set, which has to be given."""
    if key_set is None:
        raise click.UsageError(NEEDS_KEYS(language))
    try:
        return receipt_keys(key_set.read_bytes())
    except Tampered:
        raise click.BadParameter(NO_KEYS(language), param_hint="--keys") from None


def log_key_of(named: str | None, language: Language) -> tuple[str, PublicKey] | None:
    """The key itself, or the one in a file; None where none was given."""
    if named is None:
        return None
    try:
        line = named if "+" in named else Path(named).read_text(encoding="utf-8")
        return parse_vkey(line.removesuffix("\n"))
    except (Tampered, OSError, ValueError):
        raise click.BadParameter(NO_LOG_KEY(language), param_hint="--key") from None
