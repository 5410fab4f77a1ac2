"""Carrying it out in the silos: side by side, each with its own tries, resumed and taken over after a kill.

One run is one transaction in its silo. What it is about to do is written down before it is committed, and the
silo tells a later try whether it was: so a kill in between is told as what it came to, and nothing is erased
twice or beyond what was ordered (decision 0046).
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
import structlog

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db import leases
from consentd.db.leases import RELEASED, LostLease
from consentd.db.unit import Database, Unit
from consentd.dsr.expiring import store
from consentd.dsr.expiring.beginning import silos_with_rules
from consentd.evidence.model import SERVICE
from consentd.evidence.recorder import begin
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import ConsentdError
from consentd.kernel.instants import SECOND
from consentd.kernel.policy import Policy, System
from consentd.policy.service import PolicyBook
from consentd.systems.connectors.contract import (
    Answer,
    Connector,
    Expired,
    Expiry,
    Foretold,
    SiloUnavailable,
    Verdict,
)
from consentd.systems.connectors.limits import Throttled

AT_ONCE = 8
"""Silos that one process works in at a time."""
_IDLE_SECONDS = 5.0
_FORETOLD = msgspec.json.Decoder(Foretold)
_log = structlog.get_logger()
Row = Any
"""Any: a row mapping of `expiries`."""


class TableWorker:
    """One for a process. `connector`: how a silo is reached."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        policies: PolicyBook,
        connector: Callable[[System, Policy], Connector],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._connector = connector
        self._holder = new_id()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                if not await self._safely(self.start):
                    await asyncio.sleep(_IDLE_SECONDS)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def start(self) -> int:
        """Claims what this process has room for, and begins with it; how many."""
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return 0
        rows = await self._database.housekeep(lambda unit: store.claim(unit, self._holder, room))
        for row in rows:
            task = asyncio.create_task(self._carry(row))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(rows)

    async def settled(self) -> None:
        """Works until nothing is left that could be done now: for commands and tests."""
        while await self.start() or self._running:
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _safely(self, work: Callable[[], Awaitable[Any]]) -> Any:  # Any: whatever the work gives
        try:
            return await work()
        except ConsentdError as error:
            _log.warning("retention_interrupted", code=error.code)
        except Exception as error:
            _log.error("retention_failed", kind=type(error).__name__)
        return None

    async def _carry(self, row: Row) -> None:
        renew = partial(self._keep, row, {})
        told = partial(self._not_renewed, row)
        try:
            async with leases.renewing(renew, told):
                await self._end(row, await self._asked(row))
        except Throttled as error:
            await self._safely(partial(self._again, row, error.retry_after))
        except SiloUnavailable as error:
            await self._safely(partial(self._later, row, error.code, error.message))
        except LostLease:
            pass
        except ConsentdError as error:
            await self._safely(partial(self._later, row, error.code, error.message))
        except asyncio.CancelledError:
            # Stopping: anybody may take it at once.
            await self._safely(partial(self._keep, row, {"state": "waiting", **RELEASED}))
            raise
        except Exception as error:
            # A defect of ours or of a driver: the kind alone, for a message may hold what is personal.
            _log.error("retention_failed", kind=type(error).__name__, system=row["system"])
            await self._safely(
                partial(self._later, row, "defect", f"An error of the kind {type(error).__name__}.")
            )

    def _not_renewed(self, row: Row, error: ConsentdError) -> None:
        _log.warning("retention_lease_not_renewed", code=error.code, system=row["system"])

    async def _asked(self, row: Row) -> Expired:
        policy = (await self._database.read(self._policies.active)).policy
        if row["system"] not in dict(silos_with_rules(policy)):
            words = "The policy has no rule any more for this silo’s tables."
            return Expired(answer=Answer(verdict=Verdict.FAILED, code="no_rule", detail=words))
        order = Expiry(
            task=row["id"],
            most=row["most"],
            foretold=None if row["foretold"] is None else _FORETOLD.decode(row["foretold"]),
            about_to=partial(self._about_to, row),
        )
        connector = self._connector(policy.systems[row["system"]], policy)
        try:
            return await connector.expire(order)
        finally:
            await connector.close()

    async def _about_to(self, row: Row, told: Foretold) -> None:
        """Raises LostLease: then the silo does not do it for this process."""
        await self._keep(row, {"foretold": canonical(told).decode()})

    async def _end(self, row: Row, expired: Expired) -> None:
        answer = expired.answer
        told = answer.verdict in (Verdict.DONE, Verdict.PARTIAL)
        values = {
            "state": "ended",
            "verdict": answer.verdict.value,
            "code": answer.code,
            "touched": expired.touched,
            "parts": canonical(answer.parts).decode(),
            **({"foretold": None} if told else {}),
            **RELEASED,
        }

        def work(unit: Unit) -> None:
            compiled = self._policies.active(unit.connection)
            self._require(unit, row, {**values, "ended_at": unit.now})
            entry = begin(
                unit,
                self._keyring,
                action="retention.tables",
                actor=SERVICE,
                key=self._keyring.audit(),
                policy=compiled.hash,
            )
            # By tables and counts: it names nobody.
            entry.close(
                {
                    "system": row["system"],
                    "run": str(row["id"]),
                    "verdict": answer.verdict.value,
                    "code": answer.code,
                    "rows": expired.touched,
                    "parts": msgspec.to_builtins(answer.parts),
                }
            )

        await with_fresh_keys(self._keyring, self._database, lambda: self._database.change(work))

    async def _later(self, row: Row, code: str, message: str) -> None:
        """Another try, later each time; at last it is failed, and told. What was foretold stays with it."""
        attempts = row["attempts"] + 1
        policy = (await self._database.read(self._policies.active)).policy
        system = policy.systems.get(row["system"])
        if attempts >= (system.connection.attempts if system and system.connection else 1):
            answer = Answer(verdict=Verdict.FAILED, code=code, detail=message[:500])
            await self._end(row, Expired(answer=answer))
            return
        await self._wait(row, leases.backoff(attempts), {"attempts": attempts, "code": code})

    async def _again(self, row: Row, seconds: float) -> None:
        """The silo was not asked, because it had been asked enough: no try."""
        await self._wait(row, seconds, {})

    async def _wait(self, row: Row, seconds: float, values: dict[str, Any]) -> None:
        def note(unit: Unit) -> None:
            later = {"state": "waiting", "next_at": unit.now + int(seconds * SECOND), **RELEASED}
            leases.keep(unit, store.EXPIRIES, row["id"], self._holder, later | values)

        await self._database.housekeep(note)

    async def _keep(self, row: Row, values: dict[str, Any]) -> None:
        await self._database.housekeep(lambda unit: self._require(unit, row, values))

    def _require(self, unit: Unit, row: Row, values: dict[str, Any]) -> None:
        """Writes to the row and renews the lease. Raises LostLease if another process has it by now."""
        renewed = {"lease_until": leases.until(unit)} | values
        if not leases.keep(unit, store.EXPIRIES, row["id"], self._holder, renewed):
            raise LostLease("lost_lease", "Another process took over this run.")
