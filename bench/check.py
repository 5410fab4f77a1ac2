"""How fast a check is: POST /v1/check beside a no-op POST on the same server, on both databases.

    python bench/check.py                  both databases, one million states over 200,000 people
    python bench/check.py sqlite           one of them
    python bench/check.py --people 20000   a smaller population

One worker. wrk drives it, with another person in each request; nothing is cached that could be stale. Turns
alternate, so that a noisy machine disturbs both alike; the ratio is the median over pairs of turns.
The no-op at the same pace shows what of a latency is the machine's; "stolen" is the share of its processors
that the host gave to others meanwhile. The last line is a JSON object with all figures.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from consentd.base.settings import Settings, from_environment
from consentd.callers.model import Scope
from consentd.callers.service import add_system
from consentd.cli.common import opened
from consentd.cli.setup import initialise
from consentd.evidence.model import OPERATOR
from population import PEOPLE, STATES, email_of, fill_postgres, fill_sqlite

ROOT = Path(__file__).parent.parent
ROUNDS, SECONDS, PACED_SECONDS = 8, 3, 6
CONNECTIONS = 16
BATCH = 10_000


def main(databases: list[str], people: int) -> None:
    figures: dict[str, Any] = {"people": people, "states": people * len(STATES), "cpus": os.cpu_count()}
    for name in databases:
        with tempfile.TemporaryDirectory(prefix="cd") as folder, _database(name, Path(folder)) as url:
            figures[name] = _measure(name, Path(folder), url, people)
    print(json.dumps(figures))


@contextlib.contextmanager
def _database(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    from tests.support.postgres import postgres_server

    with postgres_server() as server:
        if server is None:
            raise SystemExit("There is no PostgreSQL on this machine: see docs/running.md.")
        yield server.empty()


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
    with _server(environment):
        token = _token(settings, client_id, secret)
        before = _processors()
        found = {**_singles(name, settings, token, people), **_batches(name, settings, token, people)}
        found["stolen"] = _stolen(before, _processors())
        print(f"{name} stolen by the host: {found['stolen']:.1%}", flush=True)
        return found


def _processors() -> list[int]:
    return [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]


def _stolen(before: list[int], after: list[int]) -> float:
    return round((after[7] - before[7]) / (sum(after) - sum(before)), 3)


async def _fill(settings: Settings, people: int) -> tuple[str, str]:
    async with opened(settings) as parts:
        made = await parts.database.change(
            lambda unit: add_system(
                unit, parts.keyring, "bench", [s.value for s in Scope], [], [], "Europe/Paris", OPERATOR
            )
        )
        if settings.database_url.startswith("sqlite"):
            await asyncio.to_thread(fill_sqlite, settings.data_dir / "bench.db", parts.keyring, people)
        else:
            await fill_postgres(settings.database_url, parts.keyring, people)
    return str(made.id), made.secret


def _singles(name: str, settings: Settings, token: str, people: int) -> dict[str, Any]:
    address = f"http://{settings.host}:{settings.port}"
    runs: dict[str, list[dict[str, float]]] = {"noop": [], "check": []}
    _wrk(address, "/v1/check", token, people, CONNECTIONS, 2)
    for _ in range(ROUNDS):
        for kind, path in (("noop", "/v1/no-op"), ("check", "/v1/check")):
            runs[kind].append(_wrk(address, path, token, people, CONNECTIONS, SECONDS))
    figures: dict[str, Any] = {kind: _median(found) for kind, found in runs.items()}
    ratios = [check["rps"] / noop["rps"] for noop, check in zip(runs["noop"], runs["check"], strict=True)]
    figures["ratio"] = round(statistics.median(ratios), 3)
    figures["ratios"] = [round(ratio, 3) for ratio in ratios]
    half = figures["check"]["rps"] / 2
    for kind in ("noop", "check"):
        print(f"{name} {kind:6} {_said(figures[kind])}")
    print(
        f"{name} ratio check/no-op: {figures['ratio']:.0%} ({min(ratios):.0%} to {max(ratios):.0%})",
        flush=True,
    )
    for figure, path in (("half_load_noop", "/v1/no-op"), ("half_load", "/v1/check")):
        turns = [_paced(settings, token, people, half, path=path) for _ in range(3)]
        figures[figure] = _median(turns)
        print(f"{name} {path} at half load ({half:.0f}/s): {_said(figures[figure])}", flush=True)
    return figures


def _batches(name: str, settings: Settings, token: str, people: int) -> dict[str, Any]:
    """Decisions per second of full batches, alone; then single checks' latency while batches run."""
    address = f"http://{settings.host}:{settings.port}/v1/check/batch"
    body = json.dumps({"items": [_question(n * 7 % people) for n in range(BATCH)]}).encode()
    _post(address, token, body)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        answer = _post(address, token, body)
        seconds.append(time.perf_counter() - started)
    assert len(json.loads(answer)["answers"]) == BATCH
    rate = BATCH / statistics.median(seconds)
    print(f"{name} batch of {BATCH}: {rate:.0f} decisions/s", flush=True)
    script = "import sys,time,urllib.request as u\n" + _BUSY
    body_file = settings.data_dir / "batch.json"
    body_file.write_bytes(body)
    busy = subprocess.Popen([sys.executable, "-c", script, address, token, str(body_file), "8"])
    time.sleep(0.5)
    beside = _paced(settings, token, people, 200, seconds=6)
    busy.wait()
    print(f"{name} single checks beside batches: {_said(beside)}", flush=True)
    return {"batch_decisions_per_second": round(rate), "singles_beside_batches": beside}


_BUSY = """
end = time.time() + float(sys.argv[4])
body = open(sys.argv[3], 'rb').read()
while time.time() < end:
    headers = {'Authorization': 'Bearer ' + sys.argv[2], 'Content-Type': 'application/json'}
    r = u.Request(sys.argv[1], data=body, headers=headers)
    u.urlopen(r).read()
"""


def _paced(
    settings: Settings,
    token: str,
    people: int,
    rate: float,
    seconds: float = PACED_SECONDS,
    path: str = "/v1/check",
) -> dict[str, float]:
    """Latency at a given rate: requests are sent on time, whether or not earlier ones were answered."""
    command = [sys.executable, str(Path(__file__).with_name("paced.py")), settings.host, str(settings.port)]
    done = subprocess.run(
        [*command, path, token, str(people), str(rate), str(seconds)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _wrk(
    address: str, path: str, token: str, people: int, connections: int, seconds: int
) -> dict[str, float]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_LUA % {"token": token, "people": people})
        script.flush()
        done = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{connections}",
                f"-d{seconds}s",
                "--latency",
                "-s",
                script.name,
                address + path,
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    if "Non-2xx" in done or "Socket errors" in done:
        raise SystemExit(f"requests failed:\n{done}")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", done)
    assert rate is not None, done
    found = {"rps": float(rate[1])}
    # wrk prints no p95; p90 and p99 bracket it.
    for percent, value, unit in re.findall(r"(50|90|95|99)(?:\.000)?%\s+([0-9.]+)(us|ms|s)", done):
        found[f"p{percent}_ms"] = float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    for line in re.findall(r"PERCENTILE ([0-9]+) ([0-9.]+)", done):
        found[f"p{line[0]}_ms"] = float(line[1]) / 1000
    return found


_LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %(token)s"
request = function()
  local n = math.random(0, %(people)d - 1)
  return wrk.format(nil, nil, nil, '{"subject":{"scheme":"email","value":"person' .. n ..
    '@exemple.fr"},"purpose":"newsletter","channel":"email"}')
end
done = function(summary, latency, requests)
  for _, p in pairs({50, 95, 99}) do
    io.write(string.format("PERCENTILE %%d %%f\\n", p, latency:percentile(p)))
  end
end
"""


@contextlib.contextmanager
def _server(environment: dict[str, str]) -> Iterator[int]:
    """Ready, until the end of the block. Yields its process id."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server.py"))], env={**os.environ, **environment}
    )
    address = f"http://127.0.0.1:{environment['CONSENTD_PORT']}/health/ready"
    try:
        for _ in range(200):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(address, timeout=2).read()
                break
            time.sleep(0.1)
        else:
            raise SystemExit("The server did not become ready.")
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _token(settings: Settings, client_id: str, secret: str) -> str:
    body = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}".encode()
    request = urllib.request.Request(f"http://{settings.host}:{settings.port}/oauth/token", data=body)
    return str(json.load(urllib.request.urlopen(request))["access_token"])


def _question(number: int) -> dict[str, Any]:
    return {
        "subject": {"scheme": "email", "value": email_of(number)},
        "purpose": "newsletter",
        "channel": "email",
    }


def _post(address: str, token: str, body: bytes) -> bytes:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer: bytes = urllib.request.urlopen(urllib.request.Request(address, data=body, headers=headers)).read()
    return answer


def _median(found: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(one[name] for one in found), 3) for name in found[0]}


def _said(figures: dict[str, float]) -> str:
    times = ", ".join(f"{name[:-3]} {figures[name]:.2f} ms" for name in ("p50_ms", "p95_ms", "p99_ms"))
    return f"{figures['rps']:8.0f} requests/s  {times}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@click.command()
@click.argument("databases", nargs=-1, type=click.Choice(["sqlite", "postgresql"]))
@click.option("--people", default=PEOPLE)
def _command(databases: tuple[str, ...], people: int) -> None:
    main(list(databases) or ["sqlite", "postgresql"], people)


if __name__ == "__main__":
    _command()
