"""What an order would do, as SQL without values, and to how many rows. Reads and counts only."""

import sqlalchemy as sa

from consentd.kernel.connection import Verb
from consentd.kernel.silo_sql import SqlSilo, Table, parents_first
from consentd.systems.connectors.contract import Order
from consentd.systems.connectors.sql.finding import Finder
from consentd.systems.connectors.sql.live import Live, LiveTable
from consentd.systems.connectors.sql.reading import Reader
from consentd.systems.connectors.sql.statements import (
    by_preference,
    change,
    deletes,
    deletion,
    erased_columns,
    lookups,
    shown,
)


def previewed(
    connection: sa.Connection, silo: SqlSilo, live: Live, finder: Finder, order: Order
) -> list[str]:
    """For each table: a comment with its count, how its rows are found, then what would be done to each."""
    counts = {part.what: part.found for part in Reader(connection, silo, live, finder).counts()}
    names = parents_first(silo)
    lines = []
    for name in reversed(names) if order.verb == Verb.ERASE else names:
        table = live[name]
        ways = list(lookups(finder, table))
        if not ways:
            lines.append(f"-- {name}: no way to it by the identifiers that are known")
            continue
        count = counts.get(name, 0)
        lines.append(f"-- {name}: {count} row{'' if count == 1 else 's'} found")
        lines += [f"{shown(way, connection.dialect)};" for way in ways]
        lines += _done(silo, table, order, connection.dialect)
    return lines


def _done(silo: SqlSilo, table: LiveTable, order: Order, dialect: sa.Dialect) -> list[str]:
    mapped = table.mapped
    if order.verb == Verb.ERASE:
        return erasing(table, dialect)
    columns = {
        Verb.RECTIFY: [column for field, column in mapped.rectify.items() if field in order.changes],
        Verb.RESTRICT: [mapped.restrict.column] if mapped.restrict else [],
        Verb.WRITE_PREFERENCE: by_preference(silo, table.name),
    }.get(order.verb, [])
    return [f"{shown(change(table, columns), dialect)};"] if columns else []


def erasing(table: LiveTable, dialect: sa.Dialect) -> list[str]:
    """What an erasure does to a row that was found."""
    mapped = table.mapped
    lines = [_keeping(mapped)] if mapped.keep is not None else []
    if mapped.erase == "delete_unless_referenced":
        lines.append("-- deleted, or changed where rows that stay point to it:")
    if deletes(mapped):
        lines.append(f"{shown(deletion(table), dialect)};")
    if columns := erased_columns(mapped):
        lines.append(f"{shown(change(table, columns), dialect)};")
    return lines


def _keeping(table: Table) -> str:
    assert table.keep is not None
    keep = table.keep
    since = f"the end of the year of {keep.after}" if keep.year_end else keep.after
    where = f" of {keep.of}" if keep.of else ""
    return f"-- kept for {keep.months} months from {since}{where}: {keep.because}"
