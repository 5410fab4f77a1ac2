"""Do the mappings of silos' databases make sense? What would find nobody, loop, or leave a person named in a
row that stays is a fault here, and not a surprise on the day of a request.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from consentd.kernel.connection import Connection, Verb
from consentd.kernel.layout import RecordedAs
from consentd.kernel.policy import Policy, System
from consentd.kernel.silo_sql import (
    Column,
    FoundBy,
    Keep,
    PreferenceColumn,
    SqlSilo,
    Table,
    children,
    parents_first,
    retention_of,
)
from consentd.policy.files import Where
from consentd.policy.shape import did_you_mean

if TYPE_CHECKING:
    from consentd.policy.rules import Checker

_COUNTRY = re.compile(r"[A-Z]{2}")
_MOST_ROWS = 100_000
_STATES = get_args(RecordedAs)


def check(policy: Policy, checker: "Checker") -> None:
    for system in policy.systems.values():
        connection = system.connection
        if connection is None:
            continue
        file = f"systems/{system.id}.yaml"
        if (connection.by == "sql") != (connection.sql is not None):
            reason = "the field 'sql' is missing" if connection.sql is None else f"'by' is {connection.by!r}"
            checker.fault(file, ("connection", "sql"), reason)
        if connection.sql is not None:
            _Silo(policy, system, connection, connection.sql, checker).check()


class _Silo:
    def __init__(
        self, policy: Policy, system: System, connection: Connection, silo: SqlSilo, checker: "Checker"
    ) -> None:
        self._policy = policy
        self._system = system
        self._connection = connection
        self._silo = silo
        self._checker = checker
        self._file = f"systems/{system.id}.yaml"

    def check(self) -> None:
        if not self._silo.tables:
            self._fault(("tables",), "names no table")
        if not 0 <= self._silo.rows_a_day <= _MOST_ROWS:
            self._fault(("rows_a_day",), f"must be a number from 0 to {_MOST_ROWS}")
        elif self._silo.rows_a_day and not any(one.retention for one in self._silo.tables.values()):
            self._fault(("rows_a_day",), "no table has a 'retention'")
        try:
            parents_first(self._silo)
        except ValueError as circle:
            where = ("tables", str(circle), "reached_by")
            self._fault(where, f"{str(circle)!r} is reached through itself: leave one of the paths out")
        for name, table in self._silo.tables.items():
            self._table(name, table)
        for index, preference in enumerate(self._silo.preferences):
            self._preference(("preferences", index), preference)
        self._verbs()

    def _fault(self, where: Where, reason: str) -> None:
        self._checker.fault(self._file, ("connection", "sql", *where), reason)

    def _known(self, where: Where, kind: str, name: str, known: Iterable[str]) -> bool:
        listed = list(known)
        if name not in listed:
            self._fault(where, f"unknown {kind} {name!r}{did_you_mean(name, listed)}")
        return name in listed

    def _table(self, name: str, table: Table) -> None:
        where: Where = ("tables", name)
        self._checker.name(self._file, ("connection", "sql", *where), name)
        self._known((*where, "category"), "category of this system", table.category, self._system.categories)
        if not table.key:
            self._fault((*where, "key"), "names no column: rows could not be told apart")
        if not table.found_by and not table.reached_by:
            self._fault(where, "has neither 'found_by' nor 'reached_by': nobody's rows are in it")
        for index, found in enumerate(table.found_by):
            self._found_by((*where, "found_by", index), table, found)
        if table.found_by and all(found.shared for found in table.found_by):
            self._fault((*where, "found_by"), "all are shared: none says who it is")
        for index, path in enumerate(table.reached_by):
            self._known((*where, "reached_by", index, "table"), "table", path.table, self._silo.tables)
            if not path.columns:
                self._fault((*where, "reached_by", index, "columns"), "names no column")
        for column, one in table.columns.items():
            self._column((*where, "columns", column), table, column, one)
        if table.keep is not None:
            self._keep((*where, "keep"), table, table.keep)
        if table.retention is not None:
            self._retention((*where, "retention"), table)
        self._stays(where, name, table)
        for field, column in table.rectify.items():
            self._checker.name(self._file, ("connection", "sql", *where, "rectify", field), field)
            self._known((*where, "rectify", field), "column", column, table.columns)
        if table.restrict is not None and table.restrict.frozen == table.restrict.free:
            self._fault((*where, "restrict"), "'frozen' and 'free' are the same")

    def _found_by(self, where: Where, table: Table, found: FoundBy) -> None:
        if self._known((*where, "scheme"), "identifier", found.scheme, self._policy.identifiers):
            self._known(
                (*where, "scheme"), "identifier of this system", found.scheme, self._system.identifiers
            )
            kind = self._policy.identifiers[found.scheme].kind
            if kind == "phone" and found.spelling == "any" and found.country is None:
                reason = "the field 'country' is missing: it says how numbers without a country code are read"
                self._fault(where, reason)
            if kind != "phone" and found.country is not None:
                self._fault((*where, "country"), "only telephone numbers have one")
            if kind not in ("account", "email") and found.spelling == "upper":
                self._fault((*where, "spelling"), "only account numbers and addresses have capitals")
        if found.country is not None and not _COUNTRY.fullmatch(found.country):
            self._fault((*where, "country"), f"{found.country!r} is no country: two capital letters")
        listed = self._known((*where, "column"), "column", found.column, table.columns)
        if listed and table.columns[found.column].third_party:
            self._fault((*where, "column"), "holds other people's data, and so finds nobody")

    def _column(self, where: Where, table: Table, name: str, column: Column) -> None:
        if column.text is not None and column.erase not in ("name", "text"):
            self._fault((*where, "text"), "only goes with 'erase: text' and 'erase: name'")
        if column.free_text is not None and not column.copy:
            self._fault((*where, "free_text"), "is no part of copies: 'copy' is false")
        if column.kept and table.keep is None:
            self._fault((*where, "kept"), "the table has no 'keep'")
        if column.kept and column.erase is None:
            self._fault((*where, "kept"), "goes with 'erase': what is done when the time is over")
        if column.erase is not None and name in table.key:
            self._fault((*where, "erase"), "is part of the key, which must stay")

    def _keep(self, where: Where, table: Table, keep: Keep) -> None:
        if keep.months < 1:
            self._fault((*where, "months"), "must be at least 1")
        if keep.of is not None:
            parents = [path.table for path in table.reached_by]
            self._known((*where, "of"), "table that this one points to", keep.of, parents)
            return
        day = table.columns.get(keep.after)
        if day is not None and day.erase is not None and not day.kept:
            self._fault((*where, "after"), "is erased at once: its end would no longer be known")

    def _retention(self, where: Where, table: Table) -> None:
        rule = retention_of(table)
        if rule is None:
            self._fault(where, "is that of its 'keep', and the table has none")
            return
        if table.erase == "stay":
            self._fault(where, "rows that stay have nothing to erase: leave it out, or 'change'")
        if Verb.ERASE not in self._connection.verbs:
            self._fault(where, "erases rows, and 'verbs' has no 'erase'")
        if table.retention == "keep":
            return
        if rule.months < 1:
            self._fault((*where, "months"), "must be at least 1")
        if rule.of is not None:
            parents = [path.table for path in table.reached_by]
            self._known((*where, "of"), "table that this one points to", rule.of, parents)
            return
        day = table.columns.get(rule.after)
        if day is not None and day.erase is not None and (table.erase != "delete" or table.keep is not None):
            self._fault((*where, "after"), "is erased in rows that stay: their end would no longer be known")

    def _stays(self, where: Where, name: str, table: Table) -> None:
        """A row that may stay must not name the person, and must not lose what it points to."""
        if table.erase == "delete":
            for child, path in children(self._silo, name):
                rows = self._silo.tables[child]
                freed = any(
                    column in rows.columns and rows.columns[column].erase == "clear"
                    for column in path.columns
                )
                if (rows.erase != "delete" or rows.keep is not None) and not freed:
                    reason = f"rows of {child!r} stay and point here: 'change' or 'delete_unless_referenced'"
                    self._fault((*where, "erase"), reason)
                    break
            return
        if table.erase == "stay":
            erased = next((column for column, one in table.columns.items() if one.erase), None)
            if erased is not None or table.found_by or table.keep is not None:
                reason = "rows that stay as they are have no 'erase', no 'keep' and no 'found_by': 'change'?"
                self._fault((*where, "erase"), reason)
            return
        if not any(column.erase for column in table.columns.values()):
            self._fault(
                (*where, "columns"), "no column has an 'erase': rows that stay would stay as they are"
            )
        for index, found in enumerate(table.found_by):
            column = table.columns.get(found.column)
            scheme = self._policy.identifiers.get(found.scheme)
            if found.column in table.key and scheme is not None and scheme.kind in ("email", "phone"):
                reason = (
                    f"{found.column!r} is part of the key, which must stay: rows that stay would name the "
                    "person, so only 'erase: delete' is possible"
                )
                self._fault((*where, "found_by", index), reason)
            elif column is not None and column.erase is None and found.column not in table.key:
                reason = (
                    f"{found.column!r} needs an 'erase': the person would still be found in rows that stay"
                )
                self._fault((*where, "found_by", index), reason)

    def _preference(self, where: Where, one: PreferenceColumn) -> None:
        self._known((*where, "purpose"), "purpose", one.purpose, self._policy.purposes)
        self._known((*where, "channel"), "channel", one.channel, self._policy.channels)
        self._known((*where, "table"), "table", one.table, self._silo.tables)
        for stored, state in one.reads.items():
            self._known((*where, "reads", stored), "state", state, _STATES)
        for state in one.writes:
            self._known((*where, "writes", state), "state", state, _STATES)
        if not one.reads and not one.writes:
            self._fault(where, "has neither 'reads' nor 'writes'")

    def _verbs(self) -> None:
        """What a silo is said to be able to do, it must have the columns for."""
        tables = self._silo.tables.values()
        has = {
            Verb.RECTIFY: ("table has 'rectify'", any(table.rectify for table in tables)),
            Verb.RESTRICT: ("table has 'restrict'", any(table.restrict for table in tables)),
            Verb.READ_PREFERENCES: (
                "preference has 'reads'",
                any(one.reads for one in self._silo.preferences),
            ),
            Verb.WRITE_PREFERENCE: (
                "preference has 'writes'",
                any(one.writes for one in self._silo.preferences),
            ),
        }
        for index, verb in enumerate(self._connection.verbs):
            what, there = has.get(verb, ("", True))
            if not there:
                self._checker.fault(self._file, ("connection", "verbs", index), f"no {what}")
        schemes = [found.scheme for table in tables for found in table.found_by]
        self._checker.known(
            self._file,
            ("connection", "adds"),
            "identifier that a table is found by",
            self._connection.adds,
            dict.fromkeys(schemes),
        )
