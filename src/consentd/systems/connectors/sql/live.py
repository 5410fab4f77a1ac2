"""The mapped tables as the silo's database has them today: names and types, read from its own catalogue.

A column that is missing is told before anything is changed.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from consentd.kernel.silo_sql import SqlSilo, Table, columns_read, columns_written
from consentd.systems.connectors.sql.faults import Refused

# Of MariaDB and MySQL. What SQLAlchemy reads there, SHOW CREATE TABLE, wants the right to read every column.
_COLUMNS = sa.text(
    "SELECT column_name AS name, data_type AS kind, character_maximum_length AS length, "
    "character_set_name AS charset, collation_name AS collation, is_nullable AS nullable "
    "FROM information_schema.columns "
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


# What MariaDB calls latin1 is Windows' own.
_NARROW: Mapping[str, str] = {"latin1": "cp1252", "ascii": "ascii"}


class FixedWords(sa.String):
    """Of MariaDB and MySQL: text that is one of a few words, or several of them."""


class _Column(msgspec.Struct, frozen=True):
    kind: sa.types.TypeEngine[Any]
    nullable: bool
    folds: bool = False
    charset: str | None = None


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

    charsets: Mapping[str, str]
    """Of columns in a character set that has not every letter: its codec."""

    def can_hold(self, column: str, text: str) -> bool:
        """Whether it has every letter of the text. Compared with one that it has not, MariaDB gives up."""
        try:
            text.encode(self.charsets.get(column, "utf-8"))
        except UnicodeEncodeError:
            return False
        return True

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
        charsets={
            column: _NARROW[charset]
            for column in wanted
            if (charset := found[column].charset or "") in _NARROW
        },
    )


def _columns(connection: sa.Connection, table: str, schema: str | None) -> dict[str, _Column]:
    """Empty where there is no such table, or none that the account may see."""
    if connection.dialect.name == "mysql":
        rows = connection.execute(_COLUMNS, {"schema": schema, "table": table})
        return {
            row.name: _Column(
                _kind(row.kind.lower(), row.length),
                row.nullable == "YES",
                bool(row.collation)
                and not row.collation.endswith(("_bin", "_cs"))
                and (row.charset in _NARROW or row.charset.startswith("utf8")),
                row.charset,
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


def _kind(kind: str, length: int | None) -> sa.types.TypeEngine[Any]:
    if kind in ("enum", "set"):
        return FixedWords(length)
    return _KINDS[kind]() if kind in _KINDS else sa.String(length)


def has_fixed_words(kind: sa.types.TypeEngine[Any]) -> bool:
    """Whether a column holds one of a few words, and no other text can be written there."""
    return isinstance(kind, sa.Enum | FixedWords | mysql.SET)


def unwrapped(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """What a column of a domain (PostgreSQL) holds."""
    while isinstance(kind, postgresql.DOMAIN):
        kind = kind.data_type
    return kind


class AsWritten(sa.types.TypeDecorator[Any]):
    """SQLite holds in a column of days, times or JSON whatever was written there: what is no such thing is
    handed on as it is. `kind`: date or datetime; None: text.
    """

    impl = sa.String
    cache_ok = True

    def __init__(self, kind: type[dt.date] | None) -> None:
        super().__init__()
        self.kind = kind

    @property
    def python_type(self) -> type[Any]:
        return self.kind or str

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        try:
            return value if self.kind is None else self.kind.fromisoformat(value)
        except (ValueError, TypeError):
            return value

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if isinstance(value, dt.datetime):
            return value.isoformat(" ", timespec="microseconds")
        return value.isoformat() if isinstance(value, dt.date) else value


def _read_as(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
    """SQLite keeps no exact fractions, and no types: what it has is handed on, without pretending."""
    if dialect.name != "sqlite":
        return unwrapped(kind)
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float):
        return sa.Numeric(asdecimal=False)
    for told, python in ((sa.DateTime, dt.datetime), (sa.Date, dt.date), (sa.Time, None), (sa.JSON, None)):
        if isinstance(kind, told):
            return AsWritten(python)
    return kind
