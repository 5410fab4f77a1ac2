"""Statements that every recording runs: built once with Core, and on SQLite run on the driver itself.

For a statement of one row Core costs eight times what SQLite costs (bench/units.py), and a recording runs a
dozen on the one thread that writes. So on SQLite a statement is compiled once, with the conversions of its
columns, and given to the driver; the guard judges it as it judges all others. On PostgreSQL, where the way to
the server costs more than Core, Core runs it: its errors say which connection is lost.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from consentd.db.guard import Guard, put_guard, tables_read, tables_written
from consentd.db.tables import metadata
from consentd.db.tables.types import Id

R = TypeVar("R", bound=tuple[Any, ...])
Values = Mapping[str, Any]
"""By the names of a statement's parameters, or of the columns that an INSERT fills."""
Convert = Callable[[Any], Any]

_DIRECT = "consentd.direct"
_SQLITE = SQLiteDialect_pysqlite()
_PLACES = {table.name: place for place, table in enumerate(metadata.sorted_tables)}


class _Direct:
    """A driver's connection, and what is attempted on it: the rows that wait there, by their statement."""

    __slots__ = ("begun", "guard", "raw", "waiting")

    def __init__(self, raw: sqlite3.Connection, guard: Guard) -> None:
        self.raw = raw
        self.guard = guard
        self.waiting: dict[Write, list[list[Any]]] | None = None
        """None where nothing is attempted."""
        self.begun = False
        """Whether something of it was written already, behind a savepoint."""

    def write_what(self, read: frozenset[str]) -> None:
        """Writes what waits, if some of it is for one of the tables that are read next."""
        if self.waiting and any(not read.isdisjoint(one.tables) for one in self.waiting):
            self.settle(False)

    def settle(self, writes: bool) -> None:
        """Before another statement, which `writes` or does not: what waits is written."""
        if (writes or self.waiting) and not self.begun:
            self.raw.execute("SAVEPOINT attempt")
            self.begun = True
        self.write_waiting()

    def write_waiting(self) -> None:
        if self.waiting:
            waiting, self.waiting = self.waiting, {}
            # What is referred to is written before what refers to it.
            for statement in sorted(waiting, key=lambda one: one.place):
                statement.run_many(self.raw, waiting[statement])

    def attempt(self) -> None:
        self.waiting, self.guard.before, self.begun = {}, self.settle, False

    def undo(self) -> None:
        begun = self._ended()
        if begun and self.raw.in_transaction:
            self.raw.execute("ROLLBACK TO attempt")
            self.raw.execute("RELEASE attempt")

    def keep(self) -> None:
        self.write_waiting()
        if self._ended():
            self.raw.execute("RELEASE attempt")

    def _ended(self) -> bool:
        begun = self.begun
        self.waiting, self.guard.before, self.begun = None, None, False
        return begun


def run_directly(connection: sa.Connection, raw: sqlite3.Connection, guard: Guard) -> None:
    """Has the prepared statements of this connection run on its driver, judged by `guard`."""
    connection.info[_DIRECT] = _Direct(raw, guard)
    put_guard(connection, guard)


@contextmanager
def savepoint(connection: sa.Connection) -> Iterator[None]:
    """What is written inside is undone where the block raises; what was written before stays.

    On SQLite what prepared statements write is written together: before anything is asked that it might
    answer otherwise, and at the end. Only what must be written before the end is written behind a savepoint:
    beside one SQLite copies each page that it changes, and goes through the copies at each row. Not to be
    nested.
    """
    on: _Direct | None = connection.info.get(_DIRECT)
    if on is None:
        with connection.begin_nested():
            yield
        return
    on.attempt()
    try:
        yield
    except BaseException:
        on.undo()
        raise
    try:
        on.keep()
    except BaseException:
        # Where the database itself refuses a row, the whole unit is given up.
        on.undo()
        raise


class Read(Generic[R]):
    """A SELECT whose rows come back as `make` puts them together from their columns."""

    def __init__(self, statement: sa.Select[Any], make: Callable[[Iterable[Any]], R]) -> None:
        self._statement = statement
        self._make = make
        self._tables = tables_read(statement)
        self._text, self._bind = _compiled(statement, ())
        self._conversions = [
            (position, convert)
            for position, column in enumerate(statement.selected_columns)
            if (convert := _impl(column.type).result_processor(_SQLITE, None)) is not None
        ]

    def all(self, connection: sa.Connection, values: Values) -> list[R]:
        on: _Direct | None = connection.info.get(_DIRECT)
        if on is None:
            return [self._make(row) for row in connection.execute(self._statement, values)]
        on.write_what(self._tables)
        rows = on.raw.execute(self._text, self._bind(values)).fetchall()
        return [self._make(self._converted(row)) for row in rows]

    def first(self, connection: sa.Connection, values: Values) -> R | None:
        found = self.all(connection, values)
        return found[0] if found else None

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        cells = list(row)
        for position, convert in self._conversions:
            cells[position] = convert(cells[position])
        return cells


class ReadIn(Generic[R]):
    """A SELECT about several values at once: `make_statement` is given the parameters to look among.

    A statement is prepared for each power of two up to MOST, and what is asked is filled up with itself: a
    list that is expanded anew at each call costs more than what it finds. `kind`: of the values.
    """

    MOST = 32

    def __init__(
        self,
        make_statement: Callable[[list[sa.BindParameter[Any]]], sa.Select[Any]],
        make: Callable[[Iterable[Any]], R],
        kind: type[sa.types.TypeEngine[Any]],
    ) -> None:
        self._make_statement = make_statement
        self._make = make
        self._kind = kind
        self._reads: dict[int, Read[R]] = {}

    def all(self, connection: sa.Connection, among: Sequence[Any]) -> list[R]:
        """Rows that more than one part of a long list finds come more than once."""
        found: list[R] = []
        for start in range(0, len(among), self.MOST):
            part = among[start : start + self.MOST]
            size = 1 << (len(part) - 1).bit_length()
            read = self._reads.get(size)
            if read is None:
                places = [sa.bindparam(f"among_{n}", type_=self._kind) for n in range(size)]
                read = self._reads[size] = Read(self._make_statement(places), self._make)
            filled = [*part, *[part[-1]] * (size - len(part))]
            found += read.all(connection, {f"among_{n}": value for n, value in enumerate(filled)})
        return found


class Write:
    """An INSERT, with or without ON CONFLICT, of rows that all fill the same columns; or an UPDATE."""

    def __init__(self, statement: sa.Insert | sa.Update, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._text, self._bind = _compiled(statement, columns)
        self.tables = tables_written(statement)
        self.place = max(_PLACES[name] for name in self.tables), isinstance(statement, sa.Update)
        """Of its table among all: a table stands behind those that it refers to, a change behind new rows."""

    def run(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        on: _Direct | None = connection.info.get(_DIRECT)
        if on is None:
            connection.execute(self._statement, rows)
            return
        on.guard.judge(self.tables)
        bound = [self._bind(row) for row in rows]
        if on.waiting is not None:
            on.waiting.setdefault(self, []).extend(bound)
        else:
            self.run_many(on.raw, bound)

    def run_many(self, raw: sqlite3.Connection, bound: Sequence[list[Any]]) -> None:
        """On the driver itself, what was put in order already."""
        if len(bound) == 1:
            raw.execute(self._text, bound[0])
        else:
            raw.executemany(self._text, bound)


def _compiled(
    statement: sa.Select[Any] | sa.Insert | sa.Update, columns: Sequence[str]
) -> tuple[str, Callable[[Values], list[Any]]]:
    """Its text for SQLite, and what puts its parameters in order."""
    compiled = statement.compile(dialect=_SQLITE, column_keys=list(columns) or None)
    assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
    names = [str(name) for name in compiled.positiontup or ()]
    kinds = [compiled.binds[name].type for name in names]
    constants = {name: value for name in names if (value := compiled.params[name]) is not None}
    ids = [place for place, kind in enumerate(kinds) if isinstance(kind, Id)]
    others = [(place, convert) for place, kind in enumerate(kinds) if (convert := _binding(kind)) is not None]

    pick = itemgetter(*names) if len(names) > 1 else lambda given: [given[name] for name in names]

    def bind(values: Values) -> list[Any]:
        cells = list(pick({**constants, **values} if constants else values))
        for place in ids:
            if (value := cells[place]) is not None:
                cells[place] = value.int.to_bytes(16)
        for place, convert in others:
            cells[place] = convert(cells[place])
        return cells

    return str(compiled), bind


def _binding(kind: sa.types.TypeEngine[Any]) -> Convert | None:
    """What the driver wants instead of a value of this type. Bytes and truth values it takes as they are."""
    if isinstance(kind, Id | sa.LargeBinary | sa.Boolean):
        return None
    return _impl(kind).bind_processor(_SQLITE)


def _impl(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    return kind.dialect_impl(_SQLITE)
