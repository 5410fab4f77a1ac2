"""Whoever owns the database file can change anything in it, and each change is found and located.

The tampering is done on the file itself, with every trigger dropped: what an operator with a shell can do.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.log import log_entries
from consentd.evidence.checkpoint import Checkpoint, sign
from consentd.evidence.recorder import entry_leaf
from consentd.evidence.verifier import Finding
from support.ledger import ORIGIN, Ledger, open_ledger

Tamper = Callable[[sqlite3.Connection], object]

ENTRIES = 12
"""The drawing of the keys is entry 0; entry 10 is the last in the tree, entry 11 waits."""


@pytest.fixture
async def ledger(sqlite_database: SqliteDatabase, tmp_path: Path) -> Ledger:
    ledger = await open_ledger(sqlite_database, tmp_path)
    for count in (3, 1, 6):
        await ledger.record(count)
        await ledger.sequence()
    await ledger.record()
    return ledger


async def tampered(ledger: Ledger, tmp_path: Path, tamper: Tamper) -> list[Finding]:
    raw = sqlite3.connect(tmp_path / "consentd.db", isolation_level=None)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f'DROP TRIGGER "{name}"')
    tamper(raw)
    raw.close()
    return await ledger.verify()


def run(*statements: str) -> Tamper:
    def tamper(raw: sqlite3.Connection) -> None:
        for statement in statements:
            assert raw.execute(statement).rowcount > 0, statement

    return tamper


def entry_at(raw: sqlite3.Connection, index: int) -> bytes:
    found: bytes = raw.execute("SELECT entry_id FROM log_leaves WHERE idx = ?", (index,)).fetchone()[0]
    return found


async def test_an_untouched_log_verifies(ledger: Ledger) -> None:
    assert await ledger.verify() == []


THIRD = "(SELECT entry_id FROM log_leaves WHERE idx = 3)"
ROW = f"(SELECT id FROM attempts WHERE entry_id = {THIRD} LIMIT 1)"
COPY = (
    "SELECT zeroblob(16), batch_id, subject_id, contact_point_id, purpose, channel, marketing, outcome, "
    "happened, arrived, system_id, decision_id, policy"
)
LAST_WAITING = "(SELECT entry_id FROM log_pending)"

CASES = {
    "an event edited": ("attempts", 3, run(f"UPDATE attempts SET outcome = 'failed' WHERE id = {ROW}")),
    "a boolean flipped": ("attempts", 3, run(f"UPDATE attempts SET marketing = 0 WHERE id = {ROW}")),
    "a boolean made a two": ("attempts", 3, run(f"UPDATE attempts SET marketing = 2 WHERE id = {ROW}")),
    "a number made a text": ("attempts", 3, run(f"UPDATE attempts SET happened = 'x' WHERE id = {ROW}")),
    "an id cut short": ("attempts", 3, run(f"UPDATE attempts SET batch_id = x'00' WHERE id = {ROW}")),
    "a null filled": ("attempts", 3, run(f"UPDATE attempts SET system_id = zeroblob(16) WHERE id = {ROW}")),
    "a ciphertext edited": (
        "facts",
        3,
        run(f"UPDATE facts SET sealed = x'01' WHERE entry_id = {THIRD}"),
    ),
    "an event removed": ("attempts", 3, run(f"DELETE FROM attempts WHERE id = {ROW}")),
    "an event inserted under no entry": (
        "attempts",
        None,
        run(f"INSERT INTO attempts {COPY}, zeroblob(16) FROM attempts WHERE id = {ROW}"),
    ),
    "an event inserted under a real entry": (
        "attempts",
        None,
        run(f"INSERT INTO attempts {COPY}, entry_id FROM attempts WHERE id = {ROW}"),
    ),
    "an event moved to another entry": (
        "attempts",
        3,
        run(
            f"UPDATE attempts SET entry_id = (SELECT entry_id FROM log_leaves WHERE idx = 4) WHERE id = {ROW}"
        ),
    ),
    "an event that waits edited": (
        "facts",
        None,
        run(f"UPDATE facts SET kind = 'x' WHERE entry_id = {LAST_WAITING}"),
    ),
    "an entry edited": ("log_entries", 3, run(f"UPDATE log_entries SET action = 'x' WHERE id = {THIRD}")),
    "an entry's list emptied": (
        "log_entries",
        3,
        run(f"UPDATE log_entries SET rows = '[]' WHERE id = {THIRD}"),
    ),
    "an entry's list broken": (
        "log_entries",
        3,
        run(f"UPDATE log_entries SET rows = '{{' WHERE id = {THIRD}"),
    ),
    "an entry removed": ("log_entries", 3, run(f"DELETE FROM log_entries WHERE id = {THIRD}")),
    "an entry that waits edited": (
        "log_entries",
        None,
        run(f"UPDATE log_entries SET at = at + 1 WHERE id = {LAST_WAITING}"),
    ),
    "an entry that waits removed": (
        "log_entries",
        None,
        run(f"DELETE FROM log_entries WHERE id = {LAST_WAITING}"),
    ),
    "an entry taken out of the queue": ("log_entries", None, run("DELETE FROM log_pending")),
    "an entry queued a second time": (
        "log_pending",
        None,
        run(
            "INSERT INTO log_pending (entry_id, leaf, vouched) "
            "SELECT entry_id, leaf, zeroblob(32) FROM log_leaves WHERE idx = 3"
        ),
    ),
    "an entry inserted": (
        "log_entries",
        None,
        run(
            "INSERT INTO log_entries (id, action, at, actor_kind, rows) "
            "VALUES (zeroblob(16), 'x', 1, 'service', '[]')"
        ),
    ),
    "a leaf edited": ("log_entries", 3, run("UPDATE log_leaves SET leaf = zeroblob(32) WHERE idx = 3")),
    "a leaf of another shape": ("log_entries", 3, run("UPDATE log_leaves SET leaf = 'x' WHERE idx = 3")),
    "a leaf removed": ("log_leaves", 3, run("DELETE FROM log_leaves WHERE idx = 3")),
    "a leaf and its entry removed": (
        "log_leaves",
        3,
        run(f"DELETE FROM log_entries WHERE id = {THIRD}", "DELETE FROM log_leaves WHERE idx = 3"),
    ),
    "a leaf inserted before": (
        "log_leaves",
        None,
        run("INSERT INTO log_leaves VALUES (-1, zeroblob(16), zeroblob(32))"),
    ),
    "a leaf inserted after": (
        "log_entries",
        11,
        run("INSERT INTO log_leaves VALUES (11, zeroblob(16), zeroblob(32))"),
    ),
    "two entries exchanged": (
        "log_nodes",
        2,
        run(
            "UPDATE log_leaves SET idx = -9 WHERE idx = 3",
            "UPDATE log_leaves SET idx = 3 WHERE idx = 2",
            "UPDATE log_leaves SET idx = 2 WHERE idx = -9",
        ),
    ),
    "the last two entries exchanged, over which there is no node": (
        "log_nodes",
        8,
        run(
            "UPDATE log_leaves SET idx = -9 WHERE idx = 9",
            "UPDATE log_leaves SET idx = 9 WHERE idx = 8",
            "UPDATE log_leaves SET idx = 8 WHERE idx = -9",
        ),
    ),
    "a node edited": (
        "log_nodes",
        0,
        run("UPDATE log_nodes SET hash = zeroblob(32) WHERE level = 2 AND idx = 0"),
    ),
    "a node removed": ("log_nodes", None, run("DELETE FROM log_nodes WHERE level = 1 AND idx = 2")),
    "a node inserted": ("log_nodes", None, run("INSERT INTO log_nodes VALUES (1, 5, zeroblob(32))")),
    "a node of no level": ("log_nodes", None, run("INSERT INTO log_nodes VALUES (0, 5, zeroblob(32))")),
    "a checkpoint's root edited": (
        "log_checkpoints",
        None,
        run("UPDATE log_checkpoints SET root = zeroblob(32) WHERE size = 4"),
    ),
    "a checkpoint's note edited": (
        "log_checkpoints",
        None,
        run("UPDATE log_checkpoints SET note = replace(note, 'log', 'lag') WHERE size = 4"),
    ),
    "a checkpoint put at another size": (
        "log_checkpoints",
        None,
        run("UPDATE log_checkpoints SET size = 3 WHERE size = 4"),
    ),
    "a checkpoint of more than there is": (
        "log_checkpoints",
        None,
        run("UPDATE log_checkpoints SET size = 99 WHERE size = 11"),
    ),
    "the last checkpoint removed": ("log_leaves", 5, run("DELETE FROM log_checkpoints WHERE size = 11")),
}


@pytest.mark.parametrize(("table", "index", "tamper"), CASES.values(), ids=CASES.keys())
async def test_promise_9_tampering_is_found_and_located(
    ledger: Ledger, tmp_path: Path, table: str, index: int | None, tamper: Tamper
) -> None:
    findings = await tampered(ledger, tmp_path, tamper)
    assert findings, "nothing was found"
    assert (findings[0].table, findings[0].index) == (table, index), findings


async def test_promise_9_the_finding_names_the_row(ledger: Ledger, tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "consentd.db")
    row = UUID(bytes=raw.execute(f"SELECT {ROW}").fetchone()[0])
    raw.close()
    (finding,) = await tampered(ledger, tmp_path, CASES["an event edited"][2])
    assert str(row) in str(finding)
    assert "entry 3 of the log" in str(finding)


def truncate(size: int) -> Tamper:
    """Takes the newest entries with their rows, leaves, nodes and checkpoints: the log as it was."""

    def tamper(raw: sqlite3.Connection) -> None:
        raw.execute("CREATE TEMP TABLE gone AS SELECT entry_id FROM log_leaves WHERE idx >= ?", (size,))
        raw.execute("INSERT INTO gone SELECT entry_id FROM log_pending")
        for table, column in (("attempts", "entry_id"), ("facts", "entry_id"), ("log_entries", "id")):
            raw.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT entry_id FROM gone)")
        raw.execute("DELETE FROM log_leaves WHERE idx >= ?", (size,))
        raw.execute("DELETE FROM log_pending")
        raw.execute("DELETE FROM log_checkpoints WHERE size > ?", (size,))
        raw.execute("DELETE FROM log_nodes WHERE (idx + 1) << level > ?", (size,))

    return tamper


async def test_promise_9_truncation_of_everything_newest_is_found_by_the_checkpoint_outside(
    ledger: Ledger, tmp_path: Path
) -> None:
    findings = await tampered(ledger, tmp_path, truncate(5))
    assert [finding.index for finding in findings] == [5]
    assert "outside the database" in findings[0].what
    ledger.file.unlink()
    assert await ledger.verify() == []


async def test_an_older_checkpoint_outside_is_the_beginning_of_a_longer_log(ledger: Ledger) -> None:
    older = ledger.file.read_text()
    await ledger.record(2)
    await ledger.sequence()
    ledger.file.write_text(older)
    assert await ledger.verify() == []


async def test_promise_9_a_checkpoint_signed_over_other_entries_is_found(
    ledger: Ledger, tmp_path: Path
) -> None:
    """What an operator who holds the signing key could do."""
    forged = sign(Checkpoint(ORIGIN, 4, bytes(32)), ledger.keyring.signer("log"))

    def tamper(raw: sqlite3.Connection) -> None:
        raw.execute("UPDATE log_checkpoints SET root = zeroblob(32), note = ? WHERE size = 4", (forged,))

    (finding,) = await tampered(ledger, tmp_path, tamper)
    assert (finding.table, finding.row) == ("log_checkpoints", "4")


async def test_promise_9_an_entry_that_lists_anothers_row_is_found(ledger: Ledger, tmp_path: Path) -> None:
    """It would make up for a row that no entry lists."""

    def tamper(raw: sqlite3.Connection) -> None:
        (rows,) = raw.execute(f"SELECT rows FROM log_entries WHERE id = {THIRD}").fetchone()
        entry = dict.fromkeys(column.name for column in log_entries.columns)
        entry |= {"id": UUID(int=1), "action": "x", "at": 1, "actor_kind": "service", "rows": rows}
        raw.execute(
            "INSERT INTO log_entries (id, action, at, actor_kind, rows) VALUES (?, 'x', 1, 'service', ?)",
            (UUID(int=1).bytes, rows),
        )
        raw.execute(
            "INSERT INTO log_pending (entry_id, leaf, vouched) VALUES (?, ?, ?)",
            (UUID(int=1).bytes, entry_leaf(entry), ledger.keyring.vouch(entry_leaf(entry))),
        )

    findings = await tampered(ledger, tmp_path, tamper)
    assert len(findings) == 3
    assert all("names another" in finding.what for finding in findings)


async def test_promise_9_a_forged_checkpoint_outside_is_found(ledger: Ledger) -> None:
    ledger.file.write_text(ledger.file.read_text().replace("\n11\n", "\n12\n"))
    (finding,) = await ledger.verify()
    assert finding.table == "the checkpoint"


async def test_promise_9_text_that_no_driver_reads_is_a_finding_and_not_a_crash(
    ledger: Ledger, tmp_path: Path
) -> None:
    broken = run(f"UPDATE attempts SET purpose = CAST(x'ff' AS TEXT) WHERE id = {ROW}")
    (finding,) = await tampered(ledger, tmp_path, broken)
    assert "attempts" in finding.what


async def test_promise_6_what_the_fold_check_finds_is_reported(ledger: Ledger) -> None:
    bad = Finding("consent_states", "x", "is not the fold of its events")
    assert await ledger.verify(lambda connection: [bad]) == [bad]


async def test_a_log_longer_than_one_slice_verifies_and_is_searched_to_its_end(
    sqlite_database: SqliteDatabase, tmp_path: Path
) -> None:
    ledger = await open_ledger(sqlite_database, tmp_path)
    for _ in range(5):
        await ledger.record(500, rows=1)
        await ledger.sequence()
    assert await ledger.verify() == []
    edited = run(
        "UPDATE attempts SET outcome = 'x' "
        "WHERE entry_id = (SELECT entry_id FROM log_leaves WHERE idx = 2345)"
    )
    (finding,) = await tampered(ledger, tmp_path, edited)
    assert finding.index == 2345
