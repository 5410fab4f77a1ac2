"""Bundles and proofs at the command line: written by the operator, verified by whoever has the file."""

import base64
import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from consentd.evidence.checkpoint import vkey
from consentd.evidence.merkle import verify_inclusion
from support.bundles import packed
from support.installation import Installation, Ran


@pytest.fixture
def bundle(installation: Installation, tmp_path: Path) -> Path:
    path = tmp_path / "bundle.zip"
    made = installation.run("audit", "export", "--out", str(path))
    assert (made.code, made.err) == (0, "")
    assert f"consentd audit verify {path}" in made.out
    return path


@pytest.fixture
def stranger(tmp_path: Path) -> Installation:
    """Somebody who has nothing but the file: no tables, no keys."""
    return Installation(tmp_path / "nothing" / "here")


def verify(stranger: Installation, *arguments: object) -> Ran:
    ran = stranger.run("audit", "verify", *map(str, arguments))
    assert "Traceback" not in ran.err
    assert not stranger.folder.exists()
    return ran


def test_promise_9_a_bundle_is_verified_without_database_or_keys(
    installation: Installation, bundle: Path, stranger: Installation, tmp_path: Path
) -> None:
    clean = verify(stranger, bundle)
    assert (clean.code, clean.err) == (0, "")
    assert "nothing was changed, added or removed" in clean.out
    assert "The key is the bundle's own" in clean.out
    told = verify(stranger, bundle, "--json").json
    assert (told["valid"], told["findings"], told["waiting"]) == (True, [], 0)
    assert told["size"] == len(installation.entries())

    key = tmp_path / "log.key"
    key.write_text(told["keys"][0] + "\n")
    kept = installation.folder / "checkpoint"
    anchored = verify(stranger, bundle, "--key", key, "--checkpoint", kept)
    assert (anchored.code, "bundle's own" in anchored.out) == (0, False)
    again = tmp_path / "again.zip"
    assert installation.run("audit", "export", "--out", str(again)).code == 0
    assert verify(stranger, again, "--checkpoint", kept).code == 0
    # The older bundle cannot speak for what came later.
    late = verify(stranger, bundle, "--checkpoint", kept)
    assert (late.code, "ask for a newer one" in late.out) == (1, True)


def test_promise_8_an_export_stands_in_the_bundle_that_it_made(
    installation: Installation, bundle: Path, tmp_path: Path
) -> None:
    assert installation.entries()[-1] == "log.exported"
    assert b'"action":"log.exported"' in bundle.read_bytes()
    assert bundle.stat().st_mode & 0o777 == 0o600
    over = installation.run("audit", "export", "--out", str(bundle))
    assert (over.code, "exists; nothing is written over" in over.err) == (1, True)
    nowhere = installation.run("audit", "export", "--out", str(tmp_path / "no" / "where.zip"))
    assert (nowhere.code, "cannot be written" in nowhere.err) == (1, True)
    # What cannot be recorded is not handed out.
    with sqlite3.connect(installation.folder / "consentd.db") as raw:
        raw.execute("CREATE TRIGGER full BEFORE INSERT ON log_pending BEGIN SELECT RAISE(ABORT, 'no'); END")
    raw.close()
    refused = installation.run("audit", "export", "--out", str(tmp_path / "refused.zip"))
    assert refused.code == 1
    assert [path.name for path in tmp_path.glob("*refused*")] == []


def test_a_name_as_long_as_names_may_be_is_one_and_a_longer_one_leaves_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    longest = tmp_path / ("b" * 251 + ".zip")
    made = installation.run("audit", "export", "--out", str(longest))
    assert (made.code, made.err) == (0, "")
    longer = installation.run("audit", "export", "--out", str(tmp_path / ("c" * 252 + ".zip")))
    assert (longer.code, "cannot be written: File name too long" in longer.err) == (1, True)
    assert list(tmp_path.glob("*b.zip")) + list(tmp_path.glob(".*")) == [longest]
    assert not list(tmp_path.glob("c*"))


def test_what_is_wrong_with_a_bundle_is_named_and_what_is_none_is_said(
    bundle: Path, stranger: Installation, tmp_path: Path
) -> None:
    content = bytearray(bundle.read_bytes())
    content[content.index(b'"action":"') + 12] ^= 1
    touched = tmp_path / "touched.zip"
    touched.write_bytes(content)
    found = verify(stranger, touched)
    assert (found.code, "entries/000000000000.jsonl" in found.out) == (1, True)
    told = verify(stranger, touched, "--json")
    assert (told.code, told.json["valid"]) == (1, False)

    picture = tmp_path / "picture.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    wrong = verify(stranger, picture)
    assert (wrong.code, "does not begin as a bundle does; is it one?" in wrong.out) == (1, True)
    for path in (tmp_path / "none.zip", tmp_path):
        ran = verify(stranger, path)
        assert (ran.code, "cannot be read" in ran.err) == (2, True)
    ran = verify(stranger, bundle, "--checkpoint", picture)
    assert (ran.code, "neither a checkpoint nor a key" in ran.err) == (2, True)
    assert verify(stranger, "--checkpoint", bundle).code == 2


def test_what_to_do_about_a_bundle_is_said_in_the_readers_language(
    bundle: Path, stranger: Installation, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    key = tmp_path / "log.key"
    key.write_text(vkey("other.example/log", bytes(range(32))) + "\n")
    for arguments, french, english in (
        ((empty,), "Donnez le fichier qu’a écrit", "Give the file that"),
        ((bundle, "--key", key), "n’a pas signé cette archive", "did not sign this bundle"),
        ((bundle, "--checkpoint", empty), "ne va pas avec cette archive", "does not go with this bundle"),
    ):
        for language, verdict, words in (("fr", "NE TIENT PAS", french), ("en", "DOES NOT HOLD", english)):
            told = verify(stranger, *arguments, "--lang", language)
            assert (told.code, verdict in told.out, words in told.out) == (1, True, True), told.out
    good = verify(stranger, bundle, "--lang", "fr")
    assert (good.code, "rien n’a été changé, ajouté ni retiré" in good.out) == (0, True)


def test_a_hostile_bundle_cannot_play_with_the_terminal(stranger: Installation, tmp_path: Path) -> None:
    files = dict.fromkeys(("log.key", "checkpoint", "waiting.jsonl"), b"")
    told: dict[str, object] = {
        "format": "consentd-audit-bundle/1",
        "origin": "\x1b[2J",
        "size": 0,
        "waiting": 0,
    }
    told |= {"rows": {}, "kept": [], "files": []}
    files["log.key"] = b"a+00000000+" + base64.b64encode(bytes(33)) + b"\n"
    files["manifest.json"] = json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    path = tmp_path / "hostile.zip"
    path.write_bytes(packed(files))
    ran = verify(stranger, path)
    assert (ran.code, "\x1b" in ran.out) == (1, False)


def test_promise_8_a_proof_holds_the_entry_and_is_recorded(
    installation: Installation, tmp_path: Path
) -> None:
    with sqlite3.connect(installation.folder / "consentd.db") as raw:
        (entry,) = raw.execute("SELECT hex(id) FROM log_entries ORDER BY id LIMIT 1 OFFSET 1").fetchone()
    raw.close()
    path = tmp_path / "entry.tlog-proof"
    ran = installation.run("audit", "proof", entry.lower(), "--out", str(path))
    assert (ran.code, ran.err) == (0, "")
    assert installation.entries()[-1] == "log.proven"

    head, _, note = path.read_text().partition("\n\n")
    form, extra, index, *hashes = head.split("\n")
    assert (form, index) == ("c2sp.org/tlog-proof@v1", "index 1")
    content = base64.b64decode(extra.removeprefix("extra "))
    assert json.loads(content)["row"]["id"].replace("-", "") == entry.lower()
    leaf = hashlib.sha256(b"\x00" + content).digest()
    _, size, root = note.split("\n")[:3]
    siblings = [base64.b64decode(one) for one in hashes]
    assert verify_inclusion(leaf, 1, int(size), siblings, base64.b64decode(root))

    again = installation.run("audit", "proof", entry.lower(), "--out", str(path))
    assert (again.code, "exists" in again.err) == (1, True)
    unknown = installation.run("audit", "proof", "0" * 32, "--out", str(tmp_path / "unknown"))
    assert (unknown.code, "no such entry" in unknown.err) == (1, True)
    assert not (tmp_path / "unknown").exists()
    assert installation.entries().count("log.proven") == 1
