"""The stop journal names nobody, loses nothing acknowledged, and shows what was done to it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from consentd.base.ids import new_id
from consentd.db.engine import open_database
from consentd.db.unit import Unit
from consentd.evidence.journal import Journal, identifier_mac, line, read, subject_mac
from consentd.kernel.errors import StorageUnavailable
from consentd.kernel.ids import EntryId, SubjectId
from consentd.kernel.instants import Instant
from support.ledger import Ledger, open_ledger

ANNA = SubjectId(new_id())


def stop(ledger: Ledger, kind: str = "withdrawn", purpose: str | None = "newsletter") -> bytes:
    return line(
        ledger.keyring,
        kind=kind,
        at=Instant(1_795_000_000_000_000),
        subject=ANNA,
        identifiers=[("phone", "+33612345678"), ("email", "anna@example.com")],
        purpose=purpose,
        channel="email",
        entry=EntryId(new_id()),
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stop-journal.jsonl"


async def test_stops_read_back_in_order(ledger: Ledger, file: Path) -> None:
    journal = Journal(file)
    journal.append([stop(ledger, "withdrawn"), stop(ledger, "objected")])
    journal.append([stop(ledger, "erased", None)])
    journal.close()
    contents = read(file, ledger.keyring)
    assert [one.kind for one in contents.stops] == ["withdrawn", "objected", "erased"]
    assert (contents.damaged, contents.torn) == ((), False)
    assert contents.stops[0].subject == subject_mac(ledger.keyring, ANNA)
    assert ("email", identifier_mac(ledger.keyring, "email", "anna@example.com")) in contents.stops[
        0
    ].identifiers
    assert file.stat().st_mode & 0o777 == 0o600


async def test_promise_18_the_journal_names_nobody(ledger: Ledger) -> None:
    content = stop(ledger)
    for secret in (b"anna", b"612345678", ANNA.hex.encode(), str(ANNA).encode()):
        assert secret not in content


async def test_promise_9_an_edited_line_is_found_and_the_others_still_count(
    ledger: Ledger, file: Path
) -> None:
    good = stop(ledger)
    changed: dict[str, Any] = json.loads(good)
    edits = [
        json.dumps({**changed, "purpose": "calls"}, sort_keys=True, separators=(",", ":")).encode() + b"\n",
        good.replace(b'"v":1', b'"v":1 '),
        good.replace(b'"v":1', b'"v":1,"x":1'),
        good[:40] + b"\n",
        b"\n",
        b"\xff\n",
    ]
    file.write_bytes(good + b"".join(edits) + good)
    contents = read(file, ledger.keyring)
    assert len(contents.stops) == 2
    assert contents.damaged == (2, 3, 4, 5, 6, 7)


async def test_a_line_that_a_crash_cut_short_is_told_and_ended_by_the_next(
    ledger: Ledger, file: Path
) -> None:
    Journal(file).append([stop(ledger), stop(ledger)[:50]])
    torn = read(file, ledger.keyring)
    assert (len(torn.stops), torn.damaged, torn.torn) == (1, (), True)
    Journal(file).append([stop(ledger)])
    after = read(file, ledger.keyring)
    assert (len(after.stops), after.damaged, after.torn) == (2, (2,), False)


async def test_a_journal_that_is_not_there_is_empty(ledger: Ledger, file: Path) -> None:
    assert read(file, ledger.keyring).stops == ()


async def test_a_kind_that_no_restore_would_know_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="lifted"):
        stop(ledger, "lifted")


async def test_promise_1_a_stop_is_synced_to_the_journal_before_it_is_acknowledged(
    sqlite_url: str, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (sync(handle), synced.append(handle))[0])
    database = open_database(sqlite_url, clock=lambda: Instant(1), journal=Journal(file).append)
    await database.open()
    ledger = await open_ledger(database, tmp_path)

    def withdraw(unit: Unit) -> None:
        ledger.entry(unit)
        unit.stops.append(stop(ledger))

    await database.change(withdraw)
    assert len(synced) >= 2, "the file, and the directory that it was made in"
    assert len(read(file, ledger.keyring).stops) == 1
    await database.close()


async def test_what_cannot_be_journaled_is_not_acknowledged(ledger: Ledger, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "missing" / "journal")
    with pytest.raises(OSError, match="missing"):
        journal.append([stop(ledger)])


async def test_a_short_write_is_an_error(ledger: Ledger, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    journal = Journal(file)
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, content: write(handle, content[:30]))
        with pytest.raises(StorageUnavailable):
            journal.append([stop(ledger)])
    journal.append([stop(ledger)])
    contents = read(file, ledger.keyring)
    assert (len(contents.stops), contents.damaged) == (1, (1,))
