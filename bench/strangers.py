"""Whether a stranger can tell by the time of an answer who is known: the promise is that they cannot (13).

`python bench/strangers.py` serves a company (SQLite, one process, a real mail server that takes every mail),
and asks at `/my` for codes to addresses that are on record and to as many that are not, each once, in a
random order over one connection, as an attacker would. The two distributions are told, and the chance that of
one answer of each kind the known one was slower: 0.50 is what a coin says, and 0.03 to either side what as
few as these leave open (Mann and Whitney's U, one standard error).
"""

import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import httpx

from support.customers import SCOPES, Customers
from support.installation import Installation
from support.smtp import sink_beside

EACH = 140
"""Of either kind: one place in the network may ask three hundred times an hour."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sink_beside() as mailbox:
        mail = {
            "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
            "CONSENTD_MAIL_FROM": "Maison Lavande <donnees@maison-lavande.example>",
        }
        installation = Installation(Path(folder), **mail).make()
        with installation.kept_open(), installation.served() as serving, serving.client(*SCOPES) as desk:
            customers = Customers(serving, mailbox, desk)
            asked = [(customers.new(), True) for _ in range(EACH)]
            asked += [(customers.stranger(), False) for _ in range(EACH)]
            random.shuffle(asked)
            times: dict[bool, list[float]] = {True: [], False: []}
            with serving.stranger() as client:
                client.get("/my")
                for address, known in asked:
                    times[known].append(took(client, address))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {EACH} of either kind")
    print("| | p10 | median | p90 |")
    print("|---|---|---|---|")
    for known, name in ((True, "known"), (False, "unknown")):
        tenths = statistics.quantiles(times[known], n=10)
        print(f"| {name} | {tenths[0]:.2f} ms | {tenths[4]:.2f} ms | {tenths[8]:.2f} ms |")
    slower = sum(one > other for one in times[True] for other in times[False]) / EACH**2
    print(f"known slower than unknown: {slower:.3f}")


def took(client: httpx.Client, address: str) -> float:
    """Milliseconds, to the last byte of the answer."""
    began = time.perf_counter()
    answer = client.post("/my", data={"contact": address})
    after = time.perf_counter() - began
    assert answer.status_code == 303, answer.text
    # What is sent behind an answer is done before the next: an attacker would wait too.
    time.sleep(0.35)
    return after * 1000


if __name__ == "__main__":
    main()
