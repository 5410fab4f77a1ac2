"""Carrying tasks to the silos: side by side, each silo at its own pace, resumed and taken over after a kill.

A row of `silo_tasks` is the one place where a task has a state. Whoever holds its lease asks the silo,
outside any transaction; the answer, and what follows from it, is one unit that proves the lease. A process
that dies leaves a lease that runs out: the next one asks again, with the same task number, which makes a
repeated order harmless to a connector that keeps its contract.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import msgspec
import structlog

from consentd.base.ids import new_id
from consentd.base.rounds import Rounds
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db import leases
from consentd.db.leases import LostLease
from consentd.db.unit import Database, Unit
from consentd.dsr import begun, reminding, store, watching
from consentd.dsr.cases import RequestCase
from consentd.dsr.copies import Copies
from consentd.dsr.running import RUNS, answered, nothing_to_look_by, order_of
from consentd.evidence.model import SERVICE
from consentd.kernel.canonical import Scalar
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.connection import Verb
from consentd.kernel.errors import ConsentdError
from consentd.kernel.instants import SECOND, Instant
from consentd.kernel.policy import Policy, System
from consentd.policy.service import PolicyBook
from consentd.systems.connectors.contract import (
    Answer,
    Asked,
    Connector,
    Order,
    Part,
    SiloUnavailable,
    Verdict,
)
from consentd.systems.connectors.limits import AT_ONCE, Throttled

WATCH_SECONDS = 60.0
_IDLE_SECONDS = 2.0
_log = structlog.get_logger()
Row = Any
"""Any: a row mapping of `silo_tasks`."""


class _Nowhere:
    """Where records go that nobody asked for."""

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        raise TypeError("records are added to a copy, and this order asks for none")


NOWHERE = _Nowhere()


class Worker:
    """`woken`: set when there may be something to do. `connector`: how a silo is reached."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        policies: PolicyBook,
        connector: Callable[[System, Policy], Connector],
        copies: Copies,
        woken: asyncio.Event | None = None,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._connector = connector
        self._copies = copies
        self._rounds = Rounds("requests", _IDLE_SECONDS, woken)
        self._holder = new_id()
        self._running: dict[asyncio.Task[None], str] = {}
        """What is under way, and at which silo."""

    def wake(self) -> None:
        self._rounds.wake()

    async def run(self) -> None:
        """Until cancelled: takes what waits, as many at a time as may be; and looks at what is due."""
        watched = -WATCH_SECONDS

        async def one() -> int:
            nonlocal watched
            now = asyncio.get_running_loop().time()
            if now - watched >= WATCH_SECONDS:
                watched = now
                await self._rounds.safely(self.watch)
            return await self.start()

        try:
            await self._rounds.run(one)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def start(self) -> int:
        """Claims what this process has room for, and begins with it; how many."""
        busy = Counter(self._running.values())
        rows = await self._database.housekeep(lambda unit: store.claim(unit, self._holder, busy, AT_ONCE))
        for row in rows:
            task = asyncio.create_task(self._carry(row))
            self._running[task] = row["system"]
            task.add_done_callback(self._ended)
        return len(rows)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._rounds.wake()

    async def settled(self) -> None:
        """Works until nothing is left that could be done now: for commands and tests."""
        while await self.start() or self._running:
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def watch(self) -> None:
        """What is due: silos that are silent, requests whose time ends, whom to remind."""
        for look in (watching.watch, reminding.look):
            await with_fresh_keys(
                self._keyring,
                self._database,
                partial(look, self._database, self._keyring, self._policies),
            )

    async def _carry(self, row: Row) -> None:
        try:
            async with self._held(row):
                outcome = await self._asked(row)
                await self._write(row, outcome)
        except Throttled as error:
            await self._rounds.safely(partial(self._again, row, error.retry_after))
        except SiloUnavailable as error:
            await self._rounds.safely(partial(self._later, row, error.code, error.message))
        except LostLease:
            pass
        except ConsentdError as error:
            await self._rounds.safely(partial(self._later, row, error.code, error.message))
        except asyncio.CancelledError:
            # Stopping: anybody may take it at once.
            await self._rounds.safely(partial(self._let_go, row))
            raise
        except Exception as error:
            # A defect of ours or of a driver: the kind alone, for a message may hold what is personal.
            _log.error("task_failed", kind=type(error).__name__, system=row["system"], verb=row["verb"])
            await self._rounds.safely(
                partial(self._later, row, "defect", f"An error of the kind {type(error).__name__}.")
            )

    async def _asked(self, row: Row) -> Answer | Asked:
        prepared = await with_fresh_keys(self._keyring, self._database, lambda: self._prepared(row))
        if prepared is None:
            raise LostLease("lost_lease", "The request of this task is over.")
        compiled, order = prepared
        if order is None:
            return nothing_to_look_by()
        if order.verb is Verb.ERASE:
            order = msgspec.structs.replace(order, about_to=partial(self._about_to, row))
        system = compiled.policy.systems[row["system"]]
        connector = self._connector(system, compiled.policy)
        try:
            if order.verb is not Verb.EXPORT:
                return await connector.carry_out(order, NOWHERE)
            copy = await self._copies.of(row["request_id"])
            with copy.writing(row["id"], row["system"]) as records:
                return await connector.carry_out(order, records)
        finally:
            await connector.close()

    async def _prepared(self, row: Row) -> tuple[CompiledPolicy, Order | None] | None:
        """What the silo is asked, from what is known now; None where the request was closed meanwhile."""

        def work(unit: Unit) -> tuple[CompiledPolicy, Order | None] | None:
            case = RequestCase.locked(
                unit, self._keyring, self._policies.active(unit.connection), row["request_id"]
            )
            if case.state not in RUNS:
                ended = {"state": "ended", "code": store.OVER, "ended_at": unit.now} | leases.RELEASED
                leases.keep(unit, store.TASKS, row["id"], self._holder, ended)
                return None
            return case.compiled, order_of(case, row)

        return await self._database.housekeep(work)

    async def _about_to(self, row: Row, parts: Sequence[Part]) -> None:
        """Raises LostLease: then the silo does not do it for this process."""
        values = {"begun": begun.noted(row["begun"], parts)}
        await self._database.housekeep(lambda unit: self._require(unit, row, values))

    async def _write(self, row: Row, outcome: Answer | Asked) -> None:
        if isinstance(outcome, Asked):
            asked = outcome

            def note(unit: Unit) -> None:
                values = {"state": "asked", "reference": asked.reference, **leases.RELEASED}
                if asked.told:
                    values["told_at"] = row["told_at"] or unit.now
                self._require(unit, row, values)

            await self._database.housekeep(note)
            return
        await self._answer(row, begun.completed(row["begun"], outcome))

    async def _answer(self, row: Row, answer: Answer) -> None:
        def work(unit: Unit) -> None:
            compiled = self._policies.active(unit.connection)
            # The request before the task, as everywhere: two that lock in different orders wait for ever.
            case = RequestCase.locked(unit, self._keyring, compiled, row["request_id"])
            self._require(unit, row, {})
            answered(case, row, answer, SERVICE)

        await with_fresh_keys(self._keyring, self._database, lambda: self._database.change(work))
        self._rounds.wake()

    async def _later(self, row: Row, code: str, message: str) -> None:
        """Another try, later each time; at last the task is failed, and told."""
        attempts = row["attempts"] + 1
        compiled = await self._database.read(self._policies.active)
        system: System | None = compiled.policy.systems.get(row["system"])
        most = system.connection.attempts if system and system.connection else 1
        if attempts >= most:
            unmet = Answer(verdict=Verdict.FAILED, code=code, detail=message[:500], told=False)
            await self._answer(row, unmet)
            return

        def note(unit: Unit) -> None:
            wait = leases.backoff(attempts)
            values = {"state": "waiting", "attempts": attempts, "code": code}
            values |= {"next_at": unit.now + int(wait * SECOND)} | leases.RELEASED
            leases.keep(unit, store.TASKS, row["id"], self._holder, values)

        await self._database.housekeep(note)

    async def _again(self, row: Row, seconds: float) -> None:
        """The silo was not asked, because it had been asked enough: no try of the task's."""

        def note(unit: Unit) -> None:
            values = {"state": "waiting", "next_at": unit.now + int(seconds * SECOND)} | leases.RELEASED
            leases.keep(unit, store.TASKS, row["id"], self._holder, values)

        await self._database.housekeep(note)

    async def _let_go(self, row: Row) -> None:
        values = {"state": "waiting"} | leases.RELEASED
        await self._database.housekeep(
            lambda unit: leases.keep(unit, store.TASKS, row["id"], self._holder, values)
        )

    def _held(self, row: Row) -> AbstractAsyncContextManager[None]:
        """For as long as it takes: the lease is renewed."""
        return leases.renewing(
            lambda: self._database.housekeep(lambda unit: self._require(unit, row, {})),
            lambda error: _log.warning("task_lease_not_renewed", code=error.code),
        )

    def _require(self, unit: Unit, row: Row, values: dict[str, Any]) -> None:
        """Writes to the row and renews the lease. Raises LostLease if another process has it by now."""
        renewed = {"lease_until": Instant(leases.until(unit))} | values
        if not leases.keep(unit, store.TASKS, row["id"], self._holder, renewed):
            raise LostLease("lost_lease", "Another process took over this task.")
