"""How long a customer waits for a page of the portal, and what it weighs with all that it loads.

`python bench/portal.py` makes the demo company in a temporary folder (SQLite), serves it with one process,
and asks for each page over a connection of its own, as a browser that was never there: the first time after
the start, when templates are read, and then in turn. Those behind a code are asked for by a customer who came
in with a second proof, and of whom three contact details, forty choices and one request are on record. Times
are from the request to the last byte of the page, over loopback, so a little more than the server's own.
"""

import http.client
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from consentd.portal.reach import Reach
from support.customers import SCOPES, signed_in
from support.installation import Installation, Serving

TURNS = 200
BROWSER = "an old telephone"
OPEN = (
    "/my",
    "/my/code",
    "/my/help",
    "/my/help/data",
    "/my/help/children",
    "/my/help/letters",
    "/my/help/accessibility",
    "/my/receipts",
)
OWN = (
    "/my/choices",
    "/my/choices?each=1",
    "/my/rights",
    "/my/rights/erasure",
    "/my/requests",
    "/my/details",
    "/my/history",
    "/my/history/looks",
)
EMAIL = {"scheme": "email", "value": "ana@exemple.fr"}
PHONE = {"scheme": "phone", "value": "+33612345678"}
CHANGED_THEIR_MIND = 10
"""Times, of each of four uses."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder)).make()
        with installation.kept_open():
            with installation.served() as serving:
                subject = on_record(serving)
            cookie = signed_in(installation, BROWSER, subject, Reach.PERSON)
            # Started anew: what a page reads the first time is not read yet.
            with installation.served() as serving:
                measure(installation.port, cookie)


def on_record(serving: Serving) -> str:
    with serving.client(*SCOPES) as desk:
        named = [EMAIL, PHONE, {"scheme": "email", "value": "ana.au.bureau@exemple.fr"}]
        events = [
            {
                "purpose": "newsletter",
                "channel": channel,
                "state": state,
                "occurred_at": f"{2015 + turn}-{month:02}-01T10:00:00+01:00",
                "contact_point": point,
                "notice": {"id": "newsletter", "version": "2", "language": "fr"},
                "method": "checkbox",
                "collector": "till-2",
            }
            for turn in range(CHANGED_THEIR_MIND)
            for channel, point in (("email", EMAIL), ("sms", PHONE))
            for month, state in ((1, "given"), (7, "withdrawn"))
        ]
        body = {"subject": {"identifiers": named, "territory": "FR"}, "events": events}
        told = desk.post("/v1/consents", json=body).raise_for_status().json()
        asked = {"right": "access", "identifiers": [EMAIL], "came_by": "letter"}
        desk.post("/v1/requests", json=asked).raise_for_status()
        return str(UUID(told["subject_id"]))


def measure(port: int, cookie: str) -> None:
    pages = (*OPEN, *OWN)
    first = {page: get(port, page, cookie)[0] for page in pages}
    times: dict[str, list[float]] = {page: [] for page in pages}
    for _ in range(TURNS):
        for page in pages:
            times[page].append(get(port, page, cookie)[0])
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {TURNS} turns")
    print("| page | first | median | p95 | bytes with all that it loads | of them on the way |")
    print("|---|---|---|---|---|---|")
    for page in pages:
        ordered = sorted(times[page])
        median, high = statistics.median(ordered), ordered[int(0.95 * len(ordered))]
        plain, packed = weights(port, page, cookie)
        took = f"{first[page]:.1f} ms | {median:.1f} ms | {high:.1f} ms"
        print(f"| `{page}` | {took} | {plain:,} | {packed:,} |")


def get(port: int, path: str, cookie: str, reads: str = "gzip") -> tuple[float, bytes]:
    headers = {"accept-language": "fr", "user-agent": BROWSER, "accept-encoding": reads}
    if path.partition("?")[0] in {own.partition("?")[0] for own in OWN}:
        headers["cookie"] = f"my={cookie}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    assert answer.status == 200, (path, answer.status)
    return took, content


def weights(port: int, path: str, cookie: str) -> tuple[int, int]:
    """In bytes, as they are and as they travel to a browser that reads gzip."""
    page = get(port, path, cookie, "identity")[1].decode()
    loaded = set(re.findall(r'<(?:link rel="(?:stylesheet|icon)" href|img src)="(/[^"]+)"', page))
    plain, packed = (
        sum(len(get(port, one, cookie, reads)[1]) for one in (path, *loaded))
        for reads in ("identity", "gzip")
    )
    return plain, packed


if __name__ == "__main__":
    main()
