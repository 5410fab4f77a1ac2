"""What a bundle costs: 100,000 entries recorded, exported and verified, on SQLite in a temporary folder.

`python bench/bundle.py [entries]`. Each entry lists an event; every fourth one a new person with folded
facts, which the next one changes. The last line is JSON. Aim: verifying in at most five seconds.
"""

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from consentd.base.clock import now
from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring, create_keyring
from consentd.crypto.root import root_key
from consentd.db.migrate import migrate
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.consent import consent_events
from consentd.db.tables.people import fact_states, subjects
from consentd.db.unit import Unit
from consentd.evidence.bundle.export import export
from consentd.evidence.bundle.layout import Manifest
from consentd.evidence.bundle.verify import verify
from consentd.evidence.model import SERVICE
from consentd.evidence.recorder import Entry, begin, close_all
from consentd.evidence.runner import Sequencer
from consentd.evidence.store import Connection
from consentd.kernel.ids import SubjectId

ORIGIN = "bench.example/log"
BATCH = 2000


def prepare(unit: Unit) -> Keyring:
    keyring = create_keyring(unit, root_key(bytes(32)))
    begin(unit, keyring, action="keys.created", actor=SERVICE, key=keyring.audit()).close()
    return keyring


def event(unit: Unit, subject_id: SubjectId) -> dict[str, object]:
    return {
        "id": new_id(),
        "batch_id": new_id(),
        "position": 0,
        "subject_id": subject_id,
        "named": f'["{new_id()}"]',
        "purpose": "newsletter",
        "channel": "email",
        "contact_point_id": new_id(),
        "state": "given",
        "happened": unit.now,
        "happened_last": unit.now,
        "effective": unit.now,
        "arrived": unit.now,
        "system_id": new_id(),
        "proof": "held",
        "own_act": True,
        "explicit": False,
        "parental": False,
        "notice_id": "newsletter",
        "notice_version": "3",
        "policy": "p" * 64,
        "key_id": new_id(),
        "sealed": os.urandom(160),
    }


def record(unit: Unit, keyring: Keyring, count: int) -> None:
    entries: list[tuple[Entry, object]] = []
    subject_id = SubjectId(new_id())
    for number in range(count):
        turn = number % 4
        if turn == 0:
            subject_id = SubjectId(new_id())
        entry = begin(
            unit,
            keyring,
            action="consent.recorded",
            actor=SERVICE,
            key=keyring.audit(),
            subject_id=subject_id,
        )
        entry.insert(consent_events, event(unit, subject_id))
        if turn == 0:
            person = {"id": subject_id, "group_id": subject_id, "merged": False, "created_at": unit.now}
            entry.insert(subjects, {**person, "territory": "FR", "salt": os.urandom(32)})
            entry.insert(fact_states, {"subject_id": subject_id, "sealed": os.urandom(120)})
        elif turn == 1:
            entry.update(fact_states, {"subject_id": [subject_id]}, {"sealed": os.urandom(120)})
        entries.append((entry, {"caller": "bench", "events": 1}))
    close_all(unit, entries)


async def main(entries: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(Path(folder, "bench.db"), clock=now)
        await asyncio.to_thread(migrate, f"sqlite:///{folder}/bench.db")
        await database.open()
        keyring = await database.change(prepare)
        start = time.perf_counter()
        for first in range(1, entries, BATCH):
            count = min(BATCH, entries - first)
            await database.change(lambda unit, count=count: record(unit, keyring, count))
        sequencer = Sequencer(database, keyring, ORIGIN, Path(folder, "checkpoint"))
        while await sequencer.step():
            pass
        made = time.perf_counter() - start
        path = Path(folder, "bundle.zip")
        keys = keyring.public_keys("log")

        def work(connection: Connection) -> Manifest:
            with path.open("w+b") as file:
                return export(connection, file, origin=ORIGIN, keys=keys)

        start = time.perf_counter()
        manifest = await database.read(work)
        exporting = time.perf_counter() - start
        await database.close()
        start, busy = time.perf_counter(), time.process_time()
        with path.open("rb") as file:
            found = verify(file)
        verifying, processor = time.perf_counter() - start, time.process_time() - busy
        megabytes = path.stat().st_size / 1e6
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"recorded and sequenced  {made:7.1f} s")
        print(f"exported                {exporting:7.1f} s   {megabytes:.0f} MB")
        print(
            f"verified                {verifying:7.1f} s   {found.rows} rows, {len(found.findings)} findings"
        )
        print(f"most memory             {most:7.0f} MB")
        done = {"entries": manifest.size, "rows": found.rows, "megabytes": round(megabytes, 1)}
        seconds = {"made": made, "exported": exporting, "verified": verifying, "verified_cpu": processor}
        done |= {name: round(value, 2) for name, value in seconds.items()}
        print(json.dumps({**done, "findings": len(found.findings), "memory_megabytes": round(most)}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
