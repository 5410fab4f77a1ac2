"""Who may be contacted? AuthZEN subject search over a whole population, page by page, on both databases.

    python bench/subjects_search.py                  one million states over 200,000 people
    python bench/subjects_search.py sqlite           one of the databases
    python bench/subjects_search.py --people 20000   a smaller population

One worker, one caller, pages of 1,000. "looked at" counts the people who were decided on, found or not;
memory is the server process's own (RssAnon: SQLite's file is mapped and would be counted as far as it was
read), before the first page and the most that was seen after a page: flat memory is a difference that does
not grow with --people. The last line is a JSON object with all figures.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parent))

from check import ROOT, _database, _fill, _free_port, _post, _server, _token
from consentd.base.settings import Settings, from_environment
from consentd.cli.setup import initialise
from population import PEOPLE, STATES

PAGE = 1000


def main(databases: list[str], people: int) -> None:
    figures: dict[str, Any] = {"people": people, "states": people * len(STATES), "cpus": os.cpu_count()}
    for name in databases:
        with tempfile.TemporaryDirectory(prefix="cd") as folder, _database(name, Path(folder)) as url:
            figures[name] = _measure(name, Path(folder), url, people)
    print(json.dumps(figures))


def _measure(name: str, folder: Path, url: str, people: int) -> dict[str, Any]:
    environment = {
        "CONSENTD_DATA_DIR": str(folder),
        "CONSENTD_DATABASE_URL": url,
        "CONSENTD_POLICIES": str(ROOT / "policies"),
        "CONSENTD_PORT": str(_free_port()),
        "CONSENTD_LOG_LEVEL": "warning",
    }
    settings = from_environment(environment)
    started = time.perf_counter()
    initialise(settings)
    client_id, secret = asyncio.run(_fill(settings, people))
    print(f"{name}: {people} people written in {time.perf_counter() - started:.0f} s", flush=True)
    with _server(environment) as pid:
        token = _token(settings, client_id, secret)
        _search(settings, token, "", 1)
        before = _memory(pid)
        pages, found, seconds, most = _all_pages(settings, token, pid)
    total = sum(seconds)
    figures = {
        "found": found,
        "pages": pages,
        "seconds": round(total, 2),
        "people_per_second": round(people / total),
        "found_per_second": round(found / total),
        "page_p50_ms": round(statistics.median(seconds) * 1000, 1),
        "page_max_ms": round(max(seconds) * 1000, 1),
        "memory_before_mib": before,
        "memory_most_mib": most,
    }
    print(
        f"{name} found {found} of {people} in {total:.1f} s: {figures['people_per_second']} people looked "
        f"at per second; pages p50 {figures['page_p50_ms']} ms, max {figures['page_max_ms']} ms; "
        f"memory {before} MiB before, {most} MiB at most",
        flush=True,
    )
    return figures


def _all_pages(settings: Settings, token: str, pid: int) -> tuple[int, int, list[float], float]:
    seconds: list[float] = []
    found, following, most = 0, "", 0.0
    while True:
        started = time.perf_counter()
        page = _search(settings, token, following, PAGE)
        seconds.append(time.perf_counter() - started)
        most = max(most, _memory(pid))
        found += len(page["results"])
        following = page["page"]["next_token"]
        if not following:
            return len(seconds), found, seconds, most


def _search(settings: Settings, token: str, following: str, limit: int) -> dict[str, Any]:
    asked = {
        "subject": {"type": "email"},
        "action": {"name": "newsletter"},
        "resource": {"type": "channel", "id": "email"},
        "page": {"token": following, "limit": limit},
    }
    address = f"http://{settings.host}:{settings.port}/access/v1/search/subject"
    page: dict[str, Any] = json.loads(_post(address, token, json.dumps(asked).encode()))
    return page


def _memory(pid: int) -> float:
    """MiB of the process's own."""
    status = Path(f"/proc/{pid}/status").read_text()
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))
    return round(int(kibibytes) / 1024, 1)


@click.command()
@click.argument("databases", nargs=-1, type=click.Choice(["sqlite", "postgresql"]))
@click.option("--people", default=PEOPLE)
def _command(databases: tuple[str, ...], people: int) -> None:
    main(list(databases) or ["sqlite", "postgresql"], people)


if __name__ == "__main__":
    _command()
