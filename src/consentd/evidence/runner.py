"""The background task that keeps the log sequenced: a checkpoint follows each change within a second.

It wakes when told, at most ten times a second, and without being told three times a second. It steps aside
while another process leads, waits longer after each error, and stops for good when the log was tampered with
(promise 9): `error` is what readiness shows.
"""

import asyncio
from pathlib import Path
from uuid import UUID

import structlog

from consentd.base.counts import Cell, Counts
from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.evidence import checkpoint, lease, outside, store
from consentd.evidence.lease import LostLease
from consentd.evidence.sequencer import LEASE, LEASE_SECONDS, Sequenced, sequence_once
from consentd.evidence.store import Connection, Lease
from consentd.kernel.errors import ConsentdError, Tampered
from consentd.kernel.instants import SECOND

_INTERVAL = 0.2
_GATHERING = 0.1
"""The least time between two steps: under load, one checkpoint then stands for many changes. A step costs as
much as recording several events."""
_LONGEST_WAIT = 10.0
_log = structlog.get_logger()


class Sequencer:
    """`leading` and `error` are for readiness and metrics; `error` is None after a step that went well."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        origin: str,
        checkpoint_file: Path,
        *,
        holder: UUID | None = None,
        counts: Counts | None = None,
    ) -> None:
        self.error: Exception | None = None
        self.leading = False
        self._counts = counts or Counts()
        self._database = database
        self._keyring = keyring
        self._origin = checkpoint.check_origin(origin)
        self._file = checkpoint_file
        self._holder = holder or new_id()
        self._lease: Lease | None = None
        self._outside: str | None = None
        self._compared = False
        self._wake = asyncio.Event()

    def poke(self) -> None:
        """Something was recorded: do not wait for the clock. To be called on the event loop."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled, or until the log turns out to be tampered with."""
        wait = _INTERVAL
        while True:
            self._wake.clear()
            try:
                more = await self.step()
            except Tampered as error:
                self.error, self.leading = error, False
                self._counts.set(Cell.LEADS_UNTIL, 0)
                _log.critical("log_not_sequenced", code=error.code)
                return
            # Whatever went wrong, entries go on waiting and the next step may succeed.
            except Exception as error:
                self.error, self.leading, self._lease = error, False, None
                self._counts.set(Cell.LEADS_UNTIL, 0)
                # It may have failed between the commit and the file: that is made up for without a new entry.
                self._compared = False
                code = error.code if isinstance(error, ConsentdError) else type(error).__name__
                _log.warning("sequencing_failed", code=code, retry_seconds=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
                continue
            self.error, wait = None, _INTERVAL
            if not more:
                await self._pause()

    async def step(self) -> bool:
        """Sequences what waits, if this process leads or nobody does; whether more may be waiting."""
        standing, waiting = await self._database.read(_look)
        if self._compared and not waiting:
            return False
        try:
            done = await self._database.sequence(self._work(await self._last()))
        except LostLease:
            done = None
        self.leading = done is not None
        self._lease = done.lease if done else None
        self._counts.set(Cell.LEADS_UNTIL, done.lease.until / SECOND if done else 0)
        if done is None:
            # What another leader writes outside is not what this one remembers.
            self._outside, self._compared = None, standing is not None
            return False
        self._compared = True
        if done.note is not None and done.note != self._outside:
            await asyncio.to_thread(outside.write, self._file, done.note)
            self._outside = done.note
        return done.more

    async def release(self) -> None:
        """At a shutdown: lets another process lead at once."""
        held, self._lease, self.leading = self._lease, None, False
        self._counts.set(Cell.LEADS_UNTIL, 0)
        if held is not None:
            await self._database.sequence(lambda unit: lease.release(unit, LEASE, held))

    def _work(self, last: str | None) -> "_Step":
        return _Step(self._keyring, self._origin, self._holder, self._lease, last)

    async def _last(self) -> str | None:
        if self._outside is None:
            self._outside = await asyncio.to_thread(outside.read, self._file)
        return self._outside

    async def _pause(self) -> None:
        await asyncio.sleep(_GATHERING)
        try:
            async with asyncio.timeout(_INTERVAL):
                await self._wake.wait()
        except TimeoutError:
            return


class _Step:
    """One unit: take the lease if it is not held, then sequence under it."""

    def __init__(
        self, keyring: Keyring, origin: str, holder: UUID, held: Lease | None, last: str | None
    ) -> None:
        self._keyring = keyring
        self._origin = origin
        self._holder = holder
        self._held = held
        self._last = last

    def __call__(self, unit: Unit) -> Sequenced | None:
        held = self._held or lease.take(unit, LEASE, self._holder, LEASE_SECONDS)
        if held is None:
            return None
        return sequence_once(unit, self._keyring, self._origin, held, self._last)


def _look(connection: Connection) -> tuple[Lease | None, bool]:
    count, _ = store.queue(connection)
    return store.lease(connection, LEASE), count > 0
