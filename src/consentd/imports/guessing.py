"""Proposing the layout of an export that nobody described yet: by its columns' names, and the look of values.

A guess is careful where it matters: a column of consent becomes a claim, never a proven consent, and one of
refusal a refusal; what proves a yes is for a person to say. The tables are data (`guesses.toml`).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from consentd.imports.reading import WholeFileRefused, inspect, rows
from consentd.imports.recognising import column_key
from consentd.imports.times import TimeReader
from consentd.kernel.layout import (
    EXPORT,
    ChoiceRule,
    FactRule,
    Layout,
    ObjectionRule,
    Place,
    Source,
    TimeSource,
    columns_of,
)
from consentd.kernel.policy import Policy

PREVIEW = 10
_LOOKED_AT = 200
_ENCODINGS = ("utf-8", "cp1252")
_DELIMITERS = (",", ";", "\t", "|")


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the table: what a column of one of these names means, if its values look like it."""

    names: tuple[str, ...]
    """As `column_key` has them; `*` stands for anything."""
    means: str
    """One of identifier, own_number, part_of_name, territory, birth, sale, opt_in, opt_out, opt_out_of_all,
    opted_at, opted_out_at, bounced, street, place, doubt.
    """
    scheme: str = ""
    purpose: str = ""
    channel: str = ""


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool is known by columns that only it has."""

    name: str
    columns: tuple[str, ...]


class Tables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tools: tuple[Tool, ...]
    columns: tuple[Column, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    left: tuple[str, ...]
    families: tuple[tuple[str, ...], ...]
    formats: tuple[str, ...]


class Guess(NamedTuple):
    tool: str | None
    name: str
    layout: Layout
    doubts: tuple[str, ...]
    """Columns that look like a choice, but could not be read as one."""
    unread: tuple[str, ...]
    """Other columns that the layout does not read."""


@cache
def tables() -> Tables:
    text = resources.files("consentd.imports").joinpath("guesses.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Tables)


def guess(path: Path, policy: Policy) -> Guess:
    """Raises WholeFileRefused for what is no table of text, or names nobody."""
    encoding = inspect(path, _ENCODINGS).encoding
    found = max((_table(path, encoding, delimiter) for delimiter in _DELIMITERS), key=lambda one: len(one[1]))
    delimiter, header, body = found
    if len(header) < 2:
        raise WholeFileRefused("no_table")
    columns = {
        column: [row[place] for row in body if place < len(row)]
        for place, column in enumerate(header)
        if column
    }
    return _Guessing(policy, columns, encoding, delimiter).guess()


def _table(path: Path, encoding: str, delimiter: str) -> tuple[str, list[str], list[tuple[str, ...]]]:
    try:
        head, *body = (row.cells for row in islice(rows(path, encoding, delimiter), 1 + _LOOKED_AT))
    except (WholeFileRefused, ValueError):
        return delimiter, [], []
    return delimiter, [cell.strip() for cell in head], body


class _Guessing:
    def __init__(
        self, policy: Policy, columns: Mapping[str, Sequence[str]], encoding: str, delimiter: str
    ) -> None:
        self._policy = policy
        self._columns = columns
        self._encoding = encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
        self._delimiter = delimiter
        self._meant: dict[str, list[tuple[str, Column]]] = {}
        self._doubts: list[str] = []
        for column in columns:
            meaning = next((one for one in tables().columns if _named(column, one.names)), None)
            if meaning is not None:
                self._meant.setdefault(meaning.means, []).append((column, meaning))

    def guess(self) -> Guess:
        keys = {column_key(column) for column in self._columns}
        tool = next((one.name for one in tables().tools if keys >= set(one.columns)), None)
        identifiers = self._identifiers()
        if not identifiers:
            raise WholeFileRefused("names_nobody")
        words: dict[str, dict[str, str]] = {}
        times: dict[str, TimeSource] = {}
        choices, objections = self._choices(words, times)
        facts = self._facts(words, times)
        schemes = {source.scheme for source in identifiers}
        layout = Layout(
            columns=tuple(self._columns),
            encodings=(self._encoding,),
            delimiter=self._delimiter,
            identifiers=tuple(identifiers),
            needs=tuple(scheme for scheme in ("email", "phone") if scheme in schemes),
            territory=self._territory(),
            name=tuple(column for column, _ in self._meant.get("part_of_name", ())),
            words=words,
            times=times,
            choices=tuple(choices),
            objections=tuple(objections),
            facts=tuple(facts),
        )
        used = columns_of(layout)
        layout = msgspec.structs.replace(
            layout, columns=tuple(column for column in self._columns if column in used)
        )
        doubts = [*self._doubts, *(column for column, _ in self._meant.get("doubt", ()))]
        unread = [column for column in self._columns if column not in used and column not in doubts]
        return Guess(tool, (tool or "contacts").lower(), layout, tuple(doubts), tuple(unread))

    def _identifiers(self) -> list[Source]:
        found: list[Source] = []
        for column, meaning in [*self._meant.get("own_number", ()), *self._meant.get("identifier", ())]:
            scheme = meaning.scheme
            if scheme not in self._policy.identifiers:
                scheme = "customer"
            known = self._policy.identifiers.get(scheme)
            looks = _LOOKS.get(known.kind) if known is not None else None
            if looks is None or not self._looks(column, looks):
                continue
            same = next((one for one in found if one.scheme == scheme), None)
            if same is None:
                found.append(Source(scheme=scheme, columns=(column,)))
            elif scheme in ("email", "phone"):
                found[found.index(same)] = Source(scheme=scheme, columns=(*same.columns, column))
        street = [column for column, _ in self._meant.get("street", ())]
        if street and "postal" in self._policy.identifiers:
            place = [column for column, _ in self._meant.get("place", ())]
            found.append(Source(scheme="postal", columns=(*street, *place), joined=True))
        return found

    def _looks(self, column: str, looks: re.Pattern[str]) -> bool:
        filled = [cell.strip() for cell in self._columns[column] if cell.strip()]
        return not filled or sum(bool(looks.fullmatch(cell)) for cell in filled) * 2 >= len(filled)

    def _territory(self) -> Place | None:
        for column, _ in self._meant.get("territory", ()):
            if self._looks(column, re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")):
                return Place(column=column)
        return None

    def _choices(
        self, words: dict[str, dict[str, str]], times: dict[str, TimeSource]
    ) -> tuple[list[ChoiceRule], list[ObjectionRule]]:
        choices: list[ChoiceRule] = []
        objections: list[ObjectionRule] = []
        given = self._time("opted_at", "given", times)
        ended = self._time("opted_out_at", "ended", times)
        for means in ("opt_in", "opt_out", "opt_out_of_all"):
            for column, meaning in self._meant.get(means, ()):
                told = self._yes_and_no(column)
                if told is None or meaning.purpose not in self._policy.purposes:
                    self._doubts.append(column)
                    continue
                if means != "opt_in":
                    # A column that says who left: whatever it calls that, it is a yes to having left.
                    told = {word: "yes" if said == "left" else said for word, said in told.items()}
                if "yes" not in told.values() and "left" not in told.values():
                    continue
                words[column] = told
                scheme = next(iter(self._policy.channels[meaning.channel].schemes), None)
                point = scheme if scheme in {one.scheme for one in self._identifiers()} else None
                about: dict[str, Any] = {  # Any: fields of a rule
                    "purpose": meaning.purpose,
                    "channel": meaning.channel,
                    "point": point,
                    "when": {column: "yes"},
                }
                if means == "opt_in":
                    dated = (
                        given if given != EXPORT and self._all_dated(column, told, times["given"]) else EXPORT
                    )
                    if "yes" in told.values():
                        choices.append(ChoiceRule(**about, state="given", at=dated))
                    if "left" in told.values():
                        about |= {"when": {column: "left"}}
                        choices.append(ChoiceRule(**about, state="withdrawn", at=EXPORT))
                elif means == "opt_out":
                    choices.append(ChoiceRule(**about, state="withdrawn", at=EXPORT))
                else:
                    objections.append(
                        ObjectionRule(when={column: "yes"}, channels=(meaning.channel,), at=EXPORT)
                    )
        if ended != EXPORT and not any(rule.state == "withdrawn" for rule in choices):
            _, meaning = self._meant["opted_out_at"][0]
            choices.append(
                ChoiceRule(
                    purpose=meaning.purpose,
                    channel=meaning.channel,
                    point="email",
                    state="withdrawn",
                    at=ended,
                    filled=times[ended].columns,
                )
            )
        return choices, objections

    def _facts(self, words: dict[str, dict[str, str]], times: dict[str, TimeSource]) -> list[FactRule]:
        facts = []
        for column, _ in self._meant.get("sale", ())[:1]:
            if self._looks(column, re.compile(r"[0-9]*")):
                facts.append(FactRule(kind="sale", above={column: 0}, at=EXPORT))
        if self._time("birth", "born", times) != EXPORT:
            facts.append(FactRule(kind="birth_date", filled=times["born"].columns, at="born"))
        for column, _ in self._meant.get("bounced", ()):
            told = self._yes_and_no(column)
            if told is not None:
                words[column] = told
                facts.append(FactRule(kind="unreachable", when={column: "yes"}, point="email", at=EXPORT))
        return facts

    def _time(self, means: str, name: str, times: dict[str, TimeSource]) -> str:
        """The name of a time that was found and can be read; else that of the export."""
        for column, _ in self._meant.get(means, ()):
            filled = [cell.strip() for cell in self._columns[column] if cell.strip()]
            formats = [
                one for one in tables().formats if filled and all(_reads(one, cell) for cell in filled)
            ]
            if formats:
                times[name] = TimeSource(columns=(column,), formats=(formats[0],))
                return name
        return EXPORT

    def _all_dated(self, column: str, told: Mapping[str, str], time: TimeSource) -> bool:
        """Whether every yes bears the time: a row without one would be refused for want of it."""
        said = zip(self._columns[column], self._columns[time.columns[0]], strict=False)
        dates = [date.strip() for cell, date in said if told.get(cell.strip()) == "yes"]
        return bool(dates) and all(dates)

    def _yes_and_no(self, column: str) -> dict[str, str] | None:
        """What is written in the column, and what it means; None where something else is."""
        written = sorted({cell.strip() for cell in self._columns[column]})
        known = tables()
        meaning = dict.fromkeys(known.no, "no") | dict.fromkeys(known.left, "left")
        meaning |= dict.fromkeys(known.yes, "yes")
        if len(written) > 12 or any(word.casefold() not in meaning for word in written):
            return None
        seen = {word.casefold() for word in written}
        others = {word for family in known.families if seen.intersection(family) for word in family} - seen
        told = {word: meaning[word.casefold()] for word in [*written, *sorted(others)]}
        return told | {"": "no"}


_LOOKS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "phone": re.compile(r"'?\+?[0-9][0-9 ().\-/]{5,}"),
    "account": re.compile(r"'?[\w.:-]{1,64}"),
}


def _named(column: str, names: Sequence[str]) -> bool:
    key = column_key(column)
    # `*` stands for anything, `?` for one sign.
    patterns = (re.escape(name).replace(r"\*", ".*").replace(r"\?", ".") for name in names)
    return any(re.fullmatch(pattern, key) for pattern in patterns)


def _reads(format_: str, cell: str) -> bool:
    reader = TimeReader(TimeSource(columns=("x",), formats=(format_,)), (0,), ZoneInfo("UTC"))
    return reader.read((cell,)) is not None
