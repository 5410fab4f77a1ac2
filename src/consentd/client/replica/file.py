"""The replica's file: one SQLite database, written by whole pages, synced before anything is acknowledged.

Upholds promise 1 on this side: write-ahead log and full sync, so that a kill or a power cut leaves the last
whole page and every choice that was taken in. Promise 11: what is known of a person goes in and comes out
sealed, each under its own number. Decides nothing.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from consentd.client.replica.sealing import Place, Sealer

FileError = sqlite3.Error
"""What the file raises where it cannot be read or written."""
VERSION = 1
_SLICE = 2000
_HEADER = 100
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE policies (hash TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE people (n INTEGER PRIMARY KEY AUTOINCREMENT, seen INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE ids (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE held (number INTEGER, n INTEGER, place INTEGER NOT NULL, PRIMARY KEY (number, n)) WITHOUT ROWID;
CREATE TABLE queue (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL,
    state TEXT NOT NULL, code TEXT
);
"""


def is_cut_off(path: Path) -> bool:
    """Whether a closed file is shorter than its header says (SQLite file format §1.3): SQLite would notice
    only at the pages that are missing. Raises OSError.
    """
    wal = path.with_name(path.name + "-wal")
    if not path.exists() or (wal.exists() and wal.stat().st_size):
        return False  # Not closed: what waits in the write-ahead log may lie behind the end of the file.
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER:
        return bool(head)
    page_size = int.from_bytes(head[16:18])
    pages = int.from_bytes(head[28:32])
    return path.stat().st_size < pages * (65536 if page_size == 1 else page_size)


class File:
    """Not for several threads at once: whoever uses it holds a lock. Raises FileError, and Damaged for a
    record that does not open. `sealer`: to be given before anybody is read or written.
    """

    sealer: Sealer

    def __init__(self, path: Path) -> None:
        if not path.exists():
            # Its owner alone may read it, from its first byte.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute("PRAGMA cache_size=-65536")
        with self.change():
            if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _TABLES.split(";"):
                    self._db.execute(statement)
                self._db.execute("PRAGMA user_version=" + str(VERSION))

    @property
    def version(self) -> int:
        found: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        return found

    def others_wrote(self) -> int:
        """Another number each time another process has written."""
        found: int = self._db.execute("PRAGMA data_version").fetchone()[0]
        return found

    @contextmanager
    def change(self) -> Iterator[None]:
        """All that is written inside, or nothing; synced at its end."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()

    def compact(self) -> None:
        """Gives back what pages in random order left empty."""
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- what is known of the replica itself

    def get(self, name: str) -> Any:  # Any: text, a number, bytes or None
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def put(self, name: str, value: Any) -> None:  # Any: as above
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def words(self) -> dict[str, int]:
        return {text: id_ for id_, text in self._db.execute("SELECT id, text FROM words")}

    def add_word(self, text: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO words (text) VALUES (?)", (text,))
        found: int = self._db.execute("SELECT id FROM words WHERE text = ?", (text,)).fetchone()[0]
        return found

    def policy(self, hash_: str) -> str | None:
        row = self._db.execute("SELECT document FROM policies WHERE hash = ?", (hash_,)).fetchone()
        return None if row is None else row[0]

    def put_policy(self, hash_: str, document: str) -> None:
        self._db.execute("DELETE FROM policies WHERE hash <> ?", (hash_,))
        self._db.execute("INSERT OR REPLACE INTO policies VALUES (?, ?)", (hash_, document))

    # --- people

    def n_of(self, id_: int) -> int | None:
        row = self._db.execute("SELECT n FROM ids WHERE id = ?", (id_,)).fetchone()
        return None if row is None else row[0]

    def most(self) -> int:
        """No person has a greater number."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'people'").fetchone()
        return 0 if row is None else int(row[0])

    def count(self) -> int:
        found: int = self._db.execute("SELECT count(*) FROM people").fetchone()[0]
        return found

    def record(self, n: int) -> bytes | None:
        row = self._db.execute("SELECT record FROM people WHERE n = ?", (n,)).fetchone()
        return None if row is None else self.sealer.open(row[0], _place(n))

    def records(self, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        unseal = self.sealer.open
        if len(numbers) == 1:
            found = self.record(numbers[0])
            if found is not None:
                yield numbers[0], found
            return
        select = "SELECT n, record FROM people WHERE n IN (SELECT value FROM json_each(?))"
        for some in _slices(numbers):
            for n, sealed in self._db.execute(select, (some,)).fetchall():
                yield n, unseal(sealed, _place(n))

    def put_person(self, id_: int, n: int | None, seen: int, record: bytes) -> int:
        if n is not None:
            sealed = self.sealer.seal(record, _place(n))
            self._db.execute("UPDATE people SET seen = ?, record = ? WHERE n = ?", (seen, sealed, n))
            return n
        new = self.most() + 1
        sealed = self.sealer.seal(record, _place(new))
        self._db.execute("INSERT INTO people VALUES (?, ?, ?)", (new, seen, sealed))
        self._db.execute("INSERT INTO ids VALUES (?, ?)", (id_, new))
        return new

    def drop_person(self, id_: int, n: int) -> None:
        self._db.execute("DELETE FROM people WHERE n = ?", (n,))
        self._db.execute("DELETE FROM ids WHERE id = ?", (id_,))

    def drop_unseen(self, seen: int) -> int:
        """Everybody who was not told again under the number of this beginning."""
        gone = self._db.execute("DELETE FROM people WHERE seen <> ?", (seen,)).rowcount
        if gone:
            self._db.execute("DELETE FROM ids WHERE n NOT IN (SELECT n FROM people)")
            self._db.execute("DELETE FROM held WHERE n NOT IN (SELECT n FROM people)")
        return gone

    def hold(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Number, person, place."""
        self._db.executemany("INSERT OR REPLACE INTO held VALUES (?, ?, ?)", rows)

    def release(self, rows: Iterable[tuple[int, int]]) -> None:
        self._db.executemany("DELETE FROM held WHERE number = ? AND n = ?", rows)

    def holders(self, numbers: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """Number, person, place."""
        if len(numbers) == 1:
            yield from self._db.execute(
                "SELECT number, n, place FROM held WHERE number = ?", numbers
            ).fetchall()
            return
        select = "SELECT number, n, place FROM held WHERE number IN (SELECT value FROM json_each(?))"
        for some in _slices(numbers):
            yield from self._db.execute(select, (some,)).fetchall()

    # --- choices that wait for the service

    def enqueue(self, number: str, sealed: bytes) -> None:
        insert = "INSERT INTO queue (number, sealed, state) VALUES (?, ?, 'waiting')"
        self._db.execute(insert, (number, sealed))

    def queued(self, *states: str) -> list[tuple[int, str, bytes, str, str | None]]:
        """seq, number, sealed, state, code: in the order in which they were taken in."""
        rows = self._db.execute("SELECT seq, number, sealed, state, code FROM queue ORDER BY seq").fetchall()
        return [row for row in rows if row[3] in states]

    def mark(self, seq: int, state: str, code: str | None = None) -> None:
        self._db.execute("UPDATE queue SET state = ?, code = ? WHERE seq = ?", (state, code, seq))

    def drop_queued(self, up_to: int, state: str) -> int:
        return self._db.execute("DELETE FROM queue WHERE seq <= ? AND state = ?", (up_to, state)).rowcount

    def drop_number(self, number: str) -> int:
        return self._db.execute("DELETE FROM queue WHERE number = ?", (number,)).rowcount


def _place(n: int) -> Place:
    return Place("people", str(n))


def _slices(numbers: Sequence[int]) -> Iterator[str]:
    """Lists as JSON: one text of a statement for any number of values, all of them bound."""
    for start in range(0, len(numbers), _SLICE):
        yield json.dumps(numbers[start : start + _SLICE])
