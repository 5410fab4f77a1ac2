"""How a person's rows are found in a silo's database, and what erasing does to them: data of the policy.

Values only: `policy.sql_rules` checks that they make sense, and `systems.connectors.sql` carries them out.
Where the database is, and by which account it is reached, is a setting of the service and never stands here.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

Spelling = Literal["any", "exact", "upper"]
Format = Literal["clear", "empty", "zero", "email", "phone", "name", "text", "token", "year", "postcode"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class FoundBy(_Part, frozen=True, kw_only=True):
    """A column that holds one of the person's identifiers."""

    scheme: str
    column: str
    spelling: Spelling = "any"
    """*any*: whatever its case, and of a number whatever stands between its digits. *exact*: the silo writes
    as consentd does (small letters; E.164). *upper*: in capitals, without spaces. The last two need but a
    plain index, and find nothing that is written otherwise."""
    country: str | None = None
    """ISO 3166-1: how telephone numbers without a country code are read here."""
    shared: bool = False
    """Several people may have it, a landline: by it alone a row is found only where the table's other such
    columns are empty or name this person too."""


class Path(_Part, frozen=True, kw_only=True):
    """Rows that belong to the person because they point to a row that does."""

    table: str
    columns: dict[str, str]
    """Column of this table → the column of that one which it equals. Several for a composite key."""
    where: dict[str, str] = {}
    """Column of this table → what it must be, where one column points to several tables."""


class Column(_Part, frozen=True, kw_only=True):
    """One column of what the person is told, and what erasing does to it in a row that stays."""

    erase: Format | None = None
    """None: it stays as it is; it says nothing about a person once the others are gone."""
    text: str | None = None
    """What stands there afterwards, for the formats name and text; a sentence of ours if left out."""
    kept: bool = False
    """The table's `keep` is about it: erased only when that is over."""
    third_party: bool = False
    """Holds other people's data: left out of the copy (GDPR 15(4)), told by nobody's identifiers."""
    free_text: bool | None = None
    """Somebody typed it, and may have named anybody: a copy of it is looked at. `erase: text` says so too. Of
    a column of which nothing is said, no `erase` either, a copy is looked at once a letter stands in it."""
    copy: bool = True
    """False: no part of the copy, as the hash of a password."""


class Keep(_Part, frozen=True, kw_only=True):
    """Rows that the law orders to keep, each until its own day."""

    months: int
    after: str
    """The column of the day it counts from. A row without one is kept, and its end is not known."""
    of: str | None = None
    """The table that has that column, where it is one that this one points to."""
    year_end: bool = False
    """Counts from the end of that day's calendar year, as a financial year's papers do."""
    because: str
    """The article, and in words what it orders: "Code de commerce L.123-22: invoices"."""


class Retention(_Part, frozen=True, kw_only=True):
    """Rows that nobody needs any more once their time is over, whoever's they are (GDPR 5(1)(e))."""

    months: int
    after: str
    """The column of the day it counts from. A row without one stays: a ticket that was never closed."""
    of: str | None = None
    """The table that has that column, where it is one that this one points to."""
    year_end: bool = False
    """Counts from the end of that day's calendar year."""
    where: dict[str, str] = {}
    """Column of this table → what it must be."""
    because: str
    """The law, the guidance or the company's own rule that sets it."""


class Flag(_Part, frozen=True, kw_only=True):
    """What stands in a column while a person's data are frozen, and else."""

    column: str
    frozen: str
    free: str


class Table(_Part, frozen=True, kw_only=True):
    """One table, or one of its uses. Found by a column of its own, by a path, or by several of both."""

    name: str | None = None
    """As the database has it, "shop.customers" in a schema; what it is called here if left out."""
    category: str
    """One of the system's categories."""
    key: tuple[str, ...]
    """The columns that tell its rows apart."""
    found_by: tuple[FoundBy, ...] = ()
    reached_by: tuple[Path, ...] = ()
    erase: Literal["delete", "delete_unless_referenced", "change", "stay"]
    """*delete_unless_referenced*: changed where rows that stay point to it, deleted otherwise. *stay*: says
    nothing of a person once what it points to is erased."""
    keep: Keep | None = None
    retention: Retention | Literal["keep"] | None = None
    """When its rows are erased although nobody asks. *keep*: when the law no longer orders to keep them."""
    columns: dict[str, Column]
    rectify: dict[str, str] = {}
    """Field of the silo's vocabulary → the column that holds it."""
    restrict: Flag | None = None


class PreferenceColumn(_Part, frozen=True, kw_only=True):
    """Where the silo keeps a choice of its own."""

    purpose: str
    channel: str
    table: str
    column: str
    reads: dict[str, str] = {}
    """What stands there → the state that it means; "" for nothing. Anything else is no state."""
    writes: dict[str, str] = {}
    """State → what is written."""


class SqlSilo(_Part, frozen=True, kw_only=True):
    tables: dict[str, Table]
    rows_a_day: int = 0
    """How many rows the service erases by itself each day under `retention`. 0: none, unless it is run."""
    preferences: tuple[PreferenceColumn, ...] = ()


def parents_first(silo: SqlSilo) -> list[str]:
    """The tables, each after all that its paths lead to. Raises ValueError naming a table in a circle."""
    done: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name in done or name not in silo.tables:
            return
        if name in begun:
            raise ValueError(name)
        begun.add(name)
        for path in silo.tables[name].reached_by:
            visit(path.table)
        done[name] = None

    for name in silo.tables:
        visit(name)
    return list(done)


def children(silo: SqlSilo, name: str) -> Iterator[tuple[str, Path]]:
    """The tables that point to this one, with how."""
    for child, table in silo.tables.items():
        for path in table.reached_by:
            if path.table == name:
                yield child, path


def retention_of(table: Table) -> Retention | None:
    """The table's rule, in full where it is that of its `keep`."""
    if table.retention != "keep":
        return table.retention
    keep = table.keep
    if keep is None:
        return None
    return Retention(
        months=keep.months, after=keep.after, of=keep.of, year_end=keep.year_end, because=keep.because
    )


def columns_read(silo: SqlSilo, name: str) -> list[str]:
    """Every column of a table that the mapping names, in its order: what the service must be able to read."""
    table = silo.tables[name]
    named = [*table.key, *(found.column for found in table.found_by)]
    named += [column for path in table.reached_by for column in (*path.columns, *path.where)]
    named += [column for _, path in children(silo, name) for column in path.columns.values()]
    named += table.columns
    rules = [(other, rule) for other, one in silo.tables.items() for rule in (one.keep, retention_of(one))]
    named += [
        rule.after
        for other, rule in rules
        if rule is not None and (rule.of == name or (rule.of is None and other == name))
    ]
    own = retention_of(table)
    named += own.where if own is not None else ()
    named += [*table.rectify.values(), *([table.restrict.column] if table.restrict else [])]
    named += [one.column for one in silo.preferences if one.table == name]
    return list(dict.fromkeys(named))


def columns_written(silo: SqlSilo, name: str) -> list[str]:
    """Every column of a table that an order may change."""
    table = silo.tables[name]
    named = [column for column, one in table.columns.items() if one.erase is not None]
    named += [*table.rectify.values(), *([table.restrict.column] if table.restrict else [])]
    named += [one.column for one in silo.preferences if one.table == name and one.writes]
    return list(dict.fromkeys(named))
