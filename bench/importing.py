"""How fast exports come in: rows per second of one core, with encryption, log and synced commits, on SQLite.

    python bench/importing.py [people]

At 10,000, 100,000 and 1,000,000 people, as far as `people` goes: the last 10,000 rows of a newsletter's
export, a till's of the same people, so that these rows join those, and that once more, which changes nothing.
Who was there before is imported too; where that are more than 100,000 people, they are written by the fastest
way there is (`population`). Seconds are those of this process (`time.process_time`): what else runs on the
machine does not count, nor does waiting for the disk. Beside it the very rows that were written, written
again raw by the bare driver into a copy of the database as it was: what SQLite alone costs. The last line is
a JSON object with all figures; with BENCH_PROFILE set, where the writer's time went is printed before it.
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
from population import fill_sqlite
from support.builders import Company, open_company
from support.imports import import_file, layout_of

PEOPLE = 5_000
SIZES = (10_000, 100_000, 1_000_000)
MEASURED = 10_000
"""Rows of each kind, at each size."""
IMPORTED = 100_000
"""So many people are imported before those of a size; more would take hours."""


def subscribers(people: Iterable[int]) -> Iterable[dict[str, str]]:
    for number in people:
        yield {
            "Email Address": f"person{number}@exemple.fr",
            "First Name": "Ana",
            "Last Name": f"Diaz {number}",
            "OPTIN_TIME": "2026-02-18 19:48:00",
            "OPTIN_IP": "198.51.100.53",
            "CONFIRM_TIME": "2026-02-19 03:32:00",
            "CONFIRM_IP": "198.51.100.53",
        }


def cards(people: Iterable[int]) -> Iterable[dict[str, str]]:
    for number in people:
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


async def measure(people: int, folder: Path) -> dict[str, dict[str, int]]:
    """For each size the rows per second."""
    url = f"sqlite:///{folder}/consentd.db"
    migrate(url)
    found: dict[str, dict[str, int]] = {}
    there = 0
    async with open_company(url, folder) as company:
        for size in [size for size in SIZES if size < people] + [people]:
            last = range(max(there, size - MEASURED), size)
            if last.start - there > IMPORTED:
                path = folder / "consentd.db"
                await asyncio.to_thread(fill_sqlite, path, company.keyring, last.start, there)
            elif there < last.start:
                before = subscribers(range(there, last.start))
                await _imported(company, "mailing", written(folder, "mailing", "subscribed", before))
            till = written(folder, "till", "loyalty", cards(last))
            steps = (
                ("new", "mailing", written(folder, "mailing", "subscribed", subscribers(last))),
                ("joining", "till", till),
                ("again", "till", till),
            )
            found[str(size)] = {}
            for name, system, path in steps:
                found[str(size)] |= await _measured(company, folder, name, system, path, size, len(last))
            there = size
    return found


async def _measured(
    company: Company, folder: Path, name: str, system: str, path: Path, size: int, rows: int
) -> dict[str, int]:
    copy = folder / "copy.db"
    writes = name != "again"
    if writes:
        _copied(folder / "consentd.db", copy)
    seconds, waited = await _imported(company, system, path)
    found = {name: round(rows / seconds)}
    load = os.getloadavg()[0]
    told = f"{size} people, {name}: {found[name]} rows/s of one core"
    told += f" ({waited:.1f} s on the clock, load {load:.1f})"
    if writes:
        new = _written_since(folder / "consentd.db", copy)
        found[f"{name}_raw"] = round(rows / _raw(copy, new, max(1, rows // BATCH)))
        count = sum(map(len, new.values())) / rows
        told += f"; its {count:.1f} rows of the database raw: {found[f'{name}_raw']} rows/s"
    print(told, flush=True)
    return found


async def _imported(company: Company, system: str, path: Path) -> tuple[float, float]:
    """Seconds of the processor, and of the clock."""
    started, wall = time.process_time(), time.perf_counter()
    came = await import_file(company, system, path)
    assert not came.refused
    return time.process_time() - started, time.perf_counter() - wall


# What an import writes for good, in an order in which it may be written.
TABLES = (
    "subjects", "subject_keys", "identifiers", "identifier_links", "subject_edges", "facts", "fact_states",
    "consent_events", "consent_states", "source_events", "log_entries",
)  # fmt: skip


def _copied(path: Path, copy: Path) -> None:
    """Copies the database as it is."""
    for left in copy.parent.glob(f"{copy.name}*"):
        left.unlink()
    raw, other = sqlite3.connect(path), sqlite3.connect(copy)
    raw.backup(other)
    other.close()
    raw.close()


def _written_since(path: Path, copy: Path) -> dict[str, list[Any]]:
    """The rows of each table that the copy does not have."""
    raw = sqlite3.connect(path)
    raw.execute("ATTACH ? AS was", (str(copy),))
    found = {}
    for table in TABLES:
        keys = [name for _, name, *_, key in raw.execute(f"PRAGMA table_info({table})") if key]
        same = " AND ".join(f"was.{key} = now.{key}" for key in keys)
        missing = f"NOT EXISTS (SELECT 1 FROM was.{table} was WHERE {same})"
        found[table] = raw.execute(f"SELECT now.* FROM main.{table} now WHERE {missing}").fetchall()
    raw.close()
    return found


def _raw(copy: Path, rows: dict[str, list[Any]], commits: int) -> float:
    """Seconds to write these rows with the bare driver, in as many commits, where they were missing."""
    raw = connect(copy)
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
    figures: dict[str, dict[str, int]] = {}

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
