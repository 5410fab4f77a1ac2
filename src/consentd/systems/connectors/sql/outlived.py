"""Which rows were kept long enough, as SQL: their time is over, nobody froze them, and something is left to
erase in them or in what hangs on them (docs/systems.md). Nobody is looked for.

What is left is asked for in SQL so that a run does not read what earlier ones have emptied. The eraser looks
at each row again by itself, so that a condition that takes in too much costs time and no row.
"""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from consentd.kernel.silo_sql import Column, Keep, Path, Retention, SqlSilo, children, retention_of
from consentd.systems.connectors.sql.deciding import over_before
from consentd.systems.connectors.sql.erasing import day_of
from consentd.systems.connectors.sql.faults import Refused
from consentd.systems.connectors.sql.finding import Condition, within
from consentd.systems.connectors.sql.finding import typed as of_type
from consentd.systems.connectors.sql.live import AsWritten, Live, LiveTable
from consentd.systems.connectors.sql.pseudonyms import DOMAIN, NUMBERS, words_left

_DAY = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_FIRST = dt.date(1000, 1, 1)
"""MariaDB and MySQL keep a date of zeroes where none was known: it is no day, and its row stays."""


class Outlived:
    """Conditions on a silo's tables as they are on one day in its own zone."""

    def __init__(
        self, silo: SqlSilo, live: Live, dialect: sa.Dialect, today: dt.date, zone: ZoneInfo
    ) -> None:
        self._silo = silo
        self._live = live
        self._dialect = dialect
        self._today = today
        self._zone = zone

    def due(self, name: str) -> Condition:
        """Raises Refused where the mapping does not fit the database."""
        table = self._live[name]
        rule = retention_of(table.mapped)
        assert rule is not None
        frozen = self._frozen(name)
        free = [] if frozen is None else [sa.not_(frozen)]
        constants = [self._is(table, column, text) for column, text in rule.where.items()]
        return sa.and_(self._over(table, rule), *constants, *free, self._left(name))

    def _over(self, table: LiveTable, rule: Keep | Retention) -> Condition:
        """Null, and so no match, where there is no day."""
        day = day_of(self._live, table, rule)
        before = over_before(rule, self._today)
        kind = (table if rule.of is None else self._live[rule.of])[rule.after].type
        if _is_text(kind):
            text: Any = sa.cast(day, sa.String) if self._dialect.name == "sqlite" else day
            return sa.and_(text.regexp_match(_DAY), text < sa.literal(before.isoformat(), sa.String))
        if isinstance(kind, sa.DateTime):
            zone = self._zone if kind.timezone else None
            at = [dt.datetime.combine(one, dt.time(), zone) for one in (_FIRST, before)]
            return sa.and_(day >= sa.literal(at[0], kind), day < sa.literal(at[1], kind))
        if isinstance(kind, sa.Date):
            return sa.and_(day >= sa.literal(_FIRST, kind), day < sa.literal(before, kind))
        raise Refused(
            "no_day",
            f"The column {rule.after!r} that the time of {table.name!r} counts from holds no days.",
        )

    def _running(self, table: LiveTable, keep: Keep) -> Condition:
        return sa.or_(day_of(self._live, table, keep).is_(None), sa.not_(self._over(table, keep)))

    def _frozen(self, name: str) -> Condition | None:
        """Rows that are frozen, or point to some that are (GDPR 18). None where nothing here ever is."""
        table = self._live[name]
        found: list[Condition] = []
        flag = table.mapped.restrict
        if flag is not None:
            column = table[flag.column]
            found.append(sa.and_(column.is_not(None), self._is(table, flag.column, flag.frozen)))
        for path in table.mapped.reached_by:
            above = self._frozen(path.table)
            if above is not None:
                parent = self._live[path.table]
                there = [parent[column] for column in path.columns.values()]
                here = [table[column] for column in path.columns]
                rows = sa.select(*there).where(above, *(one.is_not(None) for one in there))
                known = (one.is_not(None) for one in here)
                found.append(sa.and_(*known, *self._constants(table, path), within(here, rows)))
        return sa.or_(*found) if found else None

    def _left(self, name: str) -> Condition:
        """Whether an erasure would still delete or change the row, or one that hangs on it."""
        table = self._live[name]
        mapped, keep = table.mapped, table.mapped.keep
        over = [] if keep is None else [self._over(table, keep)]
        left: list[Condition] = []
        if mapped.erase == "delete":
            left.append(sa.and_(sa.true(), *over))
        elif mapped.erase == "delete_unless_referenced":
            left.append(sa.and_(sa.not_(self._referenced(name)), *over))
        if mapped.erase != "delete" or keep is not None:
            for column, one in mapped.columns.items():
                if one.erase is not None:
                    left.append(sa.and_(_holds(table, column, one), *(over if one.kept else ())))
        left += [
            self._under(table, child, path, self._left(child)) for child, path in children(self._silo, name)
        ]
        return sa.or_(sa.false(), *left)

    def _referenced(self, name: str) -> Condition:
        """Whether a row points to it that stays."""
        pointing = [
            self._under(self._live[name], child, path, self._stays(child))
            for child, path in children(self._silo, name)
        ]
        return sa.or_(sa.false(), *pointing)

    def _stays(self, name: str) -> Condition:
        table = self._live[name]
        if table.mapped.erase in ("change", "stay"):
            return sa.true()
        staying = [] if table.mapped.keep is None else [self._running(table, table.mapped.keep)]
        if table.mapped.erase == "delete_unless_referenced":
            staying.append(self._referenced(name))
        return sa.or_(sa.false(), *staying)

    def _under(self, table: LiveTable, child: str, path: Path, which: Condition) -> Condition:
        """Whether such a row of another table points to this one."""
        below = self._live[child]
        here = [below[column] for column in path.columns]
        rows = sa.select(*here).where(
            which, *self._constants(below, path), *(one.is_not(None) for one in here)
        )
        return within([table[column] for column in path.columns.values()], rows)

    def _constants(self, table: LiveTable, path: Path) -> list[Condition]:
        return [self._is(table, column, text) for column, text in path.where.items()]

    def _is(self, table: LiveTable, column: str, text: str) -> Condition:
        try:
            value = of_type(table[column], text)
        except ValueError:
            raise Refused(
                "value_refused", f"The column {column!r} of {table.name!r} cannot hold {text!r}."
            ) from None
        return sa.and_(table[column] == value)


def holds_days(kind: sa.types.TypeEngine[Any]) -> bool:
    """Whether days can be read from such a column: a date, a time, or text that begins like 2026-11-22."""
    return _is_text(kind) or isinstance(kind, sa.Date | sa.DateTime)


def _is_text(kind: sa.types.TypeEngine[Any]) -> bool:
    """SQLite keeps days as text, one with the hour and another without."""
    return isinstance(kind, sa.String) or (isinstance(kind, AsWritten) and kind.kind is not None)


def _holds(table: LiveTable, column: str, one: Column) -> Condition:
    """Whether something stands there that an erasure would replace: `pseudonyms.is_erased`, as SQL."""
    cell: Any = table[column]  # Any: as the silo's types are
    length = getattr(cell.type, "length", None)
    text = sa.cast(cell, sa.String(200))
    holds: list[Any] = [cell.is_not(None)]
    if isinstance(cell.type, sa.String):
        holds.append(cell != "")
    match one.erase:
        case "email":
            holds.append(cell.not_like(f"%@{DOMAIN}"))
        case "token":
            holds.append(sa.false() if length is not None and length <= 19 else cell.not_like("erased-%"))
        case "phone":
            holds.append(sa.func.replace(text, " ", "").not_in(NUMBERS))
        case "name" | "text":
            holds.append(cell.not_in(sorted(words_left(one, length))))
        case "year":
            holds.append(text.not_like("____-01-01%"))
        case "postcode":
            holds.append(sa.not_(cell.regexp_match("^.{0,2}[^A-WYZa-z1-9]*$")))
        case "zero":
            holds.append(cell != 0)
    return sa.and_(*holds)
