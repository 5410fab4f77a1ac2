"""One access and one erasure, end to end, over three live silos: `make demo-rights`.

    python demo/rights.py [folder]

On a fresh folder, with what `make run` installs. It speaks French or English by LANG, says what happens as it
happens, and leaves the certificate, the keys to verify it and the silos' data in the folder that it names.
"""

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import words
from silos import Mailing, Till, make_shop

from consentd.base.i18n import Text, choose
from consentd.client import Client
from consentd.client.tasks import TaskRunner

ROOT = Path(__file__).parent.parent
LANGUAGE = choose(None, (os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")[:2])
ANA = {"scheme": "email", "value": "ana.diaz@exemple.fr"}
DESK = ("consent:write", "requests:write", "requests:read", "requests:decide")
_PATIENCE = 120


def say(text: Text, **members: object) -> None:
    sys.stdout.write(text(LANGUAGE).format(**members) + "\n")
    sys.stdout.flush()


class Demo:
    """The service and its silos, on a folder of their own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
        self.mailing, self.till = Mailing(secret), Till()
        stack.callback(self.mailing.close)
        make_shop(folder / "shop.db")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONSENTD_")},
            "CONSENTD_DATA_DIR": str(folder / "data"),
            "CONSENTD_POLICIES": str(self._policies()),
            "CONSENTD_PORT": str(port),
            "CONSENTD_PUBLIC_URL": self.address,
            "CONSENTD_LOG_LEVEL": "error",
            "CONSENTD_ALLOWED_HOSTS": f"127.0.0.1:{self.mailing.port}",
            "CONSENTD_SILO_WEBSHOP_URL": f"sqlite:///{folder / 'shop.db'}",
            "CONSENTD_SILO_MAILING_SECRET": secret,
        }

    def _policies(self) -> Path:
        """The demo company's rules, with the three silos that run here, and no other."""
        rules = self.folder / "policies"
        for path in sorted((ROOT / "policies").rglob("*")):
            if path.is_file() and (path.parent.name != "systems" or self._joins(path)):
                content = path.read_text("utf-8")
                if path.parent.name == "systems":
                    joined = (ROOT / "demo" / "connections" / path.name).read_text("utf-8")
                    content += joined.replace("PORT", str(self.mailing.port))
                target = rules / path.relative_to(ROOT / "policies")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content, "utf-8")
        return rules

    @staticmethod
    def _joins(path: Path) -> bool:
        return (ROOT / "demo" / "connections" / path.name).exists()

    def command(self, *arguments: str) -> str:
        told = subprocess.run(
            [sys.executable, "-m", "consentd", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            raise SystemExit(told.stderr or told.stdout)
        return told.stdout

    def connect(self, name: str, *scopes: str) -> tuple[str, str]:
        asked = [part for scope in scopes for part in ("--scope", scope)]
        made = json.loads(self.command("system", "add", name, *asked, "--json"))
        return made["client_id"], made["client_secret"]

    @contextmanager
    def served(self) -> Iterator[None]:
        process = subprocess.Popen([sys.executable, "-m", "consentd", "serve"], env=self._environment)
        try:
            _until(lambda: process.poll() is not None or _ready(self.address))
            yield
        finally:
            process.terminate()
            process.wait()


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def _until(found: Any) -> Any:  # Any: what there is to be waited for
    end = time.monotonic() + _PATIENCE
    while not (there := found()):
        if time.monotonic() > end:
            raise SystemExit(words.SLOW(LANGUAGE))
        time.sleep(0.2)
    return there


class Desk:
    """The program that the staff work with."""

    def __init__(self, demo: Demo, client: tuple[str, str], staff: list[str]) -> None:
        self._demo = demo
        self.staff = staff
        self.http = httpx.Client(base_url=demo.address, timeout=30)
        grant = {"grant_type": "client_credentials"}
        token = self.http.post("/oauth/token", auth=client, data=grant).raise_for_status().json()
        self.http.headers["authorization"] = f"Bearer {token['access_token']}"

    def post(self, path: str, **body: Any) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()

    def get(self, path: str) -> Any:
        return self.http.get(path).raise_for_status().json()

    def asks(self, right: str) -> str:
        say(words.ASKED[right])
        asked = self.post(
            "/v1/requests", right=right, identifiers=[ANA], came_by="counter", language=LANGUAGE
        )
        say(words.WAITS, day=asked["safe_due"])
        request: str = asked["id"]
        return request

    def identifies(self, request: str) -> None:
        grounds = "Came to the counter with her loyalty card; known there for years."
        self.post(f"/v1/requests/{request}/steps", step="identify", by=self.staff[0], grounds=grounds)
        say(words.IDENTIFIED)

    def shows_the_plan(self, request: str) -> None:
        say(words.PLAN)
        for silo in self.get(f"/v1/requests/{request}/plan")["silos"]:
            verbs = " → ".join(words.VERBS[step["verb"]](LANGUAGE) for step in silo["steps"])
            say(words.TURN, name=silo["name"], turn=silo["turn"], verbs=verbs)
            # Of SQL the remarks, which say how many rows are found; of a call, to where it goes.
            for line in [one[3:] for one in silo["would"] if one.startswith("-- ")] or silo["would"][:1]:
                sys.stdout.write(f"       {line}\n")

    def approves(self, request: str) -> None:
        for who in self.staff:
            self.post(f"/v1/requests/{request}/steps", step="approve", by=who)
        say(words.APPROVED)

    def waits_for(self, request: str, *states: str) -> None:
        def there() -> Any:
            told = self.get(f"/v1/requests/{request}")
            return told if told["state"] in states else None

        told = _until(there)
        say(words.DONE)
        for silo in told["silos"]:
            for task in silo["tasks"]:
                for part in task["parts"] if task["verb"] in ("export", "erase") else ():
                    kept = "".join(words.KEPT(LANGUAGE).format(**one) for one in part["kept"])
                    text = words.PART if task["verb"] == "erase" else words.FOUND
                    say(text, name=silo["name"], **{**part, "kept": kept})


def hand_out_the_copy(desk: Desk, request: str) -> None:
    """Where a copy goes once the silos have answered: it waits for its review."""
    say(words.REVIEW)


def leave_the_certificate(demo: Demo, desk: Desk, request: str) -> None:
    """Saves it with the keys that verify it, once the log proves it."""

    def proven() -> Any:
        told = desk.get(f"/v1/requests/{request}/certificate")
        return told if all(one["proof"] for one in told["certificates"]) else None

    folder = demo.folder
    (folder / "certificate.json").write_text(json.dumps(_until(proven), ensure_ascii=False), "utf-8")
    (folder / "jwks.json").write_text(desk.http.get("/.well-known/jwks.json").text, "utf-8")
    (folder / "log.key").write_text(desk.http.get("/v1/log/key").text, "utf-8")
    say(words.CERTIFICATE)
    files = [str(folder / name) for name in ("certificate.json", "jwks.json", "log.key")]
    told = demo.command(
        "certificate", "verify", files[0], "--keys", files[1], "--key", files[2], "--lang", LANGUAGE
    )
    sys.stdout.write("".join(f"     {line}\n" for line in told.splitlines()))


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
        copy = desk.asks("access")
        desk.identifies(copy)
        desk.waits_for(copy, "reviewing")
        hand_out_the_copy(desk, copy)
        erasure = desk.asks("erasure")
        desk.identifies(erasure)
        desk.shows_the_plan(erasure)
        desk.approves(erasure)
        desk.waits_for(erasure, "answered", "partial")
        leave_the_certificate(demo, desk, erasure)
        check_what_is_left(demo)
    say(words.FOLDER, folder=folder)


if __name__ == "__main__":
    main()
