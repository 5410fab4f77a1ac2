"""What `consentd package verify` says, in French and English (docs/glossary.md)."""

import datetime as dt

from consentd.base.dates import time_in_words
from consentd.base.i18n import Language, Text
from consentd.base.printing import one_line
from consentd.dsr.package.manifest import Manifest
from consentd.dsr.package.verifying import Part
from consentd.dsr.package.words import FILES, RECORDS

HOLDS = Text(
    "Tout ce que contient ce dossier est vérifié : c’est ce qui a été remis.",
    "Everything in this folder holds: it is what was handed out.",
)
FAILS = Text(
    "Ce dossier ne tient pas : ne vous y fiez pas. Demandez-le de nouveau à l’entreprise.",
    "This folder does not hold: do not rely on it. Ask the company for it again.",
)
UNPROVEN = Text(
    "Journal : ce dossier ne contient pas de preuve d’inscription au journal.",
    "Log: this folder holds no proof of the log.",
)
NEEDS_LOG_KEY = Text(
    "Ce dossier contient des preuves d’inscription au journal : donnez aussi --key, la clé que publie "
    "/v1/log/key.",
    "This folder holds proofs of the log: give --key too, the verifier key that /v1/log/key publishes.",
)
NO_PACKAGE = Text(
    "Ce fichier n’est pas un dossier tel qu’il a été remis : donnez le fichier .zip entier, sans l’avoir "
    "ouvert et refermé.",
    "This file is not a folder as it was handed out: give the whole .zip file, not one that was unpacked "
    "and packed again.",
)
PARTS: dict[Part, tuple[Text, Text]] = {
    Part.SIGNATURE: (
        Text("Signature : valable.", "Signature: it holds."),
        Text(
            "Signature : NON VALABLE. Aucune des clés données n’a signé cette liste de fichiers.",
            "Signature: it DOES NOT HOLD. None of the given keys signed this list of files.",
        ),
    ),
    Part.FILES: (
        Text(
            "Fichiers : tous là, aucun changé, aucun ajouté.", "Files: all there, none changed, none added."
        ),
        Text("Fichiers : CHANGÉS, manquants ou ajoutés :", "Files: CHANGED, missing or added:"),
    ),
    Part.CHECKPOINT: (
        Text(
            "Signature du journal, son point de contrôle : valable.",
            "The log’s signature, its checkpoint: it holds.",
        ),
        Text(
            "Signature du journal, son point de contrôle : NON VALABLE. La clé donnée ne l’a pas signé, ou "
            "il est celui d’un autre journal.",
            "The log’s signature, its checkpoint: it DOES NOT HOLD. The given key did not sign it, or it is "
            "another log’s.",
        ),
    ),
    Part.INCLUSION: (
        Text("Journal : chaque choix du dossier y est inscrit.", "Log: it holds every choice in the folder."),
        Text(
            "Journal : NON PROUVÉ. Rien n’établit que le journal contient chaque choix du dossier.",
            "Log: NOT PROVEN. Nothing shows that the log holds every choice in the folder.",
        ),
    ),
}
"""Of each part: what is said where it holds, and where it does not."""
_KINDS = {
    "access": Text("Copie de données personnelles", "Copy of personal data"),
    "portability": Text("Données à emporter", "Data to take away"),
}
_SILENT = {
    "silent": Text("rien n’en est venu", "nothing came from it"),
    "partial": Text("a répondu en partie", "answered in part"),
}


def described(manifest: Manifest, language: Language) -> list[str]:
    """What it is, for which request, of what, and what is missing."""
    kind = _KINDS.get(manifest.kind)
    made = time_in_words(dt.datetime.fromisoformat(manifest.made_at), language)
    head = one_line(kind(language) if kind else manifest.kind)
    request, controller = one_line(manifest.request), one_line(manifest.controller)
    records = sum(category.records for system in manifest.systems for category in system.categories)
    said = Text(
        f"{head}, demande n° {request}\nPréparée par {controller} le {made} (UTC)",
        f"{head}, request no. {request}\nMade by {controller} on {made} (UTC)",
    )(language)
    lines = [said, f"{FILES(len(manifest.files), language)}, {RECORDS(records, language)}"]
    for system in manifest.systems:
        missing = _SILENT.get(system.outcome)
        if missing is not None:
            colon = " : " if language == "fr" else ": "
            lines.append(f"- {one_line(system.name)}{colon}{missing(language)}")
    return lines
