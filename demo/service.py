"""The service of the demo and its silos, on a folder of their own."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import words
from letterbox import Letterbox
from silos import Mailing, Till, make_shop

from consentd.base.i18n import Text, choose

ROOT = Path(__file__).parent.parent
LANGUAGE = choose(None, (os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")[:2])
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
        self.letterbox = Letterbox(folder / "mails")
        stack.callback(self.letterbox.close)
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
            "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{self.letterbox.port}",
            "CONSENTD_MAIL_FROM": "Maison Lavande <donnees@maison-lavande.example>",
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

    def published(self, http: httpx.Client) -> tuple[Path, Path]:
        """The keys with which anybody verifies what was handed out, as the service publishes them."""
        files = self.folder / "jwks.json", self.folder / "log.key"
        for file, path in zip(files, ("/.well-known/jwks.json", "/v1/log/key"), strict=True):
            file.write_text(http.get(path).raise_for_status().text, "utf-8")
        return files

    def verifies(self, kind: str, file: Path, keys: tuple[Path, Path]) -> None:
        """By the command that the person has too."""
        named = "--keys", str(keys[0]), "--key", str(keys[1]), "--lang", LANGUAGE
        told = self.command(kind, "verify", str(file), *named)
        sys.stdout.write("".join(f"     {line}\n" for line in told.splitlines()))

    @contextmanager
    def served(self) -> Iterator[None]:
        process = subprocess.Popen([sys.executable, "-m", "consentd", "serve"], env=self._environment)
        try:
            until(lambda: process.poll() is not None or _ready(self.address))
            yield
        finally:
            process.terminate()
            process.wait()


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def until(found: Any) -> Any:  # Any: what there is to be waited for
    end = time.monotonic() + _PATIENCE
    while not (there := found()):
        if time.monotonic() > end:
            raise SystemExit(words.SLOW(LANGUAGE))
        time.sleep(0.2)
    return there
