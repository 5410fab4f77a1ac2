"""`make run`: a newcomer gets into the customers' pages with nothing but what the terminal says."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.installation import free_port, wait_until_ready

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its address, and the running program."""
    port = free_port()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTD_")}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "demo" / "run.py")],
        cwd=ROOT,
        env={**ours, "CONSENTD_DATA_DIR": str(tmp_path / "data"), "CONSENTD_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_what_the_terminal_says_opens_the_choices_of_ana(
    run: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    address, process = run
    assert process.stdout is not None
    said = iter(process.stdout)
    door = next(line for line in said if "/my" in line).split()[-1]
    assert door == f"{address}/my"
    contact = re.search(r"Type (\S+@\S+) there", next(said))
    assert contact
    with httpx.Client(base_url=address, follow_redirects=True, timeout=60) as browser:
        browser.post("/my", data={"contact": contact[1]})
        mail = next(line for line in said if line.startswith(f"A mail to {contact[1]}"))
        code = re.search(r": (\d{4} \d{4}):", mail)
        assert code, mail
        page = browser.post("/my/code", data={"code": code[1]})
    assert page.url.path == "/my/choices"
    assert "newsletter" in page.text
    kept = Path(mail.rpartition("(")[2].rstrip(")\n"))
    assert kept.parent == tmp_path / "data" / "mails"
    assert contact[1] in kept.read_text()
