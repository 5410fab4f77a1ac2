"""What a silo's database knows of a person: where, under which identifiers, a copy, its own choices."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.kernel.canonical import Scalar
from consentd.kernel.policy import Scheme
from consentd.kernel.silo_sql import SqlSilo, parents_first
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Part, Preference, Records
from consentd.systems.connectors.sql.finding import Finder
from consentd.systems.connectors.sql.forms import read
from consentd.systems.connectors.sql.live import Live

FETCHED = 2_000
"""Rows of a copy that are in memory at once."""
MOST_IDENTIFIERS = 1_000
WITHHELD = "données d’une autre personne / another person’s data (RGPD/GDPR 15(4))"
# Of several rows that disagree, the least permissive counts (docs/law.md 12).
_STRICTEST_LAST = ("given", "unknown", "withdrawn", "refused")


class Reader:
    def __init__(self, connection: sa.Connection, silo: SqlSilo, live: Live, finder: Finder) -> None:
        self._connection = connection
        self._silo = silo
        self._live = live
        self._finder = finder

    def counts(self) -> list[Part]:
        """How many rows each table has of the person; tables without any are left out."""
        parts = []
        for name in parents_first(self._silo):
            keys = self._finder.keys(name)
            if keys is not None:
                counted = sa.select(sa.func.count()).select_from(keys.subquery("found"))
                if found := self._connection.execute(counted).scalar_one():
                    parts.append(Part(what=name, found=found))
        return parts

    def identifiers(
        self, adds: Sequence[str], schemes: Mapping[str, Scheme], known: Sequence[Named]
    ) -> list[Named]:
        """Under what else it knows them: of the schemes in `adds`, without those in `known`."""
        found: dict[Named, None] = {}
        for name, table in self._live.items():
            columns = [one for one in table.mapped.found_by if one.scheme in adds and not one.shared]
            if not columns or not self._finder.ways(name):
                continue
            rows = sa.select(*(table[one.column] for one in columns)).where(self._finder.is_persons(name))
            for row in self._connection.execute(rows.distinct().limit(MOST_IDENTIFIERS)):
                for one, value in zip(columns, row, strict=True):
                    named = read(one, schemes[one.scheme], value)
                    if named is not None and named not in known:
                        found[named] = None
        return list(found)

    def copy(self, records: Records) -> list[Part]:
        """Hands over every row, as it comes from the server; memory stays flat."""
        parts = []
        for name in parents_first(self._silo):
            table = self._live[name]
            told = {column: one for column, one in table.mapped.columns.items() if one.copy}
            if not told or not self._finder.ways(name):
                continue
            own = [column for column, one in told.items() if not one.third_party]
            withheld = {column: WITHHELD for column, one in told.items() if one.third_party}
            wanted = [table[column] for column in own] or table.key
            rows = sa.select(*wanted).where(self._finder.is_persons(name))
            count = 0
            with self._connection.execute(rows, execution_options={"yield_per": FETCHED}) as result:
                for row in result:
                    values = {column: plain(value) for column, value in zip(own, row, strict=bool(own))}
                    records.add(
                        name,
                        {column: {**values, **withheld}[column] for column in told} if withheld else values,
                    )
                    count += 1
            if count:
                parts.append(Part(what=name, found=count))
        return parts

    def preferences(self) -> list[Preference]:
        """One for each purpose and channel that the silo has a known state of."""
        found: dict[tuple[str, str], str] = {}
        for one in self._silo.preferences:
            if not one.reads or not self._finder.ways(one.table):
                continue
            column = self._live[one.table][one.column]
            rows = sa.select(column).where(self._finder.is_persons(one.table)).distinct()
            for (value,) in self._connection.execute(rows):
                state = one.reads.get(_stored(value))
                if state is not None:
                    states = (state, found.get((one.purpose, one.channel), state))
                    found[one.purpose, one.channel] = max(states, key=_STRICTEST_LAST.index)
        return [Preference(purpose, channel, state) for (purpose, channel), state in found.items()]


def _stored(value: object) -> str:
    """As the policy writes what stands in a column: true and false as 1 and 0."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def plain(value: Any) -> Scalar:
    """Any: what drivers make of the silo's types. Times as ISO 8601, fractions as text, JSON as its text."""
    if value is None or isinstance(value, str | bool | int | UUID):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
