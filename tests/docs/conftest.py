"""The demo, served for the documents: made by its own command, in a folder and on a port of its own."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served_demo import Demo

from support.installation import Installation, wait_until_ready
from support.smtp import sink_beside

SENDER = "donnees@maison-lavande.example"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with sink_beside() as mailbox:
        # `make run` takes the mails of the demo itself (tests/docs/test_demo_run.py).
        smtp = {"CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}", "CONSENTD_MAIL_FROM": SENDER}
        yield from _served(Installation(folder, CONSENTD_LOG_LEVEL="warning", **smtp), folder)


def _served(installation: Installation, folder: Path) -> Iterator[Demo]:
    process = installation.start("demo")
    try:
        address = f"http://127.0.0.1:{installation.port}"
        wait_until_ready(address, process)
        till = json.loads((folder / "demo-credentials.json").read_text())["till"]
        form = {"grant_type": "client_credentials"}
        credentials = (till["client_id"], till["client_secret"])
        token = httpx.post(f"{address}/oauth/token", data=form, auth=credentials).json()["access_token"]
        yield Demo(installation, address, ":".join(credentials), token)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def description(demo: Demo) -> dict[str, object]:
    """What the running service says of itself."""
    found: dict[str, object] = httpx.get(f"{demo.address}/openapi.json").json()
    return found


@pytest.fixture(scope="session")
def literals() -> frozenset[str]:
    """Every text that stands in the source."""
    source = Path(__file__).parents[2] / "src"
    return frozenset(
        node.value
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
