"""Reading a schema that nobody described yet: tables, keys, paths, types, and a look at some rows of each."""

import msgspec
import sqlalchemy as sa

from consentd.systems.connectors.sql.personal import Guess, Kind, guess

SAMPLED = 200
_LONG = 400
"""A column of text that may be longer than this holds what people wrote."""


class SurveyedColumn(msgspec.Struct, frozen=True):
    name: str
    kind: Kind
    nullable: bool
    unique: bool
    length: int | None
    guess: Guess | None


class Surveyed(msgspec.Struct, frozen=True):
    """One table. `paths`: name of the other table, and its columns by ours."""

    name: str
    key: tuple[str, ...]
    columns: tuple[SurveyedColumn, ...]
    paths: tuple[tuple[str, dict[str, str]], ...]
    cascades: tuple[str, ...]
    """Tables whose rows the database deletes by itself together with one here."""


def survey(connection: sa.Connection) -> list[Surveyed]:
    """Every table of the default schema. Raises what SQLAlchemy raises."""
    inspector = sa.inspect(connection)
    names = inspector.get_table_names()
    foreign = {name: inspector.get_foreign_keys(name) for name in names}
    tables = []
    for name in names:
        key = tuple(inspector.get_pk_constraint(name)["constrained_columns"] or ())
        alone = {
            one["column_names"][0]
            for one in inspector.get_unique_constraints(name)
            if len(one["column_names"]) == 1
        }
        alone |= {
            str(one["column_names"][0])
            for one in inspector.get_indexes(name)
            if one["unique"] and len(one["column_names"]) == 1
        }
        paths = tuple(
            (
                str(one["referred_table"]),
                dict(zip(one["constrained_columns"], one["referred_columns"], strict=True)),
            )
            for one in foreign[name]
            if one["referred_table"] in names and one["referred_table"] != name
        )
        pointing = {column for _, columns in paths for column in columns}
        described = inspector.get_columns(name)
        samples = _samples(connection, name, [str(one["name"]) for one in described])
        columns = tuple(
            SurveyedColumn(
                name=one["name"],
                kind=_kind(one["type"]),
                nullable=bool(one.get("nullable", True)),
                unique=one["name"] in alone or key == (one["name"],),
                length=getattr(one["type"], "length", None),
                guess=None
                if one["name"] in pointing
                else guess(one["name"], _kind(one["type"]), samples[one["name"]]),
            )
            for one in described
        )
        cascades = tuple(
            other
            for other in names
            for one in foreign[other]
            if one["referred_table"] == name
            and one.get("options", {}).get("ondelete", "").upper() == "CASCADE"
        )
        tables.append(Surveyed(name=name, key=key, columns=columns, paths=paths, cascades=cascades))
    return tables


def _samples(connection: sa.Connection, name: str, columns: list[str]) -> dict[str, list[object]]:
    table = sa.table(name, *(sa.column(column) for column in columns))
    rows = connection.execute(sa.select(table).limit(SAMPLED)).all()
    return {column: [row[place] for row in rows] for place, column in enumerate(columns)}


def _kind(kind: sa.types.TypeEngine[object]) -> Kind:
    if isinstance(kind, sa.String):
        return "long" if isinstance(kind, sa.Text) or kind.length is None or kind.length > _LONG else "text"
    if isinstance(kind, sa.Date | sa.DateTime):
        return "date"
    return "number" if isinstance(kind, sa.Integer | sa.Numeric) else "other"
