"""Rectifying, freezing and writing a choice in a silo's database: one transaction each, by the keys found."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from consentd.kernel.silo_sql import PreferenceColumn, SqlSilo
from consentd.systems.connectors.contract import Part, Preference
from consentd.systems.connectors.sql.faults import Refused
from consentd.systems.connectors.sql.finding import Finder, having, typed
from consentd.systems.connectors.sql.live import Live, LiveTable

MOST = 5_000
"""Rows of one table that a choice or a freeze is written to; more is no one person."""


class Changer:
    def __init__(self, connection: sa.Connection, silo: SqlSilo, live: Live, finder: Finder) -> None:
        self._connection = connection
        self._silo = silo
        self._live = live
        self._finder = finder

    def rectify(self, changes: dict[str, str]) -> tuple[list[Part], list[str]]:
        """What was changed, and the fields that no table here has.

        Raises Refused where a table has several rows of the person: which one is meant, nobody said.
        """
        parts = []
        keys: dict[str, list[Any]] = {}
        for name, table in self._live.items():
            fields = [field for field in changes if field in table.mapped.rectify]
            if fields:
                keys[name] = self._keys(table)
                if len(keys[name]) > 1:
                    raise Refused(
                        "ambiguous_row",
                        f"{len(keys[name])} rows of {name!r} are this person’s: which one is to be put right "
                        "must be said in the silo itself.",
                    )
        for name, found in keys.items():
            if found:
                rectified = self._live[name].mapped.rectify
                wanted = {rectified[field]: text for field, text in changes.items() if field in rectified}
                parts.append(self._write(self._live[name], found, wanted))
        known = {field for table in self._silo.tables.values() for field in table.rectify}
        return parts, [field for field in changes if field not in known]

    def restrict(self, *, lift: bool) -> list[Part]:
        """Freezes, or frees, the rows of every table that has a flag."""
        parts = []
        for table in self._live.values():
            flag = table.mapped.restrict
            if flag is not None and (found := self._keys(table)):
                parts.append(self._write(table, found, {flag.column: flag.free if lift else flag.frozen}))
        return parts

    def write(self, preferences: Iterable[Preference]) -> list[Part]:
        """Writes choices wherever the silo keeps them. Raises Refused where it keeps no choice about one, or
        has no word for its state.
        """
        wanted: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for preference in preferences:
            for one in self._places(preference):
                stored = one.writes.get(preference.state)
                if stored is None:
                    raise Refused("unknown_state", f"The silo has no word for {preference.state!r} there.")
                wanted[one.table][one.column] = stored
        found = ((self._live[name], values) for name, values in wanted.items())
        return [self._write(table, keys, values) for table, values in found if (keys := self._keys(table))]

    def _places(self, preference: Preference) -> list[PreferenceColumn]:
        places = [
            one
            for one in self._silo.preferences
            if (one.purpose, one.channel) == (preference.purpose, preference.channel) and one.writes
        ]
        if not places:
            raise Refused("unknown_preference", "The silo keeps no choice about this use by this channel.")
        return places

    def _keys(self, table: LiveTable) -> list[Any]:  # Any: as the silo's keys are
        keys = self._finder.keys(table.name)
        if keys is None:
            return []
        found = [tuple(row) for row in self._connection.execute(keys.limit(MOST + 1))]
        if len(found) > MOST:
            raise Refused(
                "too_many_rows", f"More than {MOST} rows of {table.name!r} are found: this is no one."
            )
        return found

    def _write(self, table: LiveTable, keys: list[Any], wanted: dict[str, str]) -> Part:
        values = {column: _typed(table, column, text) for column, text in wanted.items()}
        done = self._connection.execute(sa.update(table.table).where(having(table.key, keys)).values(values))
        return Part(what=table.name, found=len(keys), changed=done.rowcount)


def _typed(table: LiveTable, column: str, text: str) -> Any:
    if text == "" and column not in table.needed:
        return None
    try:
        return typed(table[column], text)
    except (ValueError, TypeError):
        raise Refused("value_refused", f"The column {column!r} cannot hold what was asked for.") from None
