"""The mapped tables as the silo's database has them today: names and types, read from its own catalogue.

A column that is missing is told before anything is changed.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from consentd.kernel.silo_sql import SqlSilo, Table, columns_read, columns_written
from consentd.systems.connectors.sql.faults import Refused

# Of MariaDB and MySQL. What SQLAlchemy reads there, SHOW CREATE TABLE, wants the right to read every column.
_COLUMNS = sa.text(
    "SELECT column_name AS name, data_type AS kind, character_maximum_length AS length, "
    "collation_name AS collation, is_nullable AS nullable FROM information_schema.columns "
    "WHERE table_schema = coalesce(:schema, database()) AND table_name = :table ORDER BY ordinal_position"
)
_KINDS: Mapping[str, type[sa.types.TypeEngine[Any]]] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year"), sa.Integer),
    **dict.fromkeys(("decimal", "numeric"), sa.Numeric),
    **dict.fromkeys(("float", "double"), sa.Float),
    **dict.fromkeys(("datetime", "timestamp"), sa.DateTime),
    **dict.fromkeys(("binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob"), sa.LargeBinary),
    "date": sa.Date,
    "time": mysql.TIME,
    "bit": mysql.BIT,
    "json": mysql.JSON,
}


class _Column(msgspec.Struct, frozen=True):
    kind: sa.types.TypeEngine[Any]
    nullable: bool
    folds: bool = False


class LiveTable(msgspec.Struct, frozen=True):
    name: str
    """As the mapping calls it."""
    mapped: Table
    table: sa.TableClause
    folds: frozenset[str]
    """Columns that the database compares without telling capitals and accents apart (MariaDB, MySQL)."""
    others: tuple[str, ...]
    """Columns that the mapping does not name."""
    needed: frozenset[str]
    """Columns that must not be null."""

    def __getitem__(self, column: str) -> sa.ColumnClause[Any]:
        return self.table.c[column]

    # Any: the silo's types.
    @property
    def key(self) -> list[sa.ColumnClause[Any]]:
        return [self.table.c[name] for name in self.mapped.key]


Live = Mapping[str, LiveTable]


def named_in_database(name: str, table: Table) -> tuple[str | None, str]:
    """Schema, if any, and name."""
    schema, _, bare = (table.name or name).rpartition(".")
    return schema or None, bare


def read_live(connection: sa.Connection, silo: SqlSilo) -> Live:
    """Raises Refused naming what is missing, as the mapping calls it."""
    return {name: read_table(connection, silo, name) for name in silo.tables}


def read_table(connection: sa.Connection, silo: SqlSilo, name: str) -> LiveTable:
    mapped = silo.tables[name]
    schema, bare = named_in_database(name, mapped)
    found = _columns(connection, bare, schema)
    if not found:
        raise Refused("table_missing", f"The silo’s database shows no table {mapped.name or name!r}.")
    wanted = dict.fromkeys([*columns_read(silo, name), *columns_written(silo, name)])
    for column in wanted:
        if column not in found:
            raise Refused("column_missing", f"The table {name!r} shows no column {column!r}.")
    columns: list[sa.ColumnClause[Any]] = [sa.column(column, found[column].kind) for column in wanted]
    return LiveTable(
        name=name,
        mapped=mapped,
        table=sa.table(bare, *columns, schema=schema),
        folds=frozenset(column for column in wanted if found[column].folds),
        others=tuple(column for column in found if column not in wanted),
        needed=frozenset(column for column in wanted if not found[column].nullable),
    )


def _columns(connection: sa.Connection, table: str, schema: str | None) -> dict[str, _Column]:
    """Empty where there is no such table, or none that the account may see."""
    if connection.dialect.name == "mysql":
        rows = connection.execute(_COLUMNS, {"schema": schema, "table": table})
        return {
            row.name: _Column(
                _KINDS[row.kind.lower()]() if row.kind.lower() in _KINDS else sa.String(row.length),
                row.nullable == "YES",
                bool(row.collation) and not row.collation.endswith(("_bin", "_cs")),
            )
            for row in rows
        }
    try:
        described = sa.inspect(connection).get_columns(table, schema)
    except sa.exc.NoSuchTableError:
        return {}
    return {
        one["name"]: _Column(_read_as(one["type"], connection.dialect), one.get("nullable", True))
        for one in described
    }


def _read_as(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
    """SQLite keeps no exact fractions: what it has is handed on, without pretending."""
    if dialect.name == "sqlite" and isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float):
        return sa.Numeric(asdecimal=False)
    return kind
