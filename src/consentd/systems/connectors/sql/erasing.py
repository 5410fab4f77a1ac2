"""Erasing a person from a silo's database, and looking whether anything is left (promises 10, 12).

One transaction: a kill leaves everything as it was, and the order comes again. Rows are met in the order of
their key, a page at a time, children before what they point to: memory does not grow with the person, no
row is met twice, and what leads to a row is erased after it. Every statement names the keys that were found.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from secrets import token_hex
from typing import Any, NamedTuple

import sqlalchemy as sa

from consentd.kernel.silo_sql import Keep, Retention, SqlSilo, children, parents_first
from consentd.systems.connectors.contract import Part, SiloUnavailable
from consentd.systems.connectors.sql.counting import Tally
from consentd.systems.connectors.sql.deciding import Fate, fate
from consentd.systems.connectors.sql.faults import Refused
from consentd.systems.connectors.sql.finding import Finder, having, within
from consentd.systems.connectors.sql.live import Live, LiveTable
from consentd.systems.connectors.sql.pseudonyms import pseudonym

PAGE = 5_000

Values = tuple[Any, ...]


class Row(NamedTuple):
    """Any: as the silo's types are."""

    key: Values
    values: dict[str, Any]
    fate: Fate


class Eraser:
    def __init__(
        self,
        connection: sa.Connection,
        silo: SqlSilo,
        live: Live,
        finder: Finder,
        *,
        today: dt.date,
        language: str,
        page: int = PAGE,
        asked: bool = True,
    ) -> None:
        """`asked`: whether somebody asked for it, which is what words that are left say."""
        self._connection = connection
        self._silo = silo
        self._live = live
        self._finder = finder
        self._today = today
        self._language = language
        self._page = page
        self._asked = asked
        self.touched = 0
        """Rows that were deleted or changed; also those that must be kept, and lost what need not."""

    def erase(self) -> list[Part]:
        """What was found and done in each table where anything was found."""
        tallies = []
        for name in reversed(parents_first(self._silo)):
            table = self._live[name]
            tally = self._tally(name)
            for rows in self._pages(table):
                self._delete(table, [row.key for row in rows if row.fate.deleted])
                self._change(table, [row for row in rows if row.fate.changed])
                for row in rows:
                    tally.found += 1
                    self.touched += not row.fate.done
                    if row.fate.deleted:
                        tally.deleted += 1
                    elif row.fate.kept:
                        tally.keep(row.fate.until)
                    elif row.fate.changed:
                        tally.changed += 1
            tallies.append(tally)
        return [tally.part() for tally in reversed(tallies) if tally.found]

    def look(self) -> list[Tally]:
        """What is there, and how much of it an erasure would still have to touch."""
        tallies = []
        for name in parents_first(self._silo):
            tally = self._tally(name)
            for rows in self._pages(self._live[name]):
                for row in rows:
                    tally.found += 1
                    if not row.fate.done:
                        tally.left += 1
                    elif row.fate.kept:
                        tally.keep(row.fate.until)
            tallies.append(tally)
        return [tally for tally in tallies if tally.found]

    def _tally(self, name: str) -> Tally:
        keep = self._silo.tables[name].keep
        return Tally(name, None if keep is None else keep.because)

    def _pages(self, table: LiveTable) -> Iterator[list[Row]]:
        if not self._finder.ways(table.name):
            return
        after: Values | None = None
        while True:
            columns, erased, day = self._columns(table)
            found = self._connection.execute(self._finder.page(table.name, columns, after, self._page)).all()
            if found:
                yield self._decided(table, [tuple(row) for row in found], erased, with_day=day)
            if len(found) < self._page:
                return
            after = tuple(found[-1][: len(table.key)])

    def _columns(self, table: LiveTable) -> tuple[list[sa.ColumnElement[Any]], list[str], bool]:
        erased = [name for name, column in table.mapped.columns.items() if column.erase is not None]
        columns: list[sa.ColumnElement[Any]] = [*table.key, *(table[name] for name in erased)]
        keep = table.mapped.keep
        if keep is not None:
            columns.append(day_of(self._live, table, keep))
        return columns, erased, keep is not None

    def _decided(
        self, table: LiveTable, found: Sequence[Values], erased: list[str], *, with_day: bool
    ) -> list[Row]:
        width = len(table.key)
        keys = [row[:width] for row in found]
        referenced = self._referenced(table, keys)
        lengths = {name: getattr(table[name].type, "length", None) for name in erased}
        rows = []
        for row in found:
            values = dict(zip(erased, row[width:], strict=False))
            day = row[-1] if with_day else None
            decided = fate(
                table.mapped, values, day, lengths, self._today, referenced=row[:width] in referenced
            )
            rows.append(Row(row[:width], values, decided))
        return rows

    def _referenced(self, table: LiveTable, keys: Sequence[Values]) -> set[Values]:
        """Of these rows, those that rows of a mapped table still point to: children come first, so what is
        left of them stays.
        """
        if table.mapped.erase != "delete_unless_referenced":
            return set()
        found: set[Values] = set()
        for child, path in children(self._silo, table.name):
            below = self._live[child]
            pointing = sa.select(*(below[here] for here in path.columns)).where(
                *(below[here].is_not(None) for here in path.columns)
            )
            pointed_at = within([table[there] for there in path.columns.values()], pointing)
            rows = self._connection.execute(sa.select(*table.key).where(having(table.key, keys), pointed_at))
            found.update(tuple(row) for row in rows)
        return found

    def _delete(self, table: LiveTable, keys: Sequence[Values]) -> None:
        if keys:
            done = self._connection.execute(sa.delete(table.table).where(having(table.key, keys)))
            self._all_of(done.rowcount, len(keys))

    def _change(self, table: LiveTable, rows: Sequence[Row]) -> None:
        """Rows that get the same values share one statement."""
        alike: dict[tuple[tuple[str, Any], ...], list[Values]] = {}
        for row in rows:
            random = token_hex(16)
            values = tuple(
                (
                    name,
                    pseudonym(
                        table.mapped.columns[name],
                        row.values[name],
                        random,
                        self._language,
                        getattr(table[name].type, "length", None),
                        asked=self._asked,
                    ),
                )
                for name in row.fate.changed
            )
            alike.setdefault(values, []).append(row.key)
        for values, keys in alike.items():
            # Of JSON, None would be its own null, and not the column's.
            new = {name: sa.null() if value is None else value for name, value in values}
            statement = sa.update(table.table).where(having(table.key, keys)).values(new)
            self._all_of(self._connection.execute(statement).rowcount, len(keys))

    def _all_of(self, done: int, wanted: int) -> None:
        """Raises SiloUnavailable where somebody else was quicker; the others hold rows, or refuse by
        themselves, so that there it was a trigger: it would do so again.
        """
        if done == wanted:
            return
        if self._connection.dialect.name == "mysql":
            raise SiloUnavailable("busy", "Somebody else was changing the same rows; nothing was changed.")
        raise Refused(
            "rows_left",
            "The silo’s database left rows as they were without saying why: a trigger of its own may do so. "
            "Nothing was changed.",
        )


def day_of(live: Live, table: LiveTable, rule: Keep | Retention) -> sa.ColumnElement[Any]:
    """The day that a rule counts from: a column of its own, or of a table that this one points to."""
    if rule.of is None:
        return table[rule.after]
    above = live[rule.of]
    days = [
        sa.select(sa.func.max(above[rule.after]))
        .where(*(above[there] == table[here] for here, there in path.columns.items()))
        .correlate(table.table)
        .scalar_subquery()
        for path in table.mapped.reached_by
        if path.table == rule.of
    ]
    return days[0] if len(days) == 1 else sa.func.coalesce(*days)
