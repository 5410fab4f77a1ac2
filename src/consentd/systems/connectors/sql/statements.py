"""Statements shown to people: with the names of what is bound to them in the place of anybody's values."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.dialects.postgresql import psycopg2

from consentd.kernel.silo_sql import SqlSilo, Table
from consentd.systems.connectors.sql.finding import Finder, Rows
from consentd.systems.connectors.sql.live import LiveTable

# Of each database its plainest dialect: the drivers' own add casts that nobody needs to read.
_PLAIN: dict[str, Any] = {  # Any: each takes options of its own
    "mysql": mysql.dialect,
    "postgresql": psycopg2.dialect,
    "sqlite": sqlite.dialect,
}
_LIST = re.compile(r"__\[POSTCOMPILE_(\w+)\]")


def shown(statement: sa.sql.ClauseElement, dialect: sa.Dialect) -> str:
    """One line of SQL in the database's own dialect; `:email_1` stands for the values of that scheme."""
    text = str(statement.compile(dialect=_PLAIN[dialect.name](paramstyle="named")))
    return " ".join(_LIST.sub(r":\1", text).split())


def lookups(finder: Finder, table: LiveTable) -> Iterator[Rows]:
    """How the person's rows of one table are found: one statement for each way."""
    for way in finder.ways(table.name):
        yield sa.select(*table.key).where(way)


def deletion(table: LiveTable) -> sa.Delete:
    return sa.delete(table.table).where(*_by_key(table))


def change(table: LiveTable, columns: list[str]) -> sa.Update:
    values = {column: sa.bindparam(f"new_{column}", None, type_=table[column].type) for column in columns}
    return sa.update(table.table).where(*_by_key(table)).values(values)


def _by_key(table: LiveTable) -> list[Any]:
    return [column == sa.bindparam(f"found_{column.name}", None, type_=column.type) for column in table.key]


def deletes(table: Table) -> bool:
    return table.erase not in ("change", "stay")


def erased_columns(table: Table) -> list[str]:
    """Columns that an erasure may change in rows that stay."""
    if table.erase == "delete" and table.keep is None:
        return []
    return [name for name, column in table.columns.items() if column.erase is not None]


def by_preference(silo: SqlSilo, name: str) -> list[str]:
    return [one.column for one in silo.preferences if one.table == name and one.writes]
