"""Taking in the files that were sent: one at a time in each process, resumed after a kill.

A row of `imports` is the one place where such work has a state. Whoever holds its lease works on it, and
proves so in the unit of each batch: one that slept while another took over changes nothing.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog

from consentd.base.clock import Clock
from consentd.base.i18n import Language, choose
from consentd.base.ids import new_id
from consentd.base.rounds import Rounds
from consentd.callers import service as callers
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.crypto.spool import PeriodKeys, Spool
from consentd.db import leases
from consentd.db.leases import LostLease
from consentd.db.postgres import PostgresDatabase
from consentd.db.scratch import scratch, sweep
from consentd.db.sqlite import SqliteDatabase
from consentd.db.unit import Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.imports import jobs_store, planning
from consentd.imports.reading import WholeFileRefused
from consentd.imports.recognising import recognise
from consentd.imports.report import Report
from consentd.imports.running import Job, Read, Refused, Running, look_through
from consentd.imports.taken import Taken
from consentd.kernel.canonical import canonical
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import ConsentdError
from consentd.kernel.instants import SECOND
from consentd.policy.service import PolicyBook

UNTOUCHED_SECONDS = 3600
"""After which a file that belongs to nothing is nobody's: longer than two of its chunks lie apart."""
MOST_ATTEMPTS = 20
_IDLE_SECONDS = 5.0
_log = structlog.get_logger()


class Worker:
    """`woken`: set when a file was sent to this process. `folder` holds the sealed files."""

    def __init__(
        self,
        folder: Path,
        database: SqliteDatabase | PostgresDatabase,
        keyring: Keyring,
        policies: PolicyBook,
        clock: Clock,
        woken: asyncio.Event,
    ) -> None:
        self._folder = folder
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._clock = clock
        self._holder = new_id()
        self._rounds = Rounds("import", _IDLE_SECONDS, woken)

    async def run(self) -> None:
        """Until cancelled: takes what waits, one file at a time."""
        await self._rounds.run(self.step)

    async def step(self) -> bool:
        """Works on one file to its end; whether there was one."""
        row = await self._database.housekeep(lambda unit: jobs_store.claim(unit, self._holder))
        if row is None:
            return False
        try:
            async with self._held(row):
                await self._work(row)
        except WholeFileRefused as refused:
            await self._end(row, "refused", reason=_reason(refused))
        except LostLease:
            raise
        except BaseException as error:
            await self._later(row, error)
            raise
        return True

    def _held(self, row: Any) -> AbstractAsyncContextManager[None]:
        """Looking through a large file, or trying it out, takes longer than a lease lasts."""
        return leases.renewing(
            lambda: self._hold(row, {}),
            lambda error: _log.warning("import_lease_not_renewed", code=error.code),
        )

    async def _later(self, row: Any, error: BaseException) -> None:
        """Another try, later each time; at last it is failed, and said so."""
        attempts = row["attempts"] + 1
        wait = min(2**attempts, 300)

        def note(unit: Unit) -> None:
            failed = attempts >= MOST_ATTEMPTS and not isinstance(error, asyncio.CancelledError)
            values = {
                "state": "failed" if failed else "waiting",
                "attempts": attempts,
                "next_at": unit.now + (0 if isinstance(error, asyncio.CancelledError) else wait * SECOND),
            } | leases.RELEASED
            jobs_store.held(unit, row["id"], self._holder, values)

        with contextlib.suppress(ConsentdError):
            await self._database.housekeep(note)

    async def _work(self, row: Any) -> None:
        spool = self._spool(row["id"])
        if not spool.exists():
            raise WholeFileRefused("gone")
        compiled = await self._database.read(self._policies.active)
        caller = await self._database.read(
            lambda connection: callers.caller_of(connection, row["system_id"], row["secret_id"])
        )
        system = compiled.policy.systems.get(caller.name)
        if system is None:
            raise WholeFileRefused("no_layouts")
        caller = msgspec.structs.replace(caller, zone=system.zone)
        actor = Actor(ActorKind.SYSTEM, caller.system_id)
        recognised = await asyncio.to_thread(recognise, spool, system.imports, row["layout"])
        job = Job(spool, recognised, caller, actor, row["exported_at"])
        total = await asyncio.to_thread(look_through, job)
        await self._hold(row, {"total": total, "layout": recognised.name})
        language = choose(row["language"], None)
        if row["dry_run"]:
            async with scratch(self._database, self._folder.parent, self._clock) as tried:
                report = await planning.plan(job, tried, self._keyring, compiled, language, planning.NOWHERE)
            await self._hold(
                row,
                {"position": total, "accepted": report.rows.accepted, "refused": report.rows.refused},
            )
            await self._end(row, "done", report=report)
            return
        await self._carry_out(row, job, compiled, language)

    async def _carry_out(self, row: Any, job: Job, compiled: CompiledPolicy, language: Language) -> None:
        running = Running(job, self._keyring, compiled)
        following = await planning.follow(job, self._database, self._keyring, compiled)
        position, accepted, refused = row["position"], row["accepted"], row["refused"]
        batches = running.batches(position)
        while batch := await asyncio.to_thread(next, batches, None):
            found = await self._batch(row, running, batch, (position, accepted, refused))
            following.heard(found, planning.NOWHERE)
            gone = sum(isinstance(one, Refused) for one in found)
            position, accepted, refused = position + len(found), accepted + len(found) - gone, refused + gone
        settled = await planning.settled(running, self._database, self._keyring)
        report = await planning.reported(following, self._database, settled, language, planning.NOWHERE)
        await self._end(row, "done", report=report)

    async def _batch(
        self, row: Any, running: Running, batch: Sequence[Read], before: tuple[int, int, int]
    ) -> list[Taken | Refused]:
        """Rows, and how far the import is, in one unit: it is resumed where it was, to the row."""

        def work(unit: Unit) -> list[Taken | Refused]:
            callers.assert_live(unit.connection, running.job.caller)
            found = running.take(unit, batch)
            gone = sum(isinstance(one, Refused) for one in found)
            position, accepted, refused = before
            self._require(
                unit,
                row,
                {
                    "position": position + len(found),
                    "accepted": accepted + len(found) - gone,
                    "refused": refused + gone,
                },
            )
            return found

        return await with_fresh_keys(self._keyring, self._database, partial(self._database.change, work))

    async def _hold(self, row: Any, values: dict[str, Any]) -> None:
        await self._database.housekeep(lambda unit: self._require(unit, row, values))

    def _require(self, unit: Unit, row: Any, values: dict[str, Any]) -> None:
        """Writes to the row and renews the lease. Raises LostLease if another process has it by now."""
        if not jobs_store.held(unit, row["id"], self._holder, values | {"lease_until": leases.until(unit)}):
            raise LostLease("lost_lease", "Another process took over this import.")

    async def _end(
        self, row: Any, state: str, *, report: Report | None = None, reason: str | None = None
    ) -> None:
        def work(unit: Unit) -> None:
            self._require(
                unit,
                row,
                {
                    "state": state,
                    "reason": reason,
                    "report": canonical(report).decode() if report is not None else None,
                    "finished_at": unit.now,
                },
            )

        await self._database.housekeep(work)
        # Only then: as long as it is not done, the file is needed.
        await asyncio.to_thread(self._spool(row["id"]).remove)

    async def sweep(self) -> None:
        """Removes files that no unfinished import needs: left by a kill between two steps, or while they were
        being received. What was only just written may belong to a row that is not committed yet.
        """
        needed = {f"{id_}.sealed" for id_ in await self._database.read(jobs_store.unfinished)}
        await asyncio.to_thread(self._remove_but, needed)
        await asyncio.to_thread(sweep, self._folder.parent, self._clock())

    def _remove_but(self, needed: Collection[str]) -> None:
        before = self._clock() / SECOND - UNTOUCHED_SECONDS
        for path in self._folder.glob("*.*"):
            with contextlib.suppress(FileNotFoundError):
                if path.name not in needed and path.stat().st_mtime < before:
                    path.unlink()

    def _spool(self, id_: UUID) -> Spool:
        return Spool(self._folder, id_, PeriodKeys(self._keyring), "imports")


def _reason(refused: WholeFileRefused) -> str:
    return canonical({"code": refused.code, **refused.about}).decode()
