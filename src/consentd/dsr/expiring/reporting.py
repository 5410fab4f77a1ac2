"""What came of erasing what silos' own tables had kept long enough: numbers, silo by silo. Names nobody."""

from collections import Counter, defaultdict
from typing import Any

import msgspec

from consentd.dsr.expiring import store
from consentd.kernel.instants import Instant
from consentd.systems.connectors.contract import Foretold, Part

_PARTS = msgspec.json.Decoder(tuple[Part, ...])
_FORETOLD = msgspec.json.Decoder(Foretold)


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    table: str
    deleted: int
    changed: int
    kept: dict[str, int]
    """Rows that stay, by the article and its words."""


class TablesReport(msgspec.Struct, frozen=True, kw_only=True):
    """Of one silo."""

    system: str
    answers: dict[str, int]
    """How many runs, by what came of them: done, partial (more rows are due), unsupported, failed."""
    codes: dict[str, int]
    """Why runs failed, or wait for another try."""
    under_way: int
    uncertain: int
    """Rows that a run was about to erase when it broke off, and whose silo never told whether it did."""
    tables: tuple[TableReport, ...]


def report(connection: Any, since: Instant) -> tuple[TablesReport, ...]:  # Any: a database connection
    """Of runs that were begun since then."""
    silos: defaultdict[str, list[Any]] = defaultdict(list)
    for row in store.begun_since(connection, since):
        silos[row["system"]].append(row)
    return tuple(_silo(name, rows) for name, rows in sorted(silos.items()))


def _silo(name: str, rows: list[Any]) -> TablesReport:
    ended = [row for row in rows if row["state"] == "ended"]
    parts = [part for row in ended for part in _PARTS.decode(row["parts"])]
    unanswered = [_FORETOLD.decode(row["foretold"]) for row in ended if row["foretold"] is not None]
    return TablesReport(
        system=name,
        answers=dict(Counter(row["verdict"] for row in ended)),
        codes=dict(Counter(row["code"] for row in rows if row["code"] not in (None, "more_due"))),
        under_way=len(rows) - len(ended),
        uncertain=sum(one.touched for one in unanswered),
        tables=tuple(_table(what, parts) for what in dict.fromkeys(part.what for part in parts)),
    )


def _table(what: str, parts: list[Part]) -> TableReport:
    mine = [part for part in parts if part.what == what]
    kept: Counter[str] = Counter()
    for part in mine:
        for one in part.kept:
            kept[one.because] += one.count
    return TableReport(
        table=what,
        deleted=sum(part.deleted for part in mine),
        changed=sum(part.changed for part in mine),
        kept=dict(kept),
    )
