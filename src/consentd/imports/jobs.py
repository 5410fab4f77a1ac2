"""Files that are sent over HTTP: received, kept sealed, and told of; `working` takes them in.

Upholds promises 1 (what was acknowledged is on the disk, and is carried out) and 2 (the same file again is
the same import).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.clock import Clock
from consentd.base.i18n import Language, choose
from consentd.base.ids import new_id
from consentd.base.settings import Settings
from consentd.callers import service as callers
from consentd.callers.model import Caller
from consentd.crypto.keyring import Keyring
from consentd.crypto.spool import PeriodKeys, Spool
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.db.unit import Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.evidence.recorder import begin
from consentd.imports import jobs_store, words
from consentd.imports.report import Report
from consentd.imports.times import require_past
from consentd.imports.working import Worker
from consentd.kernel.canonical import canonical
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import NotFound, TooLarge, Unprocessable
from consentd.kernel.instants import to_datetime, to_text
from consentd.policy.service import PolicyBook

LARGEST = 4 << 30
"""Bytes of one file."""
CHUNK_SECONDS = 30
"""How long the next piece of a file may take to arrive."""


class ImportTold(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    state: str
    """`waiting`, `running`, `done`, `refused` (the file as a whole) or `failed` (tried too often)."""
    layout: str | None
    exported_at: str
    dry_run: bool
    rows: int | None
    """Null until the file was looked through."""
    position: int
    """Rows that are through."""
    accepted: int
    refused: int
    reason: str | None
    """Why the file was refused as a whole."""
    created_at: str
    finished_at: str | None
    report: Report | None


class Asked(msgspec.Struct, frozen=True):
    """How a file is to be read."""

    layout: str | None
    exported_at: str
    """Empty: on the day it was sent, where the system is."""
    dry_run: bool
    language: Language


class Imports:
    """`wake`: the log need not wait for the clock once something was recorded."""

    def __init__(
        self,
        settings: Settings,
        database: SqliteDatabase | PostgresDatabase,
        keyring: Keyring,
        policies: PolicyBook,
        clock: Clock,
    ) -> None:
        self._folder = settings.data_dir / "imports"
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._clock = clock
        self._woken = asyncio.Event()
        self.worker = Worker(self._folder, database, keyring, policies, clock, self._woken)

    async def receive(
        self, caller: Caller, chunks: AsyncIterator[bytes], asked: Asked
    ) -> tuple[int, ImportTold]:
        """Status and answer: 202, or 200 for a file that was sent before.

        Raises Unprocessable where the policy has no layouts for this system, or the time is none.
        """
        asked, layouts = await self._admitted(caller, asked)
        id_ = new_id()
        spool, digest, size = self._spool(id_), hashlib.sha256(), 0
        with await asyncio.to_thread(spool.writing) as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise TooLarge("body_too_large", f"The file is larger than {LARGEST} bytes. Split it.")
                digest.update(chunk)
                await asyncio.to_thread(file.add, chunk)
        # Read by other layouts it is another import: what was not read before may be now.
        told = canonical([digest.hexdigest(), msgspec.to_builtins(asked), layouts])
        number = self._keyring.digest("import-file", told)
        earlier = await self._database.read(lambda c: jobs_store.by_digest(c, caller.system_id, number))
        again = earlier is not None and _begins_again(earlier)
        try:
            if earlier is not None and again:
                # Before its row says that it waits: whoever takes it in finds the file there.
                await asyncio.to_thread(self._move, spool, self._spool(earlier["id"]))
            known, row = await self._database.change(
                lambda unit: self._noted(unit, caller, asked, id_, number, size, again=again)
            )
        except BaseException:
            spool.remove()
            raise
        if row["id"] != id_:
            spool.remove()
        self._woken.set()
        return (200 if known else 202), self._told(row)

    async def _admitted(self, caller: Caller, asked: Asked) -> tuple[Asked, str]:
        """What is asked, with the day where it names no time, and a digest of the layouts in force."""

        def read(connection: Any) -> CompiledPolicy:
            callers.assert_live(connection, caller)
            return self._policies.active(connection)

        policy = (await self._database.read(read)).policy
        system = policy.systems.get(caller.name)
        if system is None or not system.imports:
            raise _wrong("not_importable", "The policy does not say how this system’s exports are read.")
        if asked.layout is not None and asked.layout not in system.imports:
            known = ", ".join(sorted(system.imports))
            raise _wrong("not_importable", f"This system has no export of that name. It has: {known}.")
        zone, now = ZoneInfo(system.zone), self._clock()
        asked = msgspec.structs.replace(
            asked, exported_at=asked.exported_at or to_datetime(now, zone).date().isoformat()
        )
        try:
            require_past(asked.exported_at, zone, now)
        except ValueError as reason:
            raise _wrong("invalid_time", str(reason)) from None
        layouts = msgspec.json.encode(system.imports, order="deterministic")
        return asked, hashlib.sha256(layouts).hexdigest()

    def _noted(
        self,
        unit: Unit,
        caller: Caller,
        asked: Asked,
        id_: UUID,
        digest: bytes,
        size: int,
        *,
        again: bool,
    ) -> tuple[bool, Any]:
        """Whether the file is known and needs not be kept again, and its row. `again`: the file of one that
        is over lies there once more.
        """
        row = jobs_store.by_digest(unit.connection, caller.system_id, digest)
        if row is not None and again and _begins_again(row):
            jobs_store.begin_again(unit, row["id"], {"secret_id": caller.secret_id})
            return False, jobs_store.by_id(unit.connection, row["id"])
        if row is not None:
            if row["state"] == "waiting":
                # Its secret may have been replaced since.
                jobs_store.change(unit, row["id"], {"secret_id": caller.secret_id})
            return True, row
        actor = Actor(ActorKind.SYSTEM, caller.system_id)
        entry = begin(unit, self._keyring, action="import.received", actor=actor, key=self._keyring.audit())
        entry.close({"import": str(id_), "layout": asked.layout, "dry_run": asked.dry_run, "size": size})
        jobs_store.add(
            unit,
            {
                "id": id_,
                "system_id": caller.system_id,
                "secret_id": caller.secret_id,
                "digest": digest,
                **msgspec.structs.asdict(asked),
                "state": "waiting",
                "size": size,
                "position": 0,
                "accepted": 0,
                "refused": 0,
                "attempts": 0,
                "next_at": unit.now,
                "created_at": unit.now,
            },
        )
        return False, jobs_store.by_id(unit.connection, id_)

    @staticmethod
    def _move(there: Spool, here: Spool) -> None:
        with there.open("rb") as source, here.writing() as target:
            while piece := source.read(1 << 20):
                target.add(piece)
        there.remove()

    async def tell(self, caller: Caller, id_: UUID) -> ImportTold:
        """Raises NotFound, for another system's alike (promise 13)."""

        def read(connection: Any) -> Any:
            callers.assert_live(connection, caller)
            return jobs_store.by_id(connection, id_)

        row = await self._database.read(read)
        if row is None or row["system_id"] != caller.system_id:
            raise NotFound("unknown_import", "This system has sent no file of this number.")
        return self._told(row)

    def _told(self, row: Any) -> ImportTold:  # Any: a row
        reason = None
        if row["reason"]:
            told = msgspec.json.decode(row["reason"])
            reason = words.whole_file(told.pop("code"), told, choose(row["language"], None))
        return ImportTold(
            id=row["id"],
            state=row["state"],
            layout=row["layout"],
            exported_at=row["exported_at"],
            dry_run=row["dry_run"],
            rows=row["total"],
            position=row["position"],
            accepted=row["accepted"],
            refused=row["refused"],
            reason=reason,
            created_at=to_text(row["created_at"]),
            finished_at=to_text(row["finished_at"]) if row["finished_at"] else None,
            report=msgspec.json.decode(row["report"], type=Report) if row["report"] else None,
        )

    def _spool(self, id_: UUID) -> Spool:
        return Spool(self._folder, id_, PeriodKeys(self._keyring), "imports")


def _begins_again(row: Any) -> bool:  # Any: a row
    """A dry run tells what would be now: nothing of an earlier one counts."""
    return row["state"] in ("refused", "failed") or (row["state"] == "done" and row["dry_run"])


def _wrong(code: str, detail: str) -> Unprocessable:
    return Unprocessable(code, detail)
