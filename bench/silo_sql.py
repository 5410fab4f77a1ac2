"""A copy and an erasure of one person with a million rows in a silo: time, and the memory it takes.

    python bench/silo_sql.py [--rows 1000000]

SQLite, PostgreSQL and MariaDB, those that are here; the servers are started for it as the tests do.
"""

import argparse
import asyncio
import datetime as dt
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1] / "tests")]

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb
from support import shop
from support.mariadb import mariadb_server
from support.postgres import postgres_server
from support.silo_orders import connector, order

_MORNING = dt.datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 — as a shop's columns have it


class Counted:
    """Takes a copy as a writer of files would: looks at each record, keeps none."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        self.count += 1


def megabytes() -> float:
    """Of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


@contextmanager
def watched() -> Iterator[list[float]]:
    """The largest memory while the block runs, looked at every 20 ms."""
    peak, done = [megabytes()], threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], megabytes())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def index(url: sa.URL) -> None:
    """As `consentd system test` asks for. MariaDB's columns do not tell capitals apart: its indexes serve."""
    engine = sa.create_engine(url, poolclass=NullPool)
    if url.drivername != "mysql+pymysql":
        with engine.begin() as connection:
            for table, column in (
                ("customers", "email"),
                ("orders", "guest_email"),
                ("tickets", "sender_email"),
            ):
                connection.exec_driver_sql(f"CREATE INDEX low_{table} ON {table} (lower({column}))")


def fill(url: sa.URL, rows: int) -> None:
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for start in range(0, rows, 20_000):
            connection.execute(
                sa.insert(shop.tickets),
                [
                    {
                        "id": 1000 + number,
                        "customer_id": 1,
                        "opened_at": _MORNING,
                        "subject": f"Question {number}",
                        "body": "Bonjour, je suis toujours sans nouvelles de mon colis. " * 3,
                    }
                    for number in range(start, min(start + 20_000, rows))
                ],
            )


async def measure(name: str, url: sa.URL, rows: int) -> None:
    shop.build(url)
    fill(url, rows)
    index(url)
    silo = connector(
        shop.policy_with(shop.MAPPING.read_text("utf-8").replace("seconds: 20", "seconds: 600")), url
    )
    for verb in (Verb.LOCATE, Verb.EXPORT, Verb.ERASE, Verb.CONFIRM):
        taken = Counted()
        before, began = megabytes(), time.perf_counter()
        with watched() as peak:
            answer = await silo.carry_out(order(verb), taken)
        seconds = time.perf_counter() - began
        found = sum(part.found for part in answer.parts)
        print(
            f"{name:10} {verb.value:8} {found:9,} rows {seconds:7.1f} s   "
            f"memory {before:6.1f} → at most {peak[0]:6.1f} MB   {answer.verdict.value}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql", "mariadb"))
    asked = parser.parse_args()
    if asked.only in (None, "sqlite"):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "shop.db"
            file.touch()
            asyncio.run(measure("SQLite", sa.make_url(f"sqlite:///{file}"), asked.rows))
    if asked.only in (None, "postgresql"):
        with postgres_server() as server:
            if server is not None:
                url = sa.make_url(server.empty()).set(drivername="postgresql+psycopg")
                asyncio.run(measure("PostgreSQL", url, asked.rows))
    if asked.only in (None, "mariadb"):
        with mariadb_server() as other:
            if other is not None:
                asyncio.run(measure("MariaDB", sa.make_url(other.empty()), asked.rows))


if __name__ == "__main__":
    main()
