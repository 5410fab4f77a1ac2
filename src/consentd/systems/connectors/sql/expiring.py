"""Erasing rows that were kept long enough, whoever's they are, with what hangs on them: by the eraser of
requests, in one transaction, and as many as were ordered (docs/systems.md).
"""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from consentd.kernel.silo_sql import SqlSilo, children, parents_first, retention_of
from consentd.systems.connectors.contract import Kept, Overdue, Part
from consentd.systems.connectors.sql.deciding import over_before
from consentd.systems.connectors.sql.erasing import Eraser, Values
from consentd.systems.connectors.sql.finding import Condition, Finder, beyond, having
from consentd.systems.connectors.sql.live import Live
from consentd.systems.connectors.sql.outlived import Outlived
from consentd.systems.connectors.sql.previewing import erasing
from consentd.systems.connectors.sql.statements import lookups, shown

BATCH = 500
"""Rows picked at once, each by its key in every statement about what hangs on it."""


class _Hanging(Finder):
    """Rows of one table that a condition picks, and whatever points to them."""

    def __init__(self, live: Live, dialect: sa.Dialect, root: str, picked: Condition) -> None:
        super().__init__(live, {}, (), dialect)
        self._root = root
        self._picked = picked
        self._paths = {name: table.mapped.reached_by for name, table in live.items()}

    def ways(self, name: str) -> list[Condition]:
        if name == self._root:
            return [self._picked]
        return [way for path in self._paths[name] for way in self.by_path(name, path)]


class Expirer:
    """`today`: in the silo's own `zone`. Raises Refused where the mapping does not fit the database."""

    def __init__(
        self,
        connection: sa.Connection,
        silo: SqlSilo,
        live: Live,
        *,
        today: dt.date,
        zone: ZoneInfo,
        language: str,
        batch: int = BATCH,
    ) -> None:
        self._connection = connection
        self._silo = silo
        self._live = live
        self._today = today
        self._language = language
        self._batch = batch
        outlived = Outlived(silo, live, connection.dialect, today, zone)
        # Children before what they point to, as in an erasure.
        names = [name for name in reversed(parents_first(silo)) if retention_of(silo.tables[name])]
        self._due = {name: outlived.due(name) for name in names}

    def due(self) -> int:
        """How many rows, without those that only hang on them."""
        return sum(self._count(name) for name in self._due)

    def expire(self, most: int) -> tuple[list[Part], int]:
        """What was done in each table, and to how many rows: at most so many, and what hangs on the last."""
        parts: dict[str, Part] = {}
        touched = 0
        for name in self._due:
            after: Values | None = None
            while touched < most:
                keys = self._keys(name, after, min(self._batch, most - touched))
                if not keys:
                    break
                eraser = self._eraser(name, keys)
                for part in eraser.erase():
                    parts[part.what] = _added(parts.get(part.what), part)
                touched += eraser.touched
                after = keys[-1]
        return [parts[name] for name in parents_first(self._silo) if name in parts], touched

    def overdue(self) -> list[Overdue]:
        """The same told beforehand: how many rows, why, and the SQL."""
        return [self._told(name) for name in reversed(self._due)]

    def _eraser(self, name: str, keys: Sequence[Values]) -> Eraser:
        picked = having(self._live[name].key, keys)
        return Eraser(
            self._connection,
            self._silo,
            self._live,
            _Hanging(self._live, self._connection.dialect, name, picked),
            today=self._today,
            language=self._language,
            asked=False,
        )

    def _keys(self, name: str, after: Values | None, size: int) -> list[Values]:
        key = self._live[name].key
        further = [] if after is None else [beyond(key, after)]
        rows = sa.select(*key).where(self._due[name], *further).order_by(*key).limit(size)
        return [tuple(row) for row in self._connection.execute(rows)]

    def _count(self, name: str) -> int:
        statement = sa.select(sa.func.count()).select_from(self._live[name].table).where(self._due[name])
        return int(self._connection.execute(statement).scalar_one())

    def _told(self, name: str) -> Overdue:
        rule = retention_of(self._silo.tables[name])
        assert rule is not None
        dialect = self._connection.dialect
        finder = _Hanging(self._live, dialect, name, self._due[name])
        hanging = _below(self._silo, name)
        sql = []
        for one in (*reversed(hanging), name):
            table = self._live[one]
            sql += [f"-- {one}:"] if hanging else []
            sql += [f"{shown(way, dialect)};" for way in lookups(finder, table)]
            sql += erasing(table, dialect)
        return Overdue(
            what=name,
            months=rule.months,
            after=rule.after if rule.of is None else f"{rule.of}.{rule.after}",
            before=over_before(rule, self._today).isoformat(),
            because=rule.because,
            due=self._count(name),
            hanging=hanging,
            sql=tuple(sql),
        )


def _below(silo: SqlSilo, name: str) -> tuple[str, ...]:
    """The tables whose rows hang on this one's, parents first."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for child, _ in children(silo, waiting.pop()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return tuple(one for one in parents_first(silo) if one in found)


def _added(before: Part | None, part: Part) -> Part:
    if before is None:
        return part
    kept: dict[str, Kept] = {}
    for one in (*before.kept, *part.kept):
        known = kept.get(one.because)
        kept[one.because] = one if known is None else _longer(known, one)
    return msgspec.structs.replace(
        part,
        found=before.found + part.found,
        deleted=before.deleted + part.deleted,
        changed=before.changed + part.changed,
        kept=tuple(kept.values()),
    )


def _longer(one: Kept, other: Kept) -> Kept:
    until = None if one.until is None or other.until is None else max(one.until, other.until)
    return Kept(one.count + other.count, one.because, until)
