"""One access and one erasure, end to end, over three live silos: `make demo-rights`.

    python demo/rights.py [folder]

On a fresh folder, with what `make run` installs. It speaks French or English by LANG, says what happens as it
happens, and leaves in the folder that it names the copy, the certificate, the keys that verify both, the
mails and the silos' data.
"""

import json
import sqlite3
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import words
from desk import ANA, Desk
from handing_out import hand_out_the_copy
from service import Demo, say, until

from consentd.client import Client
from consentd.client.tasks import TaskRunner

DESK = ("consent:write", "requests:write", "requests:read", "requests:decide")


def leave_the_certificate(demo: Demo, desk: Desk, request: str) -> None:
    """Saves it once the log proves it."""

    def proven() -> Any:
        told = desk.get(f"/v1/requests/{request}/certificate")
        return told if all(one["proof"] for one in told["certificates"]) else None

    file = demo.folder / "certificate.json"
    file.write_text(json.dumps(until(proven), ensure_ascii=False), "utf-8")
    say(words.CERTIFICATE)
    demo.verifies("certificate", file, demo.published(desk.http))


def check_what_is_left(demo: Demo) -> None:
    connection = sqlite3.connect(demo.folder / "shop.db")
    names = [row[0] for row in connection.execute("SELECT name FROM customers ORDER BY id")]
    invoices = [row[0] for row in connection.execute("SELECT billed_to FROM invoices ORDER BY number")]
    connection.close()
    assert "Bruno Petit" in names
    assert "Ana Diaz" not in names
    assert invoices == ["Ana Diaz", "Bruno Petit"]
    assert demo.mailing.subscribers == {"bruno.petit@exemple.fr"}
    assert demo.till.cards == {"+33655500102": "ML100008"}
    say(words.LEFT)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="consentd-rights-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        demo = Demo(folder, stack)
        say(words.SILOS)
        demo.command("init")
        clients = {
            name: demo.connect(name, *scopes) for name, scopes in {"desk": DESK, "till": ("tasks",)}.items()
        }
        staff = [
            json.loads(
                demo.command("staff", "add", name, f"{name.lower()}@maison-lavande.example", "--json")
            )["id"]
            for name in ("Claire", "Hugo")
        ]
        stack.enter_context(demo.served())
        say(words.SERVICE, address=demo.address)
        till = stack.enter_context(Client(demo.address, *clients["till"]))
        stack.enter_context(TaskRunner(till, demo.till, wait=1))
        desk = Desk(demo, clients["desk"], staff)
        stack.callback(desk.http.close)
        event = {"purpose": "newsletter", "channel": "email", "state": "withdrawn"}
        desk.post("/v1/consents", subject={"identifiers": [ANA], "territory": "FR"}, events=[event])
        copy = desk.asks("access", "portal")
        desk.proves_by_code(copy)
        desk.waits_for(copy, "reviewing")
        file = hand_out_the_copy(demo, desk, copy)
        erasure = desk.asks("erasure", "counter")
        desk.identifies(erasure)
        desk.shows_the_plan(erasure)
        desk.approves(erasure)
        desk.waits_for(erasure, "answered", "partial")
        leave_the_certificate(demo, desk, erasure)
        check_what_is_left(demo)
    say(words.FOLDER, folder=folder, copy=file.name)


if __name__ == "__main__":
    main()
