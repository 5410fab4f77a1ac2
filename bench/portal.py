"""How long a customer waits for a page of the portal, and what it weighs with all that it loads.

`python bench/portal.py` makes a company in a temporary folder (SQLite), serves it with one process, and asks
for each page over a connection of its own, as a browser that was never there: the first time after the start,
when templates are read, and then in turn. Times are from the request to the last byte of the page, over
loopback, so a little more than the server's own.
"""

import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TURNS = 200
PAGES = (
    "/my",
    "/my/code",
    "/my/help",
    "/my/help/data",
    "/my/help/children",
    "/my/help/letters",
    "/my/help/accessibility",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = {
            "CONSENTD_DATA_DIR": f"{folder}/data",
            "CONSENTD_POLICIES": str(Path(__file__).parents[1] / "policies"),
            "CONSENTD_PORT": str(port),
            "CONSENTD_LOG_LEVEL": "warning",
        }
        here = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTD_")}
        command = [sys.executable, "-m", "consentd"]
        subprocess.run([*command, "init"], env={**here, **settings}, check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen([*command, "serve"], env={**here, **settings})
        try:
            measure(port)
        finally:
            server.terminate()
            server.wait()


def measure(port: int) -> None:
    wait_for(port)
    first = {page: get(port, page)[0] for page in PAGES}
    times: dict[str, list[float]] = {page: [] for page in PAGES}
    for _ in range(TURNS):
        for page in PAGES:
            times[page].append(get(port, page)[0])
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {TURNS} turns")
    print("| page | first | median | p95 | bytes with all that it loads |")
    print("|---|---|---|---|---|")
    for page in PAGES:
        ordered = sorted(times[page])
        median, high = statistics.median(ordered), ordered[int(0.95 * len(ordered))]
        weighed = weight(port, page)
        print(f"| `{page}` | {first[page]:.1f} ms | {median:.1f} ms | {high:.1f} ms | {weighed:,} |")


def get(port: int, path: str) -> tuple[float, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    began = time.perf_counter()
    connection.request("GET", path, headers={"accept-language": "fr"})
    answer = connection.getresponse()
    content = answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    assert answer.status == 200, (path, answer.status)
    return took, content


def weight(port: int, path: str) -> int:
    page = get(port, path)[1]
    loaded = set(re.findall(rb'<(?:link rel="(?:stylesheet|icon)" href|img src)="(/[^"]+)"', page))
    return len(page) + sum(len(get(port, one.decode())[1]) for one in loaded)


def wait_for(port: int) -> None:
    """Until it answers; half a minute at most."""
    until = time.monotonic() + 30
    while True:
        try:
            get(port, "/health/ready")
        except (OSError, AssertionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main()
