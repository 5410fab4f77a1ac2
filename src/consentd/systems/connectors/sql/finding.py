"""Which rows are the person's, as SQL that an index can serve.

A table may be found by columns of its own and by paths to others. Each way is a condition of its own, put
together by UNION: one OR over all of them would make every database read the whole table (promise 12 needs
that a row is found; the silo's other users need that it is found fast).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from consentd.kernel.policy import Scheme
from consentd.kernel.silo_sql import FoundBy, Path
from consentd.subjects.spelling import Named
from consentd.systems.connectors.sql import forms
from consentd.systems.connectors.sql.live import Live, LiveTable

Condition = sa.ColumnElement[bool]
Rows = sa.Select[*tuple[Any, ...]]  # Any: the silo's types, here and below


class Finder:
    """`named`: what is known of the person. Without any of a table's schemes, and without a path, a table has
    no way, and so no rows.
    """

    def __init__(
        self, live: Live, schemes: Mapping[str, Scheme], named: Sequence[Named], dialect: sa.Dialect
    ) -> None:
        self._live = live
        self._schemes = schemes
        self._named = named
        self._dialect = dialect

    def ways(self, name: str) -> list[Condition]:
        """One condition on the table for each way in which its rows can be the person's."""
        table = self._live[name]
        ways = []
        own = [found for one in table.mapped.found_by if (found := self._own(table, one)) is not None]
        if own:
            ways.append(sa.or_(*own))
        for path in table.mapped.reached_by:
            ways += self.by_path(name, path)
        return ways

    def by_path(self, name: str, path: Path) -> list[Condition]:
        table, parent = self._live[name], self._live[path.table]
        here = [table[column] for column in path.columns]
        there = [parent[column] for column in path.columns.values()]
        constants = [table[column] == typed(table[column], text) for column, text in path.where.items()]
        return [
            sa.and_(within(here, sa.select(*there).where(way)), *constants) for way in self.ways(path.table)
        ]

    def keys(self, name: str) -> Rows | sa.CompoundSelect[*tuple[Any, ...]] | None:
        """The keys of the person's rows, each once; None where there is no way to any."""
        table = self._live[name]
        selects = [sa.select(*table.key).where(way) for way in self.ways(name)]
        if not selects:
            return None
        return selects[0] if len(selects) == 1 else sa.union(*selects)

    def is_persons(self, name: str) -> Condition:
        """The same as a condition on the table."""
        ways = self.ways(name)
        if not ways:
            return sa.false()
        if len(ways) == 1:
            return ways[0]
        return within(self._live[name].key, sa.union(*self._selects(name)))

    def _selects(self, name: str) -> list[Rows]:
        table = self._live[name]
        return [sa.select(*table.key).where(way) for way in self.ways(name)]

    def page(
        self, name: str, columns: Iterable[sa.ColumnElement[Any]], after: Sequence[Any] | None, size: int
    ) -> Rows:
        """The next rows of the person in the order of their key: every row is met once, whatever was changed
        in those before. `after`: the last key that was met.
        """
        table = self._live[name]
        further = [] if after is None else [beyond(table.key, after)]
        selects = [
            sa.select(*table.key).where(way, *further).order_by(*table.key).limit(size)
            for way in self.ways(name)
        ]
        rows = sa.select(*columns).order_by(*table.key).limit(size)
        if len(selects) == 1:
            return rows.where(self.ways(name)[0], *further)
        # Each way stops at the page's size by itself. Inner limits need a table of their own on MariaDB.
        parts = [sa.select(*part.subquery(f"way_{number}").c) for number, part in enumerate(selects, 1)]
        return rows.where(within(table.key, sa.select(*sa.union(*parts).subquery("found").c)))

    def _own(self, table: LiveTable, found: FoundBy) -> Condition | None:
        match = self.match(table, found)
        if match is None or not found.shared:
            return match
        others = []
        for other in table.mapped.found_by:
            if not other.shared and other.column != found.column:
                column = table[other.column]
                silent: list[Condition] = [column.is_(None)]
                silent += [column == ""] if isinstance(column.type, sa.String) else []
                same = self.match(table, other)
                others.append(sa.or_(*silent, *([] if same is None else [same])))
        return sa.and_(match, *others)

    def match(self, table: LiveTable, found: FoundBy) -> Condition | None:
        """By this column alone. None where nothing is known that it could hold."""
        scheme = self._schemes[found.scheme]
        column = table[found.column]
        name = found.scheme
        if isinstance(column.type, sa.Integer | sa.Numeric):
            numbers = forms.whole_numbers(found, scheme, self._named)
            # A telephone number is more than many columns of whole numbers hold, which is no fault.
            kind = sa.BigInteger() if isinstance(column.type, sa.Integer) else column.type
            return column.in_(_bound(name, numbers, kind)) if numbers else None
        if isinstance(column.type, sa.Uuid):
            ids = forms.uuids(found, self._named)
            return column.in_(_bound(name, ids, column.type)) if ids else None
        texts = forms.written(found, scheme, self._named)
        texts = tuple(text for text in texts if table.can_hold(found.column, text))
        if not texts:
            return None
        bound = _bound(name, texts, sa.String())
        exactly: Condition = self._exactly(self.spelled(table, found)).in_(bound)
        if found.column in table.folds and (found.spelling != "any" or scheme.kind in ("email", "opaque")):
            # Such a column's own index serves it whatever the case; the other condition makes it exact.
            return sa.and_(column.in_(_bound(name, texts, sa.String())), exactly)
        return exactly

    def spelled(self, table: LiveTable, found: FoundBy) -> Any:
        """What of a column of text is compared, and what an index should be on."""
        column: Any = table[found.column]
        kind = self._schemes[found.scheme].kind
        if found.spelling != "any" or kind == "opaque":
            return column
        if kind == "phone" and self._dialect.name == "mysql":
            # A table in an older character set has no word for some of what may stand between digits.
            column = sa.cast(column, mysql.CHAR(charset="utf8mb4"))
        for char in {"phone": forms.FILLING, "account": (" ", "\t")}.get(kind, ()):
            column = sa.func.replace(column, sa.literal_column(_quoted(char)), sa.literal_column("''"))
        return column if kind == "phone" else sa.func.lower(column)

    def _exactly(self, text: Any) -> Any:
        """Without the database's own idea of which letters are one: “jose” is somebody else than “josé”."""
        if self._dialect.name != "mysql":
            return text
        return sa.cast(text, mysql.CHAR(charset="utf8mb4")).collate("utf8mb4_bin")


def within(columns: Sequence[sa.ColumnElement[Any]], rows: Any) -> Condition:
    """Any: a select, or a list of keys as the database gave them."""
    if len(columns) == 1:
        return columns[0].in_(rows)
    return sa.tuple_(*columns).in_(rows)


def having(columns: Sequence[sa.ColumnElement[Any]], keys: Sequence[Sequence[Any]]) -> Condition:
    """The rows with these keys. Never without one: an order touches what was found and nothing else."""
    if not keys:
        raise ValueError("no key: this would be about no row, or about all")
    return within(columns, [key[0] for key in keys] if len(columns) == 1 else [tuple(key) for key in keys])


def typed(column: sa.ColumnElement[Any], text: str) -> Any:
    """What a text of the policy is in a column of this type. Raises ValueError where it is none."""
    if isinstance(column.type, sa.Boolean):
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError("is neither true nor false")
        return text.lower() in ("true", "1")
    if isinstance(column.type, sa.Integer):
        return int(text)
    kind = column.type.python_type
    if kind in (str, bytes):
        return text
    return kind.fromisoformat(text) if hasattr(kind, "fromisoformat") else kind(text)


def _bound(name: str, values: Sequence[Any], kind: sa.types.TypeEngine[Any]) -> Any:
    """Under the scheme's name, so that a preview can show the statement without anybody's values."""
    return sa.bindparam(name, list(values), type_=kind, expanding=True, unique=True)


def beyond(columns: Sequence[sa.ColumnElement[Any]], after: Sequence[Any]) -> Condition:
    """Rows after this key. Written out, as not every database finds its index for a comparison of rows."""
    parts = [
        sa.and_(*(columns[i] == after[i] for i in range(place)), columns[place] > after[place])
        for place in range(len(columns))
    ]
    return sa.or_(*parts)


def _quoted(char: str) -> str:
    # Of FILLING alone. Written out and not bound, or an index on the same expression would not serve.
    return f"'{char}'"
