"""What a test does to the log of a running service: waits for it, or stops it."""

import time
import uuid
from typing import Any

import sqlalchemy as sa

from consentd.app import Parts
from consentd.db.tables.log import log_pending
from consentd.evidence import store
from consentd.evidence.sequencer import LEASE
from consentd.kernel.instants import Instant
from support.installation import Installation


def settle(installation: Installation) -> None:
    """Waits until everything that was recorded is in the log."""

    async def waiting(parts: Parts) -> int:
        count = sa.select(sa.func.count()).select_from(log_pending)
        return await parts.database.read(lambda connection: connection.execute(count).scalar_one())

    _until(lambda: installation.within(waiting) == 0)


def hold(installation: Installation, seconds: float) -> None:
    """Another process takes the lease of the log, and does nothing with it; 0 gives it back."""

    def work(unit: Any) -> bool:
        held = store.lease(unit.connection, LEASE)
        assert held is not None
        taken = store.Lease(uuid.uuid4(), held.fence + 1, Instant(unit.now + int(seconds * 1_000_000)))
        # False where its leader renewed it in between.
        return store.take_lease(unit.connection, LEASE, held, taken)

    async def take(parts: Parts) -> bool:
        return await parts.database.housekeep(work)

    _until(lambda: installation.within(take))


def _until(true: Any) -> None:
    for _ in range(200):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("the log does not do what it should")
