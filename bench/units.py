"""Units of work per second through the writer, beside the bare driver: what grouping and guarding cost.

Run with `make bench`, or `python bench/units.py postgresql+asyncpg://…` on a migrated database to be thrown
away. Syncs are asked for at every commit; on SQLite a group of units shares one.
"""

import asyncio
import sys
import tempfile
import time
import uuid
from pathlib import Path

import sqlalchemy as sa
import uvloop

from consentd.base.clock import now
from consentd.db.engine import open_database
from consentd.db.migrate import migrate
from consentd.db.sqlite_connection import connect
from consentd.db.tables.log import log_pending
from consentd.db.unit import Unit, Work

UNITS = 6400
_INSERT = sa.insert(log_pending)
_RAW_INSERT = "INSERT INTO log_pending (entry_id, leaf) VALUES (?, ?)"


def empty(_unit: Unit) -> None:
    """Nothing but the unit itself."""


def insert(unit: Unit) -> None:
    unit.connection.execute(_INSERT, {"entry_id": uuid.uuid4(), "leaf": bytes(32)})


async def measure(url: str) -> None:
    database = open_database(url, clock=now)
    await database.open()
    for work in (empty, insert):
        for callers in (1, 64):

            async def caller(times: int, work: Work[None] = work) -> None:
                for _ in range(times):
                    await database.housekeep(work)

            start = time.perf_counter()
            await asyncio.gather(*(caller(UNITS // callers) for _ in range(callers)))
            report(f"{work.__name__} units, {callers} callers", UNITS / (time.perf_counter() - start))
    await database.close()


def measure_driver(path: Path) -> None:
    raw = connect(path)
    for group in (1, 64):
        start = time.perf_counter()
        for _ in range(UNITS // group):
            raw.execute("BEGIN IMMEDIATE")
            for _ in range(group):
                raw.execute(_RAW_INSERT, (uuid.uuid4().bytes, bytes(32)))
            raw.execute("COMMIT")
        report(f"bare sqlite3 inserts, {group} per commit", UNITS / (time.perf_counter() - start))
    raw.close()


def report(what: str, per_second: float) -> None:
    print(f"{what:40} {per_second:>10,.0f}/s")


def main() -> None:
    if len(sys.argv) > 1:
        uvloop.run(measure(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory(dir=".") as place:
        path = Path(place) / "bench.db"
        migrate(f"sqlite:///{path}")
        uvloop.run(measure(f"sqlite:///{path}"))
        measure_driver(path)


main()
