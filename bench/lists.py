"""How fast a list is filtered: `consentd filter` from file to file, on SQLite, over populations of any size.

    python bench/lists.py                        100,000 rows each over 10,000, 100,000 and 1,000,000 people
    python bench/lists.py --people 200000 --rows 1000000
    python bench/lists.py --profile              where the time goes, by function

One process on one core: "seconds of processor" is what that process used, in user and system time, less what
a list of one row takes; where other work shares the machine it is the figure to read. Five rows of six are
about somebody known, a tenth of whom have facts. Peak memory is the process's own, so flat memory is a figure
that does not grow with --rows. The last line is a JSON object with all figures.
"""

import asyncio
import cProfile
import json
import os
import pstats
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parent))

from check import ROOT, _fill
from consentd.base.settings import from_environment
from consentd.cli import main as consentd
from consentd.cli.setup import initialise
from population import email_of

POPULATIONS = (10_000, 100_000, 1_000_000)
ROWS = 100_000


def main(populations: tuple[int, ...], rows: int, profile: bool) -> None:
    figures: dict[str, Any] = {"rows": rows}
    for people in populations:
        with tempfile.TemporaryDirectory(prefix="cd") as folder:
            figures[str(people)] = _measure(Path(folder), people, rows, profile)
    print(json.dumps(figures))


def _measure(folder: Path, people: int, rows: int, profile: bool) -> dict[str, float]:
    environment = {
        "CONSENTD_DATA_DIR": str(folder),
        "CONSENTD_DATABASE_URL": f"sqlite:///{folder / 'bench.db'}",
        "CONSENTD_POLICIES": str(ROOT / "policies"),
    }
    settings = from_environment(environment)
    initialise(settings)
    asyncio.run(_fill(settings, people))
    one, many = folder / "one.csv", folder / "many.csv"
    _write(one, people, 1)
    _write(many, people, rows)
    if profile:
        _profiled(many, folder, environment)
    idle, _, _ = _filtered(one, folder, environment)
    processor, wall, peak = _filtered(many, folder, environment)
    figures = {
        "rows_per_second_of_processor": round(rows / (processor - idle)),
        "rows_per_second": round(rows / wall),
        "startup_seconds": round(idle, 2),
        "peak_mib": round(peak / 1024, 1),
    }
    print(f"{people} people, {rows} rows: {figures}", flush=True)
    return figures


def _write(path: Path, people: int, rows: int) -> None:
    chosen = random.Random(people)
    with path.open("w") as file:
        file.write("Name,Email,City\n")
        for number in range(rows):
            file.write(f"Name {number},{email_of(chosen.randrange(people * 6 // 5))},Lyon\n")


def _arguments(path: Path, folder: Path) -> list[str]:
    reasons = str(folder / "reasons.csv")
    return [
        "filter", str(path), "--column", "Email", "--purpose", "newsletter", "--channel", "email",
        "--reasons", reasons,
    ]  # fmt: skip


def _filtered(path: Path, folder: Path, environment: dict[str, str]) -> tuple[float, float, int]:
    """Seconds of processor and of the clock, and the highest peak of memory of any child so far in KiB."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (folder / "allowed.csv").open("wb") as out:
        subprocess.run(
            [sys.executable, "-m", "consentd", *_arguments(path, folder)],
            env={**os.environ, **environment},
            stdout=out,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, wall, after.ru_maxrss


def _profiled(path: Path, folder: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    watched, out = cProfile.Profile(), os.dup(1)
    with (folder / "allowed.csv").open("wb") as aside:
        os.dup2(aside.fileno(), 1)
        watched.enable()
        try:
            consentd(_arguments(path, folder), standalone_mode=False)
        finally:
            watched.disable()
            sys.stdout.flush()
            os.dup2(out, 1)
    pstats.Stats(watched).sort_stats("tottime").print_stats(16)


@click.command()
@click.option("--people", multiple=True, type=int)
@click.option("--rows", default=ROWS)
@click.option("--profile", is_flag=True)
def _command(people: tuple[int, ...], rows: int, profile: bool) -> None:
    main(people or POPULATIONS, rows, profile)


if __name__ == "__main__":
    _command()
