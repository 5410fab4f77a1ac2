"""A copy is verified at a terminal by whoever was given it, without an installation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from consentd.cli import main
from support.builders import open_company
from support.packages import ANA, REQUEST, a_copy, published


class Saved(NamedTuple):
    folder: Path
    content: bytes


@pytest.fixture
async def saved(sqlite_url: str, tmp_path: Path) -> Saved:
    async with open_company(sqlite_url, tmp_path) as company:
        await company.gives(ANA)
        await company.verify_everything()
        copy = await a_copy(company)
        keys, log_key = published(company)
    folder = tmp_path / "holder"
    folder.mkdir()
    (folder / "jwks.json").write_bytes(keys)
    (folder / "log.key").write_text(log_key)
    (folder / "copy.zip").write_bytes(copy.bytes)
    return Saved(folder, copy.bytes)


@pytest.fixture
def verify(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(saved.folder)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["package", "verify", "copy.zip", *arguments])

    return run


Verify = Callable[..., Result]
BOTH = ("--keys", "jwks.json", "--key", "log.key")


def test_what_holds_is_said_in_words(verify: Verify) -> None:
    found = verify(*BOTH, "--lang", "en")
    assert found.exit_code == 0, found.output
    for said in (
        f"Copy of personal data, request no. {REQUEST}",
        "Mailchimp: nothing came from it",
        "Signature: it holds.",
        "none changed",
        "it holds every choice",
        "Everything in this folder holds",
    ):
        assert said in found.output
    french = verify(*BOTH, "--lang", "fr")
    assert "Tout ce que contient ce dossier est vérifié" in french.output


def test_the_page_about_copies_shows_what_is_said(verify: Verify) -> None:
    """Down to the numbers: the example is this copy."""
    page = (Path(__file__).parents[2] / "docs" / "package.md").read_text()
    example = page.partition("consentd package verify copy.zip")[2].partition("```text\n")[2]
    assert verify(*BOTH, "--lang", "en").output == example.partition("```")[0]


def test_programs_are_answered_too(verify: Verify) -> None:
    told = json.loads(verify(*BOTH, "--json").output)
    assert (told["holds"], told["manifest"]["request"]) == (True, REQUEST)
    assert set(told["parts"].values()) == {True}


def test_what_was_changed_is_named(saved: Saved, verify: Verify) -> None:
    at = saved.content.index(b"letter.pdf") + 2000
    changed = bytearray(saved.content)
    changed[at] ^= 1
    (saved.folder / "copy.zip").write_bytes(changed)
    found = verify(*BOTH, "--lang", "en")
    assert found.exit_code == 1
    assert "  letter.pdf" in found.output.splitlines()
    assert "does not hold: do not rely on it" in found.output


def test_what_is_missing_is_asked_for(saved: Saved, verify: Verify) -> None:
    assert verify("--lang", "en").exit_code == 2
    needed = verify("--keys", "jwks.json", "--lang", "en")
    assert (needed.exit_code, "give --key too" in needed.output) == (2, True)
    (saved.folder / "copy.zip").write_bytes(b"nothing")
    no = verify(*BOTH, "--lang", "en")
    assert (no.exit_code, "give the whole .zip file" in no.output) == (1, True)
