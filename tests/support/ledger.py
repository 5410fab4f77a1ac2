"""A small service around the log: keys, people, entries, a sequencer and a verifier, on a real database."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring, create_keyring
from consentd.crypto.root import root_key
from consentd.db.tables.consent import attempts
from consentd.db.tables.people import facts
from consentd.db.unit import Database, Unit
from consentd.evidence import outside
from consentd.evidence.model import OPERATOR, SERVICE
from consentd.evidence.recorder import begin
from consentd.evidence.runner import Sequencer
from consentd.evidence.verifier import Finding, verify
from consentd.kernel.ids import EntryId

ORIGIN = "consent.example/log"
Row = dict[str, str | int | bool | bytes | UUID | None]


class Ledger:
    def __init__(self, database: Database, keyring: Keyring, folder: Path) -> None:
        self.database = database
        self.keyring = keyring
        self.file = folder / "checkpoint"
        self.sequencer = self.new_sequencer()

    def new_sequencer(self, file: Path | None = None) -> Sequencer:
        return Sequencer(self.database, self.keyring, ORIGIN, file or self.file)

    async def record(self, entries: int = 1, rows: int = 2) -> list[EntryId]:
        """So many changes of so many rows each, in a unit of their own."""
        return await self.database.change(lambda unit: [self.entry(unit, rows) for _ in range(entries)])

    def entry(self, unit: Unit, rows: int = 2) -> EntryId:
        entry = begin(
            unit, self.keyring, action="test.done", actor=SERVICE, key=self.keyring.audit(), subject_id=None
        )
        entry.insert_many(attempts, [attempt(unit) for _ in range(rows)])
        entry.insert(facts, fact(unit))
        entry.close({"why": "a test"})
        return entry.id

    async def sequence(self) -> None:
        while await self.sequencer.step():
            pass

    async def verify(
        self, fold_check: Callable[[sa.Connection], list[Finding]] | None = None
    ) -> list[Finding]:
        note = outside.read(self.file)
        keys = self.keyring.public_keys("log")
        return await self.database.read(
            lambda connection: verify(
                connection,
                origin=ORIGIN,
                keys=keys,
                vouch=self.keyring.vouch,
                outside=note,
                fold_check=fold_check,
            )
        )


async def open_ledger(database: Database, folder: Path) -> Ledger:
    """Keys drawn, and the drawing recorded: entry 0."""

    def initialise(unit: Unit) -> Keyring:
        keyring = create_keyring(unit, root_key(bytes(range(32))))
        begin(unit, keyring, action="keys.created", actor=OPERATOR, key=keyring.audit()).close()
        return keyring

    return Ledger(database, await database.change(initialise), folder)


def attempt(unit: Unit) -> Row:
    return {
        "id": new_id(),
        "batch_id": new_id(),
        "subject_id": new_id(),
        "purpose": "newsletter",
        "channel": "email",
        "marketing": True,
        "outcome": "sent",
        "happened": unit.now,
        "arrived": unit.now,
        "policy": "é" * 3,
    }


def fact(unit: Unit) -> Row:
    return {
        "id": new_id(),
        "subject_id": new_id(),
        "named": "[]",
        "kind": "sale",
        "happened": unit.now,
        "arrived": unit.now,
        "batch_id": new_id(),
        "key_id": new_id(),
        "sealed": b"\x00\xff sealed",
    }
