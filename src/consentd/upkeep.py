"""What is done by the clock beside answering: what has a date goes, what is new is taken in."""

import asyncio
import contextlib

from consentd.base.clock import Clock
from consentd.callers import assertions
from consentd.consent.kept_proofs import purge_proofs
from consentd.crypto.keyring import Keyring
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.dsr.composed import Requests
from consentd.dsr.forgetting import forget_due
from consentd.evidence.model import SERVICE
from consentd.imports.jobs import Imports
from consentd.kernel.errors import ConsentdError
from consentd.kernel.instants import DAY, Instant
from consentd.portal.composed import Portal
from consentd.web import idempotency

PURGE_SECONDS = 3600
KEYS_SECONDS = 30


class Upkeep:
    def __init__(
        self,
        database: SqliteDatabase | PostgresDatabase,
        keyring: Keyring,
        imports: Imports,
        requests: Requests,
        portal: Portal,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._imports = imports
        self._requests = requests
        self._portal = portal
        self._clock = clock
        self._retained: Instant | None = None

    async def by_the_hour(self) -> None:
        """Until cancelled. What fails is tried again in an hour."""
        while True:
            with contextlib.suppress(ConsentdError, OSError):
                await self.purge()
            with contextlib.suppress(ConsentdError):
                await self.retain()
            await asyncio.sleep(PURGE_SECONDS)

    async def purge(self) -> None:
        """Idempotency keys, spent assertions, proof keys that no law orders kept, copies that nobody fetched
        in time, requests that are over, and visits of the customers' pages.
        """
        await idempotency.purge(self._database)
        await assertions.purge(self._database)
        await purge_proofs(self._database, self._keyring, SERVICE)
        await self._database.change(lambda unit: forget_due(unit, self._keyring))
        await self._requests.sweep()
        await self._portal.purge()
        # What was shredded must not be readable in the write-ahead log either.
        await self._database.checkpoint_truncate()
        await self._imports.worker.sweep()

    async def retain(self) -> None:
        """Once a day, for it looks at everybody: people whom the policy has kept long enough."""
        now = self._clock()
        if self._retained is None or now >= self._retained + DAY:
            self._retained = now
            await self._requests.retain()

    async def fresh_keys(self) -> None:
        """Takes in keys that another process made: a new look-up or signing key is met by nobody's error."""
        while True:
            await asyncio.sleep(KEYS_SECONDS)
            with contextlib.suppress(ConsentdError):
                await self._database.read(self._keyring.reload)
