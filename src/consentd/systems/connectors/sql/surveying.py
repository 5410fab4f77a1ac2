"""Reading a schema that nobody described yet: tables, keys, paths, types, and a look at some rows of each."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from consentd.systems.connectors.sql.live import has_fixed_words, unwrapped
from consentd.systems.connectors.sql.personal import Guess, Kind, guess

SAMPLED = 200
_LONG = 400
"""A column of text that may be longer than this holds what people wrote."""
_NOT_THE_SILOS = ("information_schema", "pg_catalog", "pg_toast")


class SurveyedColumn(msgspec.Struct, frozen=True):
    name: str
    kind: Kind
    nullable: bool
    unique: bool
    length: int | None
    """Characters, or digits; None: no limit."""
    guess: Guess | None
    made: bool = False
    """Whether the database makes it of other columns: nobody writes there."""


class Surveyed(msgspec.Struct, frozen=True):
    """One table. `paths`: name of the other table, and its columns by ours."""

    name: str
    """With its schema in front, where that is not the default one."""
    key: tuple[str, ...]
    columns: tuple[SurveyedColumn, ...]
    paths: tuple[tuple[str, dict[str, str]], ...]
    cascades: tuple[str, ...]
    """Tables whose rows the database deletes by itself together with one here."""
    itself: bool = False
    """Whether its rows point to rows of the same table."""


class _Foreign(msgspec.Struct, frozen=True):
    to: str
    columns: dict[str, str]
    cascades: bool


def survey(connection: sa.Connection) -> list[Surveyed]:
    """Every table, those of other schemas too. Raises what SQLAlchemy raises."""
    inspector = sa.inspect(connection)
    places = {_named(schema, name): (schema, name) for schema, name in _tables(inspector)}
    foreign = {name: list(_foreign(inspector, *place)) for name, place in places.items()}
    return [
        _surveyed(connection, inspector, name, schema, bare, foreign)
        for name, (schema, bare) in places.items()
    ]


def _tables(inspector: sa.Inspector) -> Iterator[tuple[str | None, str]]:
    """Schema, None for the default one, and name. On MariaDB and MySQL a schema is another database."""
    yield from ((None, name) for name in inspector.get_table_names())
    if inspector.dialect.name == "postgresql":
        for schema in inspector.get_schema_names():
            if schema != inspector.default_schema_name and not schema.startswith(_NOT_THE_SILOS):
                yield from ((schema, name) for name in inspector.get_table_names(schema))


def _named(schema: str | None, name: str) -> str:
    return name if schema is None else f"{schema}.{name}"


def _foreign(inspector: sa.Inspector, schema: str | None, table: str) -> Iterator[_Foreign]:
    for one in inspector.get_foreign_keys(table, schema):
        there = one["referred_schema"]
        if there == inspector.default_schema_name:
            there = None
        columns = dict(zip(one["constrained_columns"], one["referred_columns"], strict=True))
        cascades = str(one.get("options", {}).get("ondelete", "")).upper() == "CASCADE"
        yield _Foreign(_named(there, one["referred_table"]), columns, cascades)


# Any: as SQLAlchemy describes columns and indexes.
def _surveyed(
    connection: sa.Connection,
    inspector: sa.Inspector,
    name: str,
    schema: str | None,
    bare: str,
    foreign: dict[str, list[_Foreign]],
) -> Surveyed:
    described: list[Any] = [
        {**one, "type": unwrapped(one["type"])} for one in inspector.get_columns(bare, schema)
    ]
    uniques = list(_uniques(inspector, bare, schema))
    needed = {one["name"] for one in described if not one.get("nullable", True)}
    key = tuple(inspector.get_pk_constraint(bare, schema)["constrained_columns"] or ())
    # What is unique and always there tells rows apart as well as a key that was called so.
    key = key or min((one for one in uniques if needed.issuperset(one)), key=len, default=())
    alone = {one[0] for one in (*uniques, key) if len(one) == 1}
    paths = tuple((one.to, one.columns) for one in foreign[name] if one.to in foreign and one.to != name)
    pointing = {column for _, columns in paths for column in columns}
    kinds: dict[str, Kind] = {one["name"]: _kind(one["type"]) for one in described}
    kinds |= dict.fromkeys(_jsons(connection, bare) & kinds.keys(), "json")
    samples = _samples(connection, bare, schema, [one for one, kind in kinds.items() if kind in _TEXTS])
    return Surveyed(
        name=name,
        key=key,
        columns=tuple(
            SurveyedColumn(
                name=one["name"],
                kind=kinds[one["name"]],
                nullable=bool(one.get("nullable", True)),
                unique=one["name"] in alone,
                length=_room(one["type"], connection.dialect.name),
                guess=None
                if one["name"] in pointing
                else guess(one["name"], kinds[one["name"]], samples.get(one["name"], ())),
                made="computed" in one,
            )
            for one in described
        ),
        paths=paths,
        cascades=tuple(
            other for other, found in foreign.items() for one in found if one.to == name and one.cascades
        ),
        itself=any(one.to == name for one in foreign[name]),
    )


def _uniques(inspector: sa.Inspector, bare: str, schema: str | None) -> Iterator[tuple[str, ...]]:
    for constraint in inspector.get_unique_constraints(bare, schema):
        yield tuple(constraint["column_names"])
    # Of SQLite those too that it made for the word UNIQUE behind a column.
    more = {"include_auto_indexes": True} if inspector.dialect.name == "sqlite" else {}
    for index in inspector.get_indexes(bare, schema, **more):
        partial = any(str(name).endswith("_where") for name in index.get("dialect_options", {}))
        if index["unique"] and not partial and None not in index["column_names"]:
            yield tuple(map(str, index["column_names"]))


def _jsons(connection: sa.Connection, bare: str) -> set[str]:
    """On MariaDB, where JSON is a text that a rule looks at."""
    if not getattr(connection.dialect, "is_mariadb", False):
        return set()
    rules = connection.execute(_RULES, {"table": bare}).scalars()
    return {found[1] for rule in rules if (found := _JSON.fullmatch(str(rule)))}


_RULES = sa.text(
    "SELECT check_clause FROM information_schema.check_constraints "
    "WHERE constraint_schema = database() AND table_name = :table"
)
_TEXTS = ("text", "long")
_JSON = re.compile(r"json_valid\(`?(.+?)`?\)", re.IGNORECASE)


def _samples(
    connection: sa.Connection, bare: str, schema: str | None, columns: Iterable[str]
) -> dict[str, list[object]]:
    """Of columns of text alone: only these are looked into."""
    names = list(columns)
    if not names:
        return {}
    table = sa.table(bare, *(sa.column(column) for column in names), schema=schema)
    rows = connection.execute(sa.select(table).limit(SAMPLED)).all()
    return {column: [row[place] for row in rows] for place, column in enumerate(names)}


def _room(kind: Any, dialect: str) -> int | None:
    """Characters of a text, digits of a number; None: as many as wanted."""
    if isinstance(kind, sa.Integer) and not isinstance(kind, sa.BigInteger) and dialect != "sqlite":
        return 9
    if isinstance(kind, sa.Numeric) and kind.precision is not None:
        return kind.precision - (kind.scale or 0)
    return getattr(kind, "length", None)


def _kind(kind: Any) -> Kind:
    if has_fixed_words(kind) or isinstance(kind, mysql.TINYINT):  # which is how MariaDB says yes and no
        return "other"
    if isinstance(kind, sa.String):
        return "long" if isinstance(kind, sa.Text) or kind.length is None or kind.length > _LONG else "text"
    if isinstance(kind, sa.JSON):
        return "json"
    if isinstance(kind, sa.Date | sa.DateTime):
        return "date"
    return "number" if isinstance(kind, sa.Integer | sa.Numeric) else "other"
