"""A guessed layout as YAML for a system's file, and ten rows read by it, for a person to judge."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.i18n import Language, Text
from consentd.imports.guessing import PREVIEW, Guess
from consentd.imports.mapping import Mapper
from consentd.imports.reading import inspect, marked, rows
from consentd.imports.recognising import header_of
from consentd.imports.stated import RowRefused, Stated
from consentd.imports.words import Words
from consentd.kernel.policy import Policy

_CHECK = Text(
    "Proposé d’après les colonnes : à relire. Un oui n’y est qu’une déclaration ; ajoutez sous « proofs » ce "
    "qui le prouve, s’il y a lieu.",
    "Proposed from the columns: read it through. A yes in it is only a claim; add under `proofs` what proves "
    "it, if anything does.",
)
_UNREAD = Text("Colonnes non lues : {columns}", "Columns not read: {columns}")
_DOUBT = Text("Colonne à regarder vous-même : {column}", "Look at this column yourself: {column}")


def as_yaml(guess: Guess, language: Language) -> str:
    """What goes into `systems/<id>.yaml`. Every text is quoted: nothing in it can be anything else."""
    lines = [f"# {_CHECK(language)}"]
    lines += [f"# {_DOUBT(language).format(column=_text(one))}" for one in guess.doubts]
    if guess.unread:
        unread = ", ".join(map(_text, guess.unread))
        lines.append(f"# {_UNREAD(language).format(columns=unread)}")
    told: dict[str, Any] = msgspec.to_builtins(guess.layout)  # Any: what JSON has
    lines += ["imports:", f"  {guess.name}:"]
    lines += [f"    {line}" for line in _members(told)]
    return "\n".join(lines) + "\n"


def _members(told: Mapping[str, Any]) -> Iterator[str]:
    for name, value in told.items():
        if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            yield f"{name}:"
            yield from (f"  - {_flow(item)}" for item in value)
        elif isinstance(value, dict) and name in ("words", "times", "proofs"):
            yield f"{name}:"
            yield from (f"  {_text(key)}: {_flow(item)}" for key, item in value.items())
        else:
            yield f"{name}: {_flow(value)}"


def _flow(value: Any) -> str:  # Any: what JSON has
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_text(key)}: {_flow(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """Quoted, in one line: what YAML takes for the end of a line is escaped, so that a comment ends where we
    end it.
    """
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(rf"\u{ord(sign):04x}" if sign in "\x85\u2028\u2029" else sign for sign in quoted)


def preview(path: Path, guess: Guess, policy: Policy, exported_at: str, language: Language) -> list[str]:
    """Ten rows as they would be read: what each states, with its addresses hidden but for their ends."""
    words = Words(policy, language)
    encoding = inspect(path, guess.layout.encodings).encoding
    header = header_of(path, encoding, guess.layout.delimiter)
    mapper = Mapper(policy, guess.layout, header, ZoneInfo(policy.controller.zone), exported_at)
    lines = []
    for row in islice(rows(path, encoding, guess.layout.delimiter), 1, 1 + PREVIEW):
        try:
            told = _told(mapper.stated(row), words)
        except RowRefused as refused:
            told = words.fault(refused.code, refused.column)
        lines.append(f"{row.line:>6}  {told}")
    return lines


def _told(stated: Stated, words: Words) -> str:
    who = ", ".join(f"{name.scheme} {marked(hidden(name.value))}" for name in stated.names)
    said = [
        f"{one.event.purpose} × {one.event.channel}: {words.choice(one.event.state)}"
        for one in stated.choices
    ]
    said += [words.objection(one.channels) for one, _ in stated.objections]
    said += [str(fact.__struct_config__.tag) for fact, _ in stated.facts]
    return f"{who} → {'; '.join(said) or '-'}"


def hidden(value: str) -> str:
    """Enough to recognise a row by, and no more."""
    return value if len(value) <= 4 else f"{value[:2]}…{value[-2:]}"
