"""How fast exports come in: rows per second of one core, with encryption, log and synced commits, on SQLite.

    python bench/importing.py [people]

A newsletter's export and a till's of the same people, so that the second joins the first; then the second
once more, which changes nothing. Seconds are those of this process (`time.process_time`): what else runs on
the machine does not count, nor does waiting for the disk. The last line is a JSON object with all figures;
with BENCH_PROFILE set, where the time of the writer went is printed before it.
"""

import asyncio
import cProfile
import csv
import json
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from consentd.db import sqlite_writer
from consentd.db.migrate import migrate
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
            print(f"{name}: {found[name]:.0f} rows/s of one core ({waited:.1f} s on the clock)", flush=True)
    return found


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
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


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
