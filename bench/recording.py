"""How fast choices are recorded over HTTP, beside the same rows written raw to the same disk.

    python bench/recording.py [sqlite|postgresql …]

Calls of one event, then calls of five (one form that asks for five channels), each about another person of
20,000 known ones, each event with its own source_event_id; 32 calls at once. Syncs are counted on SQLite,
where a group of calls shares one. The raw program writes the very rows that the service wrote, through the
bare driver, in transactions of as many events as the service grouped, synced in full. The last line is a
JSON object with all figures.
"""

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from check import ROOT, _database, _fill, _free_port, _server, _token
from consentd.base.settings import from_environment
from consentd.cli.setup import initialise
from consentd.db.migrate import migrate
from consentd.db.sqlite_connection import connect
from population import email_of

PEOPLE = 20_000
EVENTS = 8_000
FORMS = (1, 5)
CALLS_AT_ONCE = 32
# What one recording writes for good; what is derived or waits is written with it, see `_raw`.
TABLES = ("consent_events", "log_entries", "source_events")


def measure(name: str, form: int) -> dict[str, Any]:
    """With `form` events in each call."""
    with tempfile.TemporaryDirectory(prefix="cd") as text, _database(name, Path(text)) as url:
        folder = Path(text)
        syncs = folder / "syncs"
        environment = {
            "CONSENTD_DATA_DIR": text,
            "CONSENTD_DATABASE_URL": url,
            "CONSENTD_POLICIES": str(ROOT / "policies"),
            "CONSENTD_PORT": str(_free_port()),
            "CONSENTD_LOG_LEVEL": "warning",
            **({"BENCH_SYNCS": str(syncs)} if name == "sqlite" else {}),
        }
        settings = from_environment(environment)
        initialise(settings)
        client_id, secret = asyncio.run(_fill(settings, PEOPLE))
        with _server(environment):
            token = _token(settings, client_id, secret)
            seconds = asyncio.run(_drive(settings.host, settings.port, token, form))
        rate = EVENTS / seconds
        found: dict[str, Any] = {"events_per_second": round(rate)}
        print(f"{name}: {rate:.0f} events/s over HTTP, {form} a call, {CALLS_AT_ONCE} at once", flush=True)
        if name == "sqlite":
            count = int(syncs.read_text())
            raw, raw_syncs = _raw(folder / "bench.db", folder / "raw.db", max(1, round(EVENTS / count)))
            found |= {
                "syncs": count,
                "events_per_sync": round(EVENTS / count, 1),
                "raw_events_per_second": round(raw),
                "raw_commits": raw_syncs,
                "ratio": round(EVENTS / seconds / raw, 3),
            }
            print(
                f"sqlite: {count} syncs, {EVENTS / count:.1f} events a sync; the same rows raw: {raw:.0f} "
                f"events/s in {raw_syncs} synced commits; ratio {found['ratio']:.0%}",
                flush=True,
            )
        return found


async def _drive(host: str, port: int, token: str, form: int) -> float:
    numbers = iter(range(EVENTS // form))
    head = (
        f"POST /v1/consents HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        "content-type: application/json\r\ncontent-length: "
    )

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for number in numbers:
            body = json.dumps(_recording(number, form))
            writer.write(f"{head}{len(body)}\r\n\r\n{body}".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            told = await reader.readexactly(length)
            assert answer.startswith(b"HTTP/1.1 201"), told
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CALLS_AT_ONCE)))
    return time.perf_counter() - started


_ASKED = (
    ("newsletter", "3", "email"),
    ("promotions", "1", "email"),
    ("promotions", "1", "sms"),
    ("promotions", "1", "phone"),
    ("promotions", "1", "post"),
)


def _recording(number: int, form: int) -> dict[str, Any]:
    point = {"scheme": "email", "value": email_of(number * 13 % PEOPLE)}
    events = [
        {
            "purpose": purpose,
            "channel": channel,
            "state": "given",
            "occurred_at": "2026-11-20T10:15:00+01:00",
            **({"contact_point": point} if channel == "email" else {}),
            "source_event_id": f"bench-{number}-{place}",
            "notice": {"id": purpose, "version": version, "language": "fr"},
            "method": "checkbox",
            "collector": "till-2",
            "evidence": {"form": "loyalty-form-7", "wording": "Je veux recevoir la lettre."},
        }
        for place, (purpose, version, channel) in enumerate(_ASKED[:form])
    ]
    return {"subject": {"identifiers": [point], "territory": "FR"}, "events": events}


def _raw(written: Path, target: Path, group: int) -> tuple[float, int]:
    """Events per second and commits: the service's own rows again, with the bare driver."""
    rows = {table: _rows(written, table) for table in TABLES}
    states = _rows(written, "consent_states")
    migrate(f"sqlite:///{target}")
    raw = connect(target)
    texts = {
        table: f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})"
        for table, found in rows.items()
    }
    state = f"INSERT OR REPLACE INTO consent_states VALUES ({', '.join('?' * len(states[0]))})"
    pending = "INSERT INTO log_pending (entry_id, leaf, vouched) VALUES (?, ?, ?)"
    commits = 0
    started = time.perf_counter()
    for first in range(0, EVENTS, group):
        raw.execute("BEGIN IMMEDIATE")
        for number in range(first, min(first + group, EVENTS)):
            for table, found in rows.items():
                if number < len(found):
                    raw.execute(texts[table], found[number])
            raw.execute(state, states[number])
            if number < len(rows["log_entries"]):
                raw.execute(pending, (rows["log_entries"][number][0], bytes(32), bytes(32)))
        raw.execute("COMMIT")
        commits += 1
    seconds = time.perf_counter() - started
    raw.close()
    return EVENTS / seconds, commits


def _rows(path: Path, table: str) -> list[tuple[Any, ...]]:
    raw = sqlite3.connect(path)
    try:
        where = " WHERE action = 'consent.recorded'" if table == "log_entries" else ""
        return raw.execute(f"SELECT * FROM {table}{where} LIMIT {EVENTS}").fetchall()
    finally:
        raw.close()


@click.command()
@click.argument("databases", nargs=-1, type=click.Choice(["sqlite", "postgresql"]))
def _command(databases: tuple[str, ...]) -> None:
    figures = {
        name: {f"{form}_per_call": measure(name, form) for form in FORMS}
        for name in databases or ("sqlite", "postgresql")
    }
    print(json.dumps({"events": EVENTS, "cpus": os.cpu_count(), **figures}))


if __name__ == "__main__":
    _command()
