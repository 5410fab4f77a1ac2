"""What the log costs, on SQLite in a temporary folder: `python bench/evidence.py`."""

import asyncio
import tempfile
import time
from pathlib import Path

from consentd.base.clock import now
from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring, create_keyring
from consentd.crypto.root import root_key
from consentd.db.migrate import migrate
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.consent import attempts
from consentd.db.unit import Unit
from consentd.evidence.model import SERVICE
from consentd.evidence.recorder import begin
from consentd.evidence.runner import Sequencer
from consentd.evidence.verifier import verify

ORIGIN = "bench.example/log"
ENTRIES = 20_000


def prepare(unit: Unit) -> Keyring:
    keyring = create_keyring(unit, root_key(bytes(32)))
    begin(unit, keyring, action="keys.created", actor=SERVICE, key=keyring.audit()).close()
    return keyring


def record(unit: Unit, keyring: Keyring, count: int, rows: int) -> float:
    """Processor seconds: what the machine does besides does not count."""
    start = time.thread_time()
    for _ in range(count):
        entry = begin(unit, keyring, action="bench", actor=SERVICE, key=keyring.audit(), subject_id=None)
        for _ in range(rows):
            entry.insert(
                attempts,
                {
                    "id": new_id(),
                    "batch_id": new_id(),
                    "subject_id": new_id(),
                    "purpose": "newsletter",
                    "channel": "email",
                    "marketing": True,
                    "outcome": "sent",
                    "happened": unit.now,
                    "arrived": unit.now,
                    "policy": "p" * 64,
                },
            )
        entry.close({"caller": "bench", "events": 1})
    return time.thread_time() - start


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        await asyncio.to_thread(migrate, f"sqlite:///{path}")
        database = SqliteDatabase(path, clock=now)
        await database.open()
        keyring = await database.change(prepare)
        for rows in (0, 1):
            await database.change(lambda unit, r=rows: record(unit, keyring, 500, r))
            took = await database.change(lambda unit, r=rows: record(unit, keyring, ENTRIES // 2, r))
            print(f"record, {rows} rows   {took / (ENTRIES // 2) * 1e6:6.0f} µs per entry")
        sequencer = Sequencer(database, keyring, ORIGIN, Path(folder) / "checkpoint")
        start = time.perf_counter()
        while await sequencer.step():
            pass
        print(f"sequence         {ENTRIES / (time.perf_counter() - start):6.0f} leaves/s")
        keys = keyring.public_keys("log")
        start = time.perf_counter()
        findings = await database.read(
            lambda connection: verify(connection, origin=ORIGIN, keys=keys, vouch=keyring.vouch)
        )
        print(f"findings         {len(findings)}")
        print(f"verify           {ENTRIES / (time.perf_counter() - start):6.0f} entries/s")
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
