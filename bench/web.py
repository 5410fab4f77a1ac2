"""What the web layer costs: a validated POST with a token through everything, beside the bare framework.

`python bench/web.py` starts one server at a time and drives it with wrk (Debian package wrk), turn by turn,
so that a noisy machine disturbs both alike. `python bench/web.py serve bare|full PORT` is the server.
"""

import contextlib
import hashlib
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import msgspec
import uvicorn
from litestar import Litestar, post
from litestar.params import JSONBody

from consentd.base.settings import from_environment
from consentd.callers.model import Caller, Scope
from consentd.kernel.ids import SecretId, SystemId
from consentd.web import logs
from consentd.web.application import build
from consentd.web.auth import needs
from consentd.web.call import Call
from consentd.web.limits import Limits

ROUNDS, SECONDS, CONNECTIONS = 5, 2, 16
BODY = (
    '{"subject":[{"scheme":"email","value":"jean.dupont@example.org"}],"purpose":"newsletter",'
    '"channel":"email","at":"2026-11-20T10:15:00+01:00"}'
)
SCRIPT = f"""
wrk.method = "POST"
wrk.body = '{BODY}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {"a" * 300}"
"""


class Name(msgspec.Struct, forbid_unknown_fields=True):
    scheme: str
    value: str


class Question(msgspec.Struct, forbid_unknown_fields=True):
    subject: list[Name]
    purpose: str
    channel: str
    at: str | None = None


class Answer(msgspec.Struct):
    allowed: bool
    reasons: list[str]


class OneToken:
    """Knows every token, by its hash, as the service does after the first call."""

    def __init__(self) -> None:
        nobody = UUID(int=1)
        self._caller = Caller(SystemId(nobody), SecretId(nobody), "till", frozenset({Scope.CHECK}))

    def known(self, token: bytes) -> Caller | None:
        hashlib.sha256(token).digest()
        return self._caller

    async def admit(self, token: bytes) -> Caller:
        return self._caller


def bare() -> Litestar:
    @post("/v1/no-op", status_code=200)
    async def no_op(data: JSONBody[Question]) -> Answer:
        return Answer(True, [data.purpose])

    return Litestar([no_op], openapi_config=None)


def full() -> Litestar:
    @post("/v1/no-op", status_code=200, opt=needs(Scope.CHECK))
    async def no_op(data: JSONBody[Question], request: Call) -> Answer:
        return Answer(bool(request.caller.name), [data.purpose])

    logs.configure("info")
    return build(
        [no_op],
        settings=from_environment({}),
        tokens=OneToken(),
        limits=Limits(per_second=1e9, burst=10**9),
    )


def serve(kind: str, port: int) -> None:
    app = bare() if kind == "bare" else full()
    uvicorn.run(
        app,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


def measure(kind: str, port: int, script: Path) -> tuple[float, float]:
    """Requests per second, and microseconds of the server's own processor time for each."""
    server = subprocess.Popen([sys.executable, __file__, "serve", kind, str(port)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        address = f"http://127.0.0.1:{port}/v1/no-op"
        before = _processor(server.pid)
        shown = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "-s", str(script), address],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        used = _processor(server.pid) - before
        if "Non-2xx" in shown:
            raise SystemExit(shown)
        count = int(re.search(r"(\d+) requests in", shown)[1])
        return float(re.search(r"Requests/sec:\s+([0-9.]+)", shown)[1]), used / count * 1e6
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "post.lua")
        script.write_text(SCRIPT)
        rounds: dict[str, list[tuple[float, float]]] = {"bare": [], "full": []}
        for turn in range(ROUNDS):
            for kind, seen in rounds.items():
                seen.append(measure(kind, 8810 + turn, script))
    for kind, seen in rounds.items():
        rate, cost = (statistics.median(values) for values in zip(*seen, strict=True))
        print(f"{kind}: {rate:8.0f} requests/s, {cost:6.1f} µs of processor time each")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
