"""Trying a connection out, changing nothing: is everything there, may the account do what orders will need,
and is each search served by an index? EXPLAIN asks the database itself: it checks names, types and
privileges as for the real statement, and runs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from consentd.kernel.connection import Verb
from consentd.kernel.policy import Scheme
from consentd.kernel.silo_sql import FoundBy, SqlSilo, columns_read, parents_first, retention_of
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import SiloUnavailable, Test
from consentd.systems.connectors.sql.faults import Refused, told
from consentd.systems.connectors.sql.finding import Condition, Finder
from consentd.systems.connectors.sql.live import AsWritten, Live, LiveTable, has_fixed_words, read_table
from consentd.systems.connectors.sql.opening import Silo
from consentd.systems.connectors.sql.outlived import holds_days
from consentd.systems.connectors.sql.plans import explained, reads_all
from consentd.systems.connectors.sql.statements import (
    by_preference,
    change,
    deletes,
    deletion,
    erased_columns,
    shown,
)

GOOD, WARNING, BAD = "ok", "warning", "fault"
_NOBODY = {"email": "nobody@erased.invalid", "phone": "+33639980000", "account": "0", "opaque": "nobody"}


def tried(silo: Silo, mapping: SqlSilo, schemes: Mapping[str, Scheme], verbs: Iterable[Verb]) -> Test:
    """One line for each check: "ok: …", "warning: …" or "fault: …". Warnings do not make it fail."""
    trial = _Trial(mapping, schemes, frozenset(verbs))
    try:
        with silo.reading() as connection:
            trial.line(GOOD, f"connected to {_called(connection)}")
            live = trial.tables(connection)
        for name, table in live.items():
            trial.table(silo, name, table, live if len(live) == len(mapping.tables) else None)
    except (Refused, SiloUnavailable) as refused:
        trial.line(BAD, str(refused))
    return Test(ok=trial.ok, lines=tuple(trial.lines))


def _called(connection: sa.Connection) -> str:
    name = {"postgresql": "PostgreSQL", "mysql": "MariaDB or MySQL", "sqlite": "SQLite"}
    version = ".".join(map(str, connection.dialect.server_version_info or ()))
    return f"{name[connection.dialect.name]} {version}".strip()


class _Trial:
    def __init__(self, mapping: SqlSilo, schemes: Mapping[str, Scheme], verbs: frozenset[Verb]) -> None:
        self._mapping = mapping
        self._schemes = schemes
        self._verbs = verbs
        self.lines: list[str] = []
        self.ok = True

    def line(self, kind: str, words: str) -> None:
        self.lines.append(f"{kind}: {words}")
        self.ok = self.ok and kind != BAD

    def tables(self, connection: sa.Connection) -> Live:
        found: dict[str, LiveTable] = {}
        for name in parents_first(self._mapping):
            try:
                found[name] = read_table(connection, self._mapping, name)
            except Refused as refused:
                self.line(BAD, refused.detail)
        return found

    def table(self, silo: Silo, name: str, table: LiveTable, live: Live | None) -> None:
        """`live`: all tables, where none is missing; paths can be tried only then."""
        named = columns_read(self._mapping, name)
        self.line(GOOD, f"{name}: the table and its {len(named)} columns are there")
        self._types(name, table)
        self._unnamed(name, table)
        self._privileges(silo, name, table)
        if live is not None:
            self._searches(silo, name, live)

    def _types(self, name: str, table: LiveTable) -> None:
        erased = erased_columns(table.mapped)
        for column in erased:
            form = table.mapped.columns[column].erase
            kind = table[column].type
            where = f"{name}.{column}"
            if form == "clear" and column in table.needed:
                self.line(
                    BAD, f"{where}: must not be null, and 'erase: clear' makes it so; choose another form"
                )
            text = isinstance(kind, sa.String) and not has_fixed_words(kind)
            number = isinstance(kind, sa.Integer | sa.Numeric)
            if not text and form in ("email", "name", "text", "token", "postcode", "empty"):
                self.line(BAD, f"{where}: 'erase: {form}' writes text, and the column holds {_kind(kind)}")
            if not number and form == "zero":
                self.line(BAD, f"{where}: 'erase: zero' writes a number, and the column holds {_kind(kind)}")
            if not text and not number and form == "phone":
                self.line(BAD, f"{where}: 'erase: phone' writes a number, and the column holds {_kind(kind)}")
            if not text and form == "year" and not isinstance(kind, sa.Date | sa.DateTime | AsWritten):
                self.line(BAD, f"{where}: 'erase: year' writes a day, and the column holds {_kind(kind)}")
            length = getattr(kind, "length", None)
            if form == "email" and length is not None and length < 25:
                self.line(BAD, f"{where}: holds {length} characters, too few for an address; 'token' fits")

        rule = retention_of(table.mapped)
        if rule is not None and rule.of is None and not holds_days(table[rule.after].type):
            words = "the table's 'retention' counts from it, and it holds"
            self.line(BAD, f"{name}.{rule.after}: {words} {_kind(table[rule.after].type)}, no days")

    def _unnamed(self, name: str, table: LiveTable) -> None:
        stay = erased_columns(table.mapped) != [] or table.mapped.erase == "stay"
        if table.others:
            words = "neither copied nor erased in rows that stay" if stay else "not part of the copy"
            self.line(WARNING, f"{name}: not in the mapping, and so {words}: {', '.join(table.others)}")

    def _privileges(self, silo: Silo, name: str, table: LiveTable) -> None:
        mapped = table.mapped
        named = [table[column] for column in columns_read(self._mapping, name)]
        wanted: list[tuple[str, Any]] = [("read it", sa.select(*named).limit(0))]
        if Verb.ERASE in self._verbs:
            wanted += [("delete from it", deletion(table))] if deletes(mapped) else []
            columns = erased_columns(mapped)
            wanted += [("change it", change(table, columns))] if columns else []
        if Verb.RECTIFY in self._verbs and mapped.rectify:
            wanted.append(("rectify it", change(table, list(mapped.rectify.values()))))
        if Verb.RESTRICT in self._verbs and mapped.restrict:
            wanted.append(("freeze it", change(table, [mapped.restrict.column])))
        if Verb.WRITE_PREFERENCE in self._verbs and (columns := by_preference(self._mapping, name)):
            wanted.append(("write choices to it", change(table, columns)))
        for what, statement in wanted:
            refused = _refused(silo, partial(_explained, statement))
            if refused is None:
                self.line(GOOD, f"{name}: the account may {what}")
            else:
                self.line(BAD, f"{name}: the account cannot {what}: {refused}")

    def _searches(self, silo: Silo, name: str, live: Live) -> None:
        """By each column, and by each path, as if it were the only one."""
        table = live[name]
        named = [Named(scheme, _NOBODY[kind.kind]) for scheme, kind in self._schemes.items()]
        finder = Finder(live, self._schemes, named, silo.dialect)
        for found in table.mapped.found_by:
            match = finder.match(table, found)
            if match is not None:
                advice = _index(finder, table, found, silo)
                self._search(silo, table, f"by {found.column}", [match], advice)
        for path in table.mapped.reached_by:
            advice = f". One on {', '.join(path.columns)} would"
            self._search(silo, table, f"by its path to {path.table}", finder.by_path(name, path), advice)

    def _search(self, silo: Silo, table: LiveTable, how: str, ways: Iterable[Condition], advice: str) -> None:
        scanned: set[str] = set()

        def look(connection: sa.Connection) -> None:
            for way in ways:
                scanned.update(reads_all(connection, sa.select(*table.key).where(way)))

        refused = _refused(silo, look)
        if refused is not None:
            self.line(BAD, f"{table.name}: cannot be searched {how}: {refused}")
        elif table.table.name in scanned:
            words = f"{table.name}: no index serves the search {how}: each request reads the whole table"
            self.line(WARNING, f"{words}{advice}")
        else:
            self.line(GOOD, f"{table.name}: an index serves the search {how}")


def _index(finder: Finder, table: LiveTable, found: FoundBy, silo: Silo) -> str:
    """What to add, where one index does it."""
    spelled = shown(finder.spelled(table, found), silo.dialect).replace(f"{table.table.name}.", "")
    if silo.dialect.name != "mysql":
        return f". One on {spelled} would"
    bare = spelled == found.column
    return ". One on the column would" if bare or found.column in table.folds else ""


def _explained(statement: Any, connection: sa.Connection) -> None:
    explained(connection, statement)


def _refused(silo: Silo, job: Callable[[sa.Connection], Any]) -> str | None:
    """Each check in a transaction of its own: one that was refused ends it. MariaDB does not explain changes
    to one that only reads.
    """
    try:
        with silo.writing() if silo.dialect.name == "mysql" else silo.reading() as connection:
            job(connection)
    except Refused as refused:
        return refused.detail
    except sa.exc.SQLAlchemyError as error:
        return str(told(error))
    return None


def _kind(kind: sa.types.TypeEngine[Any]) -> str:
    if has_fixed_words(kind):
        return "one of a few words"
    if isinstance(kind, AsWritten):
        return kind.python_type.__name__
    return "text" if isinstance(kind, sa.String) else type(kind).__name__.lower()
