"""Layouts: how one tool's export is read, as data of the policy (policies/systems/*.yaml, `imports`).

A layout says by which columns a file is recognised, how its cells are read, and what each row then states:
choices, objections, facts and contact attempts. Values only: `policy.import_rules` checks that they make
sense, and `imports.mapping` reads rows by them.
"""

import datetime as dt
from typing import Literal

import msgspec

RecordedAs = Literal["given", "refused", "withdrawn", "unknown"]
Outcome = Literal["answered", "unanswered", "sent", "delivered", "failed", "refused"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Source(_Part, frozen=True, kw_only=True):
    """Where an identifier is found: the first of the columns that is filled, or all of them joined."""

    scheme: str
    columns: tuple[str, ...]
    joined: bool = False
    """One value of several columns, separated by commas: a postal address. The first must be filled."""


class TimeSource(_Part, frozen=True, kw_only=True):
    """A time: the first of the columns that is filled, in one of the formats."""

    columns: tuple[str, ...]
    formats: tuple[str, ...]
    """Of %Y %y %m %d %H %M %S and literal characters. Without %H only the day is known."""
    zone: str | None = None
    """The system's own if left out."""


class Place(_Part, frozen=True, kw_only=True):
    """The territory: a column, and what its words mean in ISO 3166; without `words` it holds such codes."""

    column: str
    words: dict[str, str] = {}


class ShownNotice(_Part, frozen=True, kw_only=True):
    """The text that was shown. Without `version`, the one that was in force on the day of the choice."""

    id: str
    language: str
    version: str | None = None
    since: dt.date | None = None
    """From this day on; of several, the latest that had begun counts."""


class ProofSource(_Part, frozen=True, kw_only=True):
    """What makes a yes a proven one, and where the row has it. Where it is missing the yes is a claim."""

    filled: tuple[str, ...]
    """Columns that must all be filled."""
    method: str
    kind: Literal["held", "cited"]
    notices: tuple[ShownNotice, ...]
    at: str | None = None
    """When the proven act took place, where that is another time than the choice's own."""
    collector: str | None = None
    collector_column: str | None = None
    evidence: dict[str, str] = {}
    """Name → column."""
    won_by_contact: bool = False
    """Given while the company itself made contact: where the law wants consent before it, it counts only if
    the contact was allowed by an earlier proven one (docs/law.md 3)."""


class _When(_Part, frozen=True, kw_only=True):
    """All must hold: columns by their words, columns that are filled or empty, numbers above a bound."""

    when: dict[str, str] = {}
    filled: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    above: dict[str, int] = {}


class ChoiceRule(_When, frozen=True, kw_only=True):
    purpose: str
    channel: str
    state: RecordedAs
    at: str
    """One of `times`, or `export`: when the file was exported, where the row does not know."""
    point: str | None = None
    """The scheme of the contact point it is about; where the row has none of it, the whole channel."""
    proof: str | None = None
    """One of `proofs`; only for a yes."""
    method: str | None = None
    evidence: dict[str, str] = {}


class ObjectionRule(_When, frozen=True, kw_only=True):
    at: str
    purposes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    point: str | None = None
    method: str | None = None


class FactRule(_When, frozen=True, kw_only=True):
    kind: Literal["sale", "birth_date", "last_contact", "unreachable", "professional"]
    at: str | None = None
    """Of a birth date: the time whose day or year it is."""
    point: str | None = None
    product: str | None = None


class AttemptRule(_When, frozen=True, kw_only=True):
    purpose: str
    channel: str
    outcome: Outcome
    at: str
    point: str | None = None


class Layout(_Part, frozen=True, kw_only=True):
    """One export of a tool."""

    columns: tuple[str, ...]
    """By these it is recognised: all must be there. What else a file has is told as not read."""
    without: tuple[str, ...] = ()
    """None of these may be there: they belong to another export of the same tool."""
    encodings: tuple[str, ...] = ("utf-8",)
    """Tried in this order; a byte order mark goes before them."""
    delimiter: str = ","
    identifiers: tuple[Source, ...]
    needs: tuple[str, ...] = ()
    """A row must have an identifier of one of these schemes."""
    territory: Place | None = None
    name: tuple[str, ...] = ()
    words: dict[str, dict[str, str]] = {}
    """Column → what is written there → its meaning. A cell with anything else makes its row refused."""
    times: dict[str, TimeSource] = {}
    proofs: dict[str, ProofSource] = {}
    choices: tuple[ChoiceRule, ...] = ()
    objections: tuple[ObjectionRule, ...] = ()
    facts: tuple[FactRule, ...] = ()
    attempts: tuple[AttemptRule, ...] = ()


EXPORT = "export"
"""The name under which a rule asks for the time of the export."""


def columns_of(layout: Layout) -> set[str]:
    """Every column that a layout reads."""
    read = {column for source in layout.identifiers for column in source.columns}
    read |= {layout.territory.column} if layout.territory else set()
    read |= {*layout.name, *layout.words}
    read |= {column for time in layout.times.values() for column in time.columns}
    for proof in layout.proofs.values():
        read |= {*proof.filled, *proof.evidence.values()}
        read |= {proof.collector_column} if proof.collector_column else set()
    for rule in (*layout.choices, *layout.objections, *layout.facts, *layout.attempts):
        read |= {*rule.when, *rule.filled, *rule.empty, *rule.above}
        if isinstance(rule, ChoiceRule):
            read |= set(rule.evidence.values())
    return read
