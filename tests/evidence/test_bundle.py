"""A bundle proves the log to whoever has it; whatever a forger does to one is found and named."""

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentd.db.engine import open_database
from consentd.db.postgres import PostgresDatabase
from consentd.evidence import checkpoint
from consentd.evidence.bundle import layout
from consentd.evidence.bundle.service import export_to
from consentd.evidence.checkpoint import Checkpoint, sign
from consentd.evidence.merkle import EMPTY_ROOT
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import NotFound, OperatorError
from support.bundles import Files, exported, files_of, forged, found, lines, live, verified
from support.ledger import ORIGIN, Ledger, open_ledger

DAY = 86_400_000_000


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


async def test_a_file_that_cannot_be_written_to_its_end_is_none_and_is_named(
    postgres_database: PostgresDatabase, tmp_path: Path
) -> None:
    """Where the database is elsewhere, a limit on files is a full disk."""
    ledger = await open_ledger(postgres_database, tmp_path)
    await ledger.record(20)
    path, limits = tmp_path / "bundle.zip", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(OperatorError, match=r"bundle\.zip cannot be written: File too large"):
            await export_to(path, ledger.database, ledger.keyring, ORIGIN, OPERATOR, ledger.sequence)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [one.name for one in tmp_path.iterdir()] == ["checkpoint"]


async def test_no_content_leaves_in_clear(lived: Ledger) -> None:
    """Ciphertext stays ciphertext: sealed columns are what they are in the database."""
    for line in lines(files_of(await exported(lived))):
        row = json.loads(line)["row"]
        if row.get("sealed") is not None:
            assert bytes.fromhex(row["sealed"])
