"""How fast exports come in: rows per second of one core, with encryption, log and synced commits, on SQLite.

    python bench/importing.py [people]

A newsletter's export and a till's of the same people, so that the second joins the first; then the second
once more, which changes nothing. Seconds are those of this process (`time.process_time`): what else runs on
the machine does not count, nor does waiting for the disk. Beside it the very rows that were written, written
again raw by the bare driver: what SQLite alone costs. The last line is a JSON object with all figures; with
BENCH_PROFILE set, where the time of the writer went is printed before it.
"""

import asyncio
import cProfile
import csv
import json
import os
import pstats
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from consentd.db import sqlite_writer
from consentd.db.migrate import migrate
from consentd.db.sqlite_connection import connect
from consentd.imports.running import BATCH
from support.builders import open_company
from support.imports import import_file, layout_of

PEOPLE = 5_000


def subscribers(people: int) -> Iterable[dict[str, str]]:
    for number in range(people):
        yield {
            "Email Address": f"person{number}@exemple.fr",
            "First Name": "Ana",
            "Last Name": f"Diaz {number}",
            "OPTIN_TIME": "2026-02-18 19:48:00",
            "OPTIN_IP": "198.51.100.53",
            "CONFIRM_TIME": "2026-02-19 03:32:00",
            "CONFIRM_IP": "198.51.100.53",
        }


def cards(people: int) -> Iterable[dict[str, str]]:
    for number in range(people):
        yield {
            "carte": f"ML{number}",
            "nom": f"DIAZ {number}",
            "prenom": "Ana",
            "naissance": "11/12/1978",
            "courriel": f"person{number}@exemple.fr",
            "telephone": f"06{number:08}",
            "date_adhesion": "17/03/2026",
            "accord_email": "O",
            "accord_sms": "N",
            "accord_tel": "N",
            "accord_courrier": "O",
            "preuve": f"B{number}",
            "boutique": "Annecy",
        }


def written(folder: Path, system: str, layout: str, rows: Iterable[dict[str, str]]) -> Path:
    path = folder / f"{layout}.csv"
    form = layout_of(system, layout)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, form.columns, restval="", delimiter=form.delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


async def measure(people: int, folder: Path) -> dict[str, float]:
    url = f"sqlite:///{folder}/consentd.db"
    migrate(url)
    found: dict[str, float] = {}
    written_before = dict.fromkeys(TABLES, 0)
    async with open_company(url, folder) as company:
        steps = (
            ("new", "mailing", written(folder, "mailing", "subscribed", subscribers(people))),
            ("joining", "till", written(folder, "till", "loyalty", cards(people))),
            ("again", "till", folder / "loyalty.csv"),
        )
        for name, system, path in steps:
            started, wall = time.process_time(), time.perf_counter()
            came = await import_file(company, system, path)
            assert not came.refused
            seconds = time.process_time() - started
            found[name] = round(people / seconds)
            waited = time.perf_counter() - wall
            told = f"{name}: {found[name]:.0f} rows/s of one core ({waited:.1f} s on the clock)"
            if name != "again":
                new = _written_since(folder / "consentd.db", written_before)
                found[f"{name}_raw"] = round(people / _raw(folder, name, new, people // BATCH))
                count = sum(map(len, new.values())) / people
                told += f"; its {count:.1f} rows of the database raw: {found[f'{name}_raw']} rows/s"
            print(told, flush=True)
    return found


# What an import writes for good, in an order in which it may be written.
TABLES = (
    "subjects", "subject_keys", "identifiers", "identifier_links", "subject_edges", "facts", "fact_states",
    "consent_events", "consent_states", "source_events", "log_entries",
)  # fmt: skip


def _written_since(path: Path, before: dict[str, int]) -> dict[str, list[Any]]:
    """The rows of each table that were added since it was asked last."""
    raw = sqlite3.connect(path)
    try:
        found = {}
        for table in TABLES:
            rows = raw.execute(f"SELECT * FROM {table}").fetchall()
            found[table], before[table] = rows[before[table] :], len(rows)
        return found
    finally:
        raw.close()


def _raw(folder: Path, name: str, rows: dict[str, list[Any]], commits: int) -> float:
    """Seconds to write these rows with the bare driver, in as many commits, into tables like ours."""
    target = folder / f"{name}.db"
    migrate(f"sqlite:///{target}")
    raw = connect(target)
    raw.execute("PRAGMA foreign_keys=OFF")
    started = time.process_time()
    for commit in range(commits):
        raw.execute("BEGIN IMMEDIATE")
        for table, found in rows.items():
            part = found[len(found) * commit // commits : len(found) * (commit + 1) // commits]
            if part:
                raw.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(part[0]))})", part)
        raw.execute("COMMIT")
    seconds = time.process_time() - started
    raw.close()
    return seconds


def _profiled(work: Callable[[], None]) -> None:
    profile = cProfile.Profile()
    run = sqlite_writer.Writer._run

    def watched(self: sqlite_writer.Writer) -> None:
        profile.enable()
        try:
            run(self)
        finally:
            profile.disable()

    sqlite_writer.Writer._run = watched
    work()
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def main() -> None:
    people = int(sys.argv[1]) if sys.argv[1:] else PEOPLE
    figures: dict[str, float] = {}

    def work() -> None:
        with tempfile.TemporaryDirectory(prefix="cd") as text:
            figures.update(asyncio.run(measure(people, Path(text))))

    if os.environ.get("BENCH_PROFILE"):
        _profiled(work)
    else:
        work()
    print(json.dumps({"people": people, "cpus": os.cpu_count(), "rows_per_second": figures}))


if __name__ == "__main__":
    main()
