"""What in a silo's records calls for somebody's eyes before a copy of them leaves (GDPR 15(4)).

The policy says it, as data: of a database column by column (`free_text`, `third_party`), of any other silo by
category (`plain`). What it says nothing of is looked at: a column that nobody marked, as soon as a letter
stands in it, and a category that nobody called plain. Reads the records; changes nothing.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from consentd.dsr.package.files import Category, PackageFiles
from consentd.dsr.package.portable import is_portable
from consentd.dsr.rights import Right
from consentd.kernel.policy import Policy
from consentd.kernel.silo_sql import Column, SqlSilo

Marks: TypeAlias = Mapping[str, frozenset[str] | None]
"""Of each silo of the policy why its records are looked at (free_text, third_party, unmarked); None where it
did not do its whole part, or nobody asked it."""

# A day or a time as copies spell them has letters, and is no word.
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?|[0-9:.]+")
_decoder = msgspec.json.Decoder(dict[str, Any])  # Any: single JSON values


def marks(files: PackageFiles, policy: Policy, right: Right, answered: Iterable[str]) -> Marks:
    """`answered`: the silos that did their whole part."""
    found: dict[str, frozenset[str] | None] = dict.fromkeys(policy.systems)
    for system in answered:
        collected = files.collected(system)
        if collected is not None:
            goes = [
                one
                for one in collected.categories
                if one.records and (right is not Right.PORTABILITY or is_portable(policy, system, one.what))
            ]
            found[system] = frozenset[str]().union(*(_of(files, policy, system, one) for one in goes))
    return found


def _of(files: PackageFiles, policy: Policy, system: str, category: Category) -> set[str]:
    known = policy.systems.get(system)
    connection = known.connection if known else None
    if connection is None or connection.sql is None:
        return set() if connection and category.what in connection.plain else {"unmarked"}
    return _of_table(files, connection.sql, system, category)


def _of_table(files: PackageFiles, silo: SqlSilo, system: str, category: Category) -> set[str]:
    table = silo.tables.get(category.what)
    if table is None:
        return {"unmarked"}
    found: set[str] = set()
    copied = [column for column in table.columns.values() if column.copy]
    if any(column.third_party for column in copied):
        found.add("third_party")
    if any(_typed(column) for column in copied):
        found.add("free_text")
    unsaid = [
        field.name
        for field in category.fields
        if "text" in field.kinds and _unsaid(table.columns.get(field.name))
    ]
    if unsaid and any(_words(line, unsaid) for line in files.lines(system, category.what)):
        found.add("unmarked")
    return found


def _typed(column: Column) -> bool:
    return column.erase == "text" if column.free_text is None else column.free_text


def _unsaid(column: Column | None) -> bool:
    return column is None or (column.free_text is None and column.erase is None and not column.third_party)


def _words(line: bytes, names: list[str]) -> bool:
    """Whether a letter stands in one of these fields."""
    record = _decoder.decode(line)
    values = (record.get(name) for name in names)
    return any(
        isinstance(value, str) and not _TIME.fullmatch(value) and any(map(str.isalpha, value))
        for value in values
    )
