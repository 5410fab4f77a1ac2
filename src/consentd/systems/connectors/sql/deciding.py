"""What an erasure does with one row: deletes it, changes it, keeps it, or finds nothing to do (pure).

The law's own keeping goes before (GDPR 17(3)(b)): while a row must be kept, only what is not needed for that
is taken out of it. A day that cannot be read keeps the row: what is deleted is gone.
"""

import calendar
import datetime as dt
from typing import Any, NamedTuple

from consentd.kernel.calendar import add_months
from consentd.kernel.silo_sql import Keep, Retention, Table
from consentd.systems.connectors.sql.pseudonyms import is_erased


class Fate(NamedTuple):
    """`deleted`, or `changed`: the columns to erase. `kept`: it stays because the law orders so, `until`."""

    deleted: bool
    changed: tuple[str, ...]
    kept: bool
    until: dt.date | None

    @property
    def done(self) -> bool:
        """Nothing is left to do."""
        return not self.deleted and not self.changed


def fate(
    table: Table,
    values: dict[str, Any],
    day: Any,
    lengths: dict[str, int | None],
    today: dt.date,
    *,
    referenced: bool,
) -> Fate:
    """`values`: of the columns that have an `erase`. `day`: what stands in the column that `keep` counts
    from. `referenced`: whether rows that stay point to this one. Any: as the silo's types are.
    """
    until = None if table.keep is None else end_of(table.keep, day)
    running = table.keep is not None and (until is None or until > today)
    goes = table.erase == "delete" or (table.erase == "delete_unless_referenced" and not referenced)
    if goes and not running:
        return Fate(True, (), False, None)
    changed = tuple(
        name
        for name, column in table.columns.items()
        if column.erase is not None
        and not (running and column.kept)
        and not is_erased(column, values[name], lengths.get(name))
    )
    return Fate(False, changed, running, until)


def end_of(keep: Keep | Retention, day: Any) -> dt.date | None:
    """The first day on which it need not be kept; None where that is not known."""
    start = _date(day)
    if start is None:
        return None
    try:
        if keep.year_end:
            start = dt.date(start.year + 1, 1, 1)
        return add_months(start, keep.months)
    except ValueError:
        return None


def over_before(rule: Keep | Retention, today: dt.date) -> dt.date:
    """Rows whose day is before this one have been kept long enough: of those `end_of` is today or earlier."""
    year, month = divmod(12 * today.year + today.month - 1 - rule.months, 12)
    if year < 1:
        return dt.date.min
    if rule.year_end:
        return dt.date(year, 1, 1)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(today.day, last)) + dt.timedelta(days=1)


def _date(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
