"""certificate: verifying certificates of erasure offline. Opens no installation and reads no secret key.

Upholds promise 9. Exit codes as `consentd receipt verify`: 0 where everything in the file holds, 1 where
something does not or the file is none, 2 where the command was not given what it needs.
"""

from pathlib import Path

import click

from consentd.base.i18n import Language, Text
from consentd.cli import receipt_words
from consentd.cli.common import fail, say
from consentd.cli.offline import keys_of, log_key_of, verifying
from consentd.consent import receipt_check
from consentd.dsr.certificate_check import Part, Verdict, check, read
from consentd.dsr.certificate_words import described
from consentd.dsr.certifying import CertificateTold
from consentd.kernel.errors import OperatorError

_WRONG_FILES = {
    "not_json": Text(
        "Donnez le certificat tel qu’il a été remis : ce fichier n’est pas du JSON.",
        "Give the certificate as it was handed out: this file is no JSON.",
    ),
    "not_a_certificate": Text(
        "Ce fichier est du JSON, mais pas la réponse de GET /v1/requests/{id}/certificate. Enregistrez-la "
        "telle quelle.",
        "This file is JSON, but not the answer of GET /v1/requests/{id}/certificate. Save it as it comes.",
    ),
}
_PARTS: dict[Part, tuple[Text, Text]] = {
    Part.SIGNATURE: (
        Text("Signature : valable.", "Signature: it holds."),
        Text(
            "Signature : NON VALABLE. Aucune des clés données n’a signé ce texte comme certificat.",
            "Signature: it DOES NOT HOLD. None of the given keys signed this text as a certificate.",
        ),
    ),
    Part.CONTENT: receipt_words.PARTS[receipt_check.Part.CONTENT],
    Part.CHECKPOINT: receipt_words.PARTS[receipt_check.Part.CHECKPOINT],
    Part.INCLUSION: (
        Text("Journal : ce certificat y est inscrit.", "Log: it holds this certificate."),
        Text(
            "Journal : NON PROUVÉ. Rien n’établit que le journal contient ce certificat.",
            "Log: NOT PROVEN. Nothing shows that the log holds this certificate.",
        ),
    ),
}
_UNPROVEN = Text(
    "Journal : la preuve d’inscription n’y est pas encore ; redemandez le certificat dans un instant.",
    "Log: this file does not hold the proof of the entry yet; ask for the certificate again in a moment.",
)
_HOLDS = Text("Tout ce que contient ce fichier est vérifié.", "Everything in this file holds.")
_FAILS = Text(
    "Ce certificat ne tient pas : ne vous y fiez pas. Demandez-le de nouveau à qui vous l’a remis.",
    "This certificate does not hold: do not rely on it. Ask for it again from whoever handed it to you.",
)


@click.group()
def certificate() -> None:
    """Certificates of erasure: verifying."""


@certificate.command()
@verifying
def verify(file: Path, key_set: Path | None, log_key: str | None, language: Language, as_json: bool) -> None:
    """Verify FILE: the JSON that GET /v1/requests/{id}/certificate gave. Needs no network.

    Exit code 0 where everything in it holds, 1 where not.
    """
    keys = keys_of(key_set, language)
    known = log_key_of(log_key, language)
    try:
        given = read(file.read_bytes())
    except OperatorError as error:
        fail(_WRONG_FILES[error.code](language))
    if known is None and any(one.proof is not None for one in given):
        raise click.UsageError(receipt_words.NEEDS_LOG_KEY(language))
    verdicts = [check(one, keys, known) for one in given]
    holds = all(one.holds for one in verdicts)
    lines = [line for one, its in zip(given, verdicts, strict=True) for line in _lines(one, its, language)]
    say(
        {
            "holds": holds,
            "certificates": [{"parts": one.parts, "content": one.content} for one in verdicts],
        },
        as_json=as_json,
        text="\n".join([*lines, (_HOLDS if holds else _FAILS)(language)]),
    )
    if not holds:
        raise SystemExit(1)


def _lines(given: CertificateTold, verdict: Verdict, language: Language) -> list[str]:
    lines = described(verdict.content, language) if verdict.content is not None else []
    for part, holds in verdict.parts.items():
        good, bad = _PARTS[part]
        lines.append((good if holds else bad)(language))
    if verdict.content is not None and given.proof is None:
        lines.append(_UNPROVEN(language))
    return lines


COMMANDS = [certificate]
