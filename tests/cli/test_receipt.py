"""A receipt is verified offline: from files alone, without an installation, and to the last byte."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from click.testing import CliRunner, Result

from consentd.cli import main
from consentd.consent.receipt_check import check, read
from consentd.crypto.jws import jwks, receipt_keys
from consentd.evidence.checkpoint import parse_vkey, vkey
from consentd.kernel.errors import OperatorError
from support.builders import demo_policy, open_company

_OPTIONS = ("--keys", "jwks.json", "--key", "log.key", "--lang", "en")
ORIGIN = demo_policy().controller.log_origin


class Saved(NamedTuple):
    """What a holder of a receipt has: files."""

    folder: Path
    receipt: bytes
    answer: bytes
    waiting: bytes
    """The same receipt before a checkpoint covered it."""
    keys: bytes
    log_key: str

    def put(self, content: bytes) -> str:
        path = self.folder / "given"
        path.write_bytes(content)
        return str(path)


@pytest.fixture
async def saved(sqlite_url: str, tmp_path: Path) -> Saved:
    async with open_company(sqlite_url, tmp_path) as company:
        answer = await company.gives("email:ana@exemple.fr")
        caller = company.systems["till"]
        waiting = await company.consent.receipt(caller, answer.receipt_id)
        await company.withdraws("email:ana@exemple.fr")
        await company.verify_everything()
        receipt = await company.consent.receipt(caller, answer.receipt_id)
        keys = msgspec.json.encode(jwks(company.keyring.public_keys()))
        log_key = vkey(ORIGIN, company.keyring.signer("log").public)
    folder = tmp_path / "holder"
    folder.mkdir()
    (folder / "jwks.json").write_bytes(keys)
    (folder / "log.key").write_text(f"{log_key}\n")
    encoded = (msgspec.json.encode(one) for one in (receipt, answer, waiting))
    return Saved(folder, *encoded, keys, log_key)


@pytest.fixture
def verify(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command on a file of this content, from an environment without any installation."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(saved.folder)

    def run(content: bytes, *arguments: str, keys: str = "jwks.json") -> Result:
        return CliRunner().invoke(
            main, ["receipt", "verify", saved.put(content), f"--keys={keys}", *arguments]
        )

    return run


Verify = Callable[..., Result]


def test_everything_in_a_receipt_is_said_and_holds(saved: Saved, verify: Verify) -> None:
    done = verify(saved.receipt, "--key=log.key")
    assert done.exit_code == 0, done.output
    for words in ("Maison Lavande SAS (FR)", "consent given: use newsletter", "text shown: newsletter 3 fr"):
        assert words in done.output
    assert done.output.endswith("Everything in this file holds.\n")
    assert done.output == verify(saved.receipt, f"--key={saved.log_key}").output


def test_it_speaks_french_where_it_is_asked_to_or_the_terminal_does(
    saved: Saved, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = verify(saved.receipt, "--key=log.key", "--lang=fr").output
    assert "accord donné : utilisation newsletter" in asked
    assert asked.endswith("Tout ce que contient ce fichier est vérifié.\n")
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert verify(saved.receipt, "--key=log.key").output == asked
    assert "consent given" in verify(saved.receipt, "--key=log.key", "--lang=en").output


def test_programs_are_told_in_json(saved: Saved, verify: Verify) -> None:
    told = json.loads(verify(saved.receipt, "--key=log.key", "--json").output)
    assert told["holds"] is True
    assert told["parts"] == dict.fromkeys(("signature", "content", "checkpoint", "inclusion"), True)
    assert told["content"]["events"][0]["state"] == "given"


def test_an_answer_a_waiting_receipt_and_the_bare_document_are_taken(saved: Saved, verify: Verify) -> None:
    bare: str = json.loads(saved.receipt)["receipt"]
    for content, words in (
        (saved.answer, "the signature alone"),
        (bare.encode(), "the signature alone"),
        (f"{bare}\n".encode(), "the signature alone"),
        (saved.waiting, "does not hold the proof of the entry yet"),
    ):
        done = verify(content)
        assert (done.exit_code, words in done.output) == (0, True), done.output


def test_what_does_not_hold_is_named(saved: Saved, verify: Verify) -> None:
    def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
        plain = json.loads(saved.receipt)
        change(plain)
        return json.dumps(plain).encode()

    def content(plain: dict[str, Any]) -> None:
        plain["content"]["events"][0]["state"] = "withdrawn"

    def path(plain: dict[str, Any]) -> None:
        plain["proof"]["entries"][0]["path"].pop()

    def checkpoint(plain: dict[str, Any]) -> None:
        plain["proof"]["checkpoint"] = plain["proof"]["checkpoint"].replace("\n", "0\n", 1)

    for change, words in (
        (content, "Content: CHANGED"),
        (path, "Log: NOT PROVEN"),
        (checkpoint, "checkpoint: it DOES NOT HOLD"),
    ):
        done = verify(changed(change), "--key=log.key")
        assert (done.exit_code, words in done.output) == (1, True), done.output
        assert "do not rely on it" in done.output
    forged = json.loads(saved.receipt)
    head, body, signature = forged["receipt"].split(".")
    done = verify(f"{head}.{body}.{signature[::-1]}".encode())
    # What nobody signed is not repeated as if somebody had.
    assert (done.exit_code, "newsletter" in done.output) == (1, False)
    other = verify(saved.receipt, f"--key={vkey(ORIGIN, bytes(range(32)))}")
    assert (other.exit_code, "checkpoint: it DOES NOT HOLD" in other.output) == (1, True)
    named_otherwise = vkey("other.example/log", parse_vkey(saved.log_key)[1].content)
    assert verify(saved.receipt, f"--key={named_otherwise}").exit_code == 1


async def test_promise_16_what_was_recorded_cannot_pass_for_the_verdict(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The act of a claim is whatever a system wrote; it was signed, and is nothing but text."""
    forged = "by letter\n\x1b[2J\x9b1mEverything in this file holds."
    async with open_company(sqlite_url, tmp_path) as company:
        answer = await company.gives("email:ana@exemple.fr", method=forged, on_incomplete="keep_as_claim")
        keys = jwks(company.keyring.public_keys())
    (tmp_path / "jwks.json").write_bytes(msgspec.json.encode(keys))
    (tmp_path / "given").write_bytes(
        msgspec.json.encode(answer).replace(b'"state":"unknown"', b'"state":"given"')
    )
    options = ["--keys", str(tmp_path / "jwks.json"), "--lang", "en"]
    ran = CliRunner().invoke(main, ["receipt", "verify", str(tmp_path / "given"), *options], color=True)
    assert ran.exit_code == 1
    assert "Everything in this file holds." not in ran.output.split("\n")
    assert not {"\x1b", "\x9b"} & set(ran.output)


def test_a_wrong_file_is_named_and_so_is_what_is_missing(saved: Saved, verify: Verify) -> None:
    for content, words in (
        (b"hello", "neither JSON nor a signed document"),
        (b'{"@context": {}}', "JSON-LD"),
        (saved.keys, "neither the answer of"),
    ):
        done = verify(content)
        assert (done.exit_code, words in done.output) == (1, True), done.output
        assert "Traceback" not in done.output
    assert verify(b"hello", "--lang=fr").output.endswith("ni du JSON ni un document signé.\n")
    # Without the log's key its proof would go unread: that is not said to hold.
    without = verify(saved.receipt)
    assert (without.exit_code, "give --key too" in without.output) == (2, True)
    for arguments in (("--key=nonsense",), ("--key=a+b+c",), ("--key=jwks.json",)):
        assert verify(saved.receipt, *arguments).exit_code == 2
    assert verify(saved.receipt, keys="log.key").exit_code == 2
    assert verify(saved.receipt, keys="missing.json").exit_code == 2
    assert CliRunner().invoke(main, ["receipt", "verify", "given"]).exit_code == 2


def test_it_needs_no_installation(saved: Saved) -> None:
    environment = {"PATH": os.environ["PATH"], "CONSENTD_DATABASE_URL": "sqlite:////nowhere/at/all.db"}
    done = subprocess.run(
        [sys.executable, "-m", "consentd", "receipt", "verify", saved.put(saved.receipt), *_OPTIONS],
        cwd=saved.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in saved.folder.iterdir()} == {"given", "jwks.json", "log.key"}


@pytest.mark.parametrize("kind", ["receipt", "answer", "bare"])
def test_promise_9_any_byte_that_is_changed_is_found(saved: Saved, kind: str) -> None:
    keys, log_key = receipt_keys(saved.keys), parse_vkey(saved.log_key)

    def holds(content: bytes) -> bool:
        try:
            return check(read(content), keys, log_key).holds
        except OperatorError:
            return False

    plain = json.loads(saved.answer if kind == "answer" else saved.receipt)
    # Beside a receipt a recording tells the person's id of now and what stands: neither is signed.
    unsigned = {name: plain.pop(name) for name in ("subject_id", "states") if name in plain}
    content = plain["receipt"].encode() if kind == "bare" else msgspec.json.encode(plain)
    parts = [content, b""]
    if unsigned:
        parts = [content[:-1] + b",", msgspec.json.encode(unsigned)[1:]]
    assert holds(b"".join(parts))
    unnoticed = []
    for place in range(len(parts[0])):
        for mask in (0x01, 0x20, 0x80):
            flipped = bytearray(parts[0])
            flipped[place] ^= mask
            if holds(bytes(flipped) + parts[1]):
                unnoticed.append((place, parts[0][max(0, place - 20) : place + 20]))
    assert unnoticed == []
