"""A bundle proves the log to whoever has it; whatever a forger does to one is found and named."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentd.db.engine import open_database
from consentd.db.sqlite import SqliteDatabase
from consentd.evidence import checkpoint
from consentd.evidence.bundle import layout
from consentd.evidence.checkpoint import Checkpoint, sign
from consentd.evidence.merkle import EMPTY_ROOT
from consentd.kernel.errors import NotFound
from support.bundles import Files, Forge, exported, files_of, forged, found, lines, live, part, verified
from support.ledger import ORIGIN, Ledger, open_ledger

DAY = 86_400_000_000


@pytest.fixture
async def lived(sqlite_database: SqliteDatabase, tmp_path: Path) -> Ledger:
    """The keys are entry 0; 1 to 3 are changes; 4 to 8 are about people; one more waits."""
    ledger = await open_ledger(sqlite_database, tmp_path)
    await ledger.record(3)
    await live(ledger)
    await ledger.sequence()
    await ledger.record()
    return ledger


async def test_promise_9_an_untouched_bundle_verifies(ledger: Ledger) -> None:
    """On both databases (promise 7)."""
    await ledger.record(3)
    await live(ledger)
    await ledger.sequence()
    await ledger.record(2)
    result = verified(await exported(ledger))
    assert result.findings == []
    assert (result.size, result.waiting, result.origin, result.checkpoints) == (9, 2, ORIGIN, 1)
    # Three rows of each change, and of the three people what is left of them.
    assert result.rows == 5 * 3 + 3 + 2


async def test_promise_7_both_databases_write_the_same_lines(ledger: Ledger) -> None:
    await ledger.record()
    await ledger.sequence()
    files = files_of(await exported(ledger))
    for line in lines(files):
        told = json.loads(line)
        assert json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == line
        values = told["row"].values()
        assert all(value is None or isinstance(value, str | int) for value in values)
    assert [json.loads(line)["table"] for line in lines(files)][2:] == ["attempts", "attempts", "facts"]


async def test_one_snapshot_gives_the_same_bytes(lived: Ledger) -> None:
    assert await exported(lived) == await exported(lived)


async def test_an_empty_log_cannot_be_exported(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="nothing to export"):
        await exported(ledger)


async def test_a_bundle_is_whole_while_others_write(ledger: Ledger) -> None:
    await ledger.record()
    await ledger.sequence()
    writing = asyncio.create_task(_write(ledger))
    sizes = []
    while not writing.done():
        result = verified(await exported(ledger))
        assert result.findings == []
        sizes.append(result.size + result.waiting)
    await writing
    assert sizes == sorted(sizes)


async def _write(ledger: Ledger) -> None:
    for _ in range(6):
        await live(ledger)
        await ledger.record(2)
        await ledger.sequence()


async def test_parts_end_after_so_many_entries_or_bytes(
    lived: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "PART_ENTRIES", 4)
    bundle = await exported(lived)
    parts = [name for name in files_of(bundle) if name.startswith("entries/")]
    assert parts == [layout.part_name(first) for first in (0, 4, 8)]
    assert found(bundle) == []
    monkeypatch.setattr(layout, "PART_BYTES", 1)
    bundle = await exported(lived)
    assert len([name for name in files_of(bundle) if name.startswith("entries/")]) == 9
    assert found(bundle) == []


@pytest.fixture
async def daily(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    """Three days with two checkpoints each, over 2, 3, 4, 5, 6 and 7 entries."""
    at = DAY * 20_000

    def clock() -> int:
        return at

    database = open_database(sqlite_url, clock=clock)
    await database.open()
    ledger = await open_ledger(database, tmp_path)
    for _ in range(3):
        for _ in range(2):
            await ledger.record()
            await ledger.sequence()
            at += 1_000_000
        at += DAY
    yield ledger
    await database.close()


async def test_the_last_checkpoint_of_each_day_is_held_against_the_tree(daily: Ledger) -> None:
    bundle = await exported(daily)
    assert [name for name in files_of(bundle) if "checkpoint" in name] == [
        "checkpoint",
        layout.checkpoint_name(3),
        layout.checkpoint_name(5),
    ]
    result = verified(bundle)
    assert (result.findings, result.checkpoints) == ([], 3)

    def forked(files: Files) -> None:
        note = sign(Checkpoint(ORIGIN, 5, bytes(32)), daily.keyring.signer("log"))
        files[layout.checkpoint_name(5)] = note.encode()

    assert found(forged(bundle, forked)) == [
        "checkpoints/000000000005 as a whole (entry 4 of the log): was signed over other entries than these"
    ]


# --- what forgers do


def at(index: int) -> int:
    """The line of an entry among the first four, whose rows are three each."""
    return 0 if index == 0 else 1 + 4 * (index - 1)


def put(number: int, line: bytes | None, *, instead: int = 1) -> Forge:
    def forge(files: Files) -> None:
        found = lines(files)
        found[number : number + instead] = [] if line is None else [line]
        files[part(files)] = b"".join(one + b"\n" for one in found)

    return forge


def change(number: int, old: bytes, new: bytes) -> Forge:
    def forge(files: Files) -> None:
        line = lines(files)[number]
        assert old in line
        put(number, line.replace(old, new, 1))(files)

    return forge


def twice(number: int) -> Forge:
    return lambda files: put(number, lines(files)[number], instead=0)(files)


def swapped(files: Files) -> None:
    found = lines(files)
    one, two = found[at(1) : at(2)], found[at(2) : at(3)]
    found[at(1) : at(3)] = two + one
    files[part(files)] = b"".join(line + b"\n" for line in found)


def truncated(files: Files) -> None:
    found = lines(files)
    last = max(number for number, line in enumerate(found) if line.endswith(b'"table":"log_entries"}'))
    files[part(files)] = b"".join(line + b"\n" for line in found[:last])


def manifest(old: bytes, new: bytes) -> Forge:
    def forge(files: Files) -> None:
        assert old in files[layout.MANIFEST]
        files[layout.MANIFEST] = files[layout.MANIFEST].replace(old, new, 1)

    return forge


def cut(name: str) -> Forge:
    def forge(files: Files) -> None:
        files[name] = files[name][:-1]

    return forge


def renamed(files: Files) -> None:
    content = dict(files)
    name = part(files)
    files.clear()
    for one, value in content.items():
        files[layout.part_name(1) if one == name else one] = value


ROOT_MOVED = "checkpoint as a whole (entry 8 of the log): was signed over other entries than these"
NESTED = b'{"row":{"a":' + b"[" * 100_000 + b',"table":"log_entries"}'

FORGERIES = {
    "a row edited": (change(at(2) + 1, b'"sent"', b'"none"'), "attempts ", "is not what entry"),
    "a ciphertext edited": (
        change(at(2) + 3, b'"sealed":"00', b'"sealed":"01'),
        "facts ",
        "is not what entry",
    ),
    "a row removed": (put(at(2) + 1, None), "attempts ", "is missing, but entry"),
    "a row doubled": (twice(at(2) + 1), "attempts ", "is missing, but entry"),
    "a row more after an entry": (twice(at(3) + 3), "entries/000000000000.jsonl line 14", "is no row that"),
    "a row before the first entry": (
        put(0, b'{"row":{},"table":"facts"}', instead=0),
        "entries/000000000000.jsonl line 1",
        "is no row that",
    ),
    "an empty line": (put(1, b"", instead=0), "entries/000000000000.jsonl line 2", "is no row that"),
    "an entry edited": (change(at(2), b'"service"', b'"subject"'), ROOT_MOVED, ""),
    "an entry's rows emptied": (
        put(0, b'{"row":{"rows":"[]"},"table":"log_entries"}'),
        "entries/",
        "which rows",
    ),
    "an entry that cannot be read": (put(0, NESTED), "entries/000000000000.jsonl line 1", "which rows"),
    "an entry and its rows removed": (
        put(at(2), None, instead=4),
        "checkpoint",
        "is over 9 entries; the bundle has 8",
    ),
    "an entry doubled": (twice(0), "log_entries 9", "as the checkpoint is over 9 entries"),
    "entries swapped": (swapped, ROOT_MOVED, ""),
    "the last entry removed": (truncated, "", "is over 9 entries; the bundle has 8"),
    "the last line cut": (
        cut("entries/000000000000.jsonl"),
        "entries/000000000000.jsonl line",
        "does not end",
    ),
    "a part renamed": (renamed, "entries/000000000001.jsonl as a whole", "begins at entry 1, but 0 is next"),
    "another origin": (manifest(ORIGIN.encode(), b"consent.example/lag"), "log.key", "is of another log"),
    "another size": (manifest(b'"size":9,"waiting"', b'"size":8,"waiting"'), "manifest.json size", ""),
    "another count waiting": (manifest(b'"waiting":1', b'"waiting":2'), "manifest.json waiting", ""),
    "another count of rows": (manifest(b'"facts":4', b'"facts":5'), "manifest.json rows", ""),
    "other kept tables": (manifest(b'"subjects"],', b'"subjectz"],'), "manifest.json kept", ""),
    "a checkpoint cut": (cut("checkpoint"), "checkpoint as a whole", "no signatures"),
    "a key cut": (cut("log.key"), "log.key as a whole", "does not end"),
    "a waiting entry cut": (cut("waiting.jsonl"), "waiting.jsonl line", "does not end"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_promise_9_whatever_is_forged_is_found_and_located(lived: Ledger, name: str) -> None:
    forge, place, what = FORGERIES[name]
    bundle = forged(await exported(lived), forge)
    named = found(bundle)
    assert any(one.startswith(place) and what in one for one in named), named


async def test_promise_9_a_row_that_may_change_cannot_be_left_out_or_put_back(lived: Ledger) -> None:
    bundle = await exported(lived)
    rows = lines(files_of(bundle))
    states = [number for number, line in enumerate(rows) if line.endswith(b'"table":"fact_states"}')]
    named = found(forged(bundle, put(states[0], None)))
    assert [one for one in named if one.startswith("fact_states ") and "no entry after" in one]
    named = found(forged(bundle, change(states[0], b'"sealed":"01', b'"sealed":"03')))
    assert [one for one in named if one.startswith("fact_states ") and "is not what entry" in one]

    # As it was before it was changed: that is what an older entry lists.
    second = json.loads(rows[states[1]])
    number = next(n for n, line in enumerate(rows) if second["row"]["subject_id"].encode() in line)
    older = {
        **second["row"],
        "entry_id": json.loads(rows[number])["row"]["id"],
        "sealed": b"\x01 first".hex(),
    }
    line = json.dumps({"row": older, "table": "fact_states"}, sort_keys=True, separators=(",", ":")).encode()
    at_line = number + 2  # after the entry and the person's own row

    def put_back(files: Files) -> None:
        put(states[1], None)(files)
        put(at_line, line, instead=0)(files)

    named = found(forged(bundle, put_back))
    assert [one for one in named if one.startswith("fact_states ") and "is as it was before entry" in one], (
        named
    )


async def test_a_bundle_under_another_key_verifies_only_by_itself(lived: Ledger, tmp_path: Path) -> None:
    """Who makes up a whole log signs it with a key of their own: the reader must know the right one."""
    bundle = await exported(lived)
    right = checkpoint.vkey(ORIGIN, lived.keyring.signer("log").public)
    assert verified(bundle).keys == (right,)
    assert verified(bundle, keys=[right]).findings == []
    other = checkpoint.vkey(ORIGIN, bytes(range(32)))
    assert "does not bear this log's signature" in str(verified(bundle, keys=[other]).findings[0])
    elsewhere = checkpoint.vkey("other.example/log", lived.keyring.signer("log").public)
    for bad in (elsewhere, "no key", "a b+00000000+AAAA", ""):
        (named,) = verified(bundle, keys=[bad]).findings
        assert named.table == "the key given"


async def test_promise_9_a_checkpoint_that_was_kept_holds_the_operator_to_it(lived: Ledger) -> None:
    kept = lived.file.read_text()
    await lived.sequence()
    bundle = await exported(lived)
    result = verified(bundle, kept=kept)
    assert (result.findings, result.checkpoints) == ([], 2)
    signer = lived.keyring.signer("log")
    assert found(bundle, kept=sign(Checkpoint(ORIGIN, 0, EMPTY_ROOT), signer)) == []

    forked = found(bundle, kept=sign(Checkpoint(ORIGIN, 5, bytes(32)), signer))
    assert forked == [
        "the checkpoint kept earlier as a whole (entry 4 of the log): was signed over other entries than "
        "these"
    ]
    (newer,) = found(bundle, kept=sign(Checkpoint(ORIGIN, 99, bytes(32)), signer))
    assert "is over 99 entries, and this bundle holds 10" in newer
    (stranger,) = found(bundle, kept=sign(Checkpoint("other.example/log", 5, bytes(32)), signer))
    assert "it is of another log" in stranger


async def test_no_content_leaves_in_clear(lived: Ledger) -> None:
    """Ciphertext stays ciphertext: sealed columns are what they are in the database."""
    for line in lines(files_of(await exported(lived))):
        row = json.loads(line)["row"]
        if row.get("sealed") is not None:
            assert bytes.fromhex(row["sealed"])
