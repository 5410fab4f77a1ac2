"""Refusals in the audit log: of known callers one by one, before they are told; of strangers by the minute.

Upholds promise 8 and docs/log.md. Strangers are counted only, so that nobody can fill the log without a key.
"""

import asyncio

from litestar.types import Scope

from consentd.callers.model import Caller
from consentd.callers.oauth import OAuthRefusal
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.evidence import recorder
from consentd.evidence.model import SERVICE, Actor, ActorKind
from consentd.kernel.errors import CallerError, ConsentdError, Forbidden, Unauthenticated
from consentd.web import exchange, logs

FLUSH_SECONDS = 60


class Refusals:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._strangers = 0

    async def note(self, error: Exception, scope: Scope) -> None:
        """The framework calls it for every exception, before the answer. If it fails, so does the answer."""
        if not isinstance(error, Forbidden | Unauthenticated | OAuthRefusal):
            return
        caller = error.caller if isinstance(error, OAuthRefusal) else exchange.of(scope).caller
        if caller is None:
            self._strangers += 1
        else:
            await self._database.change(lambda unit: self._record(unit, caller, error, logs.route_of(scope)))

    def _record(self, unit: Unit, caller: Caller, error: CallerError, route: str) -> None:
        entry = recorder.begin(
            unit,
            self._keyring,
            action="caller.refused",
            actor=Actor(ActorKind.SYSTEM, caller.system_id),
            key=self._keyring.audit(),
        )
        entry.close({"code": error.code, "route": route})

    async def flush(self) -> None:
        """One entry for all strangers since the last one; none if there were none."""
        count, self._strangers = self._strangers, 0
        if not count:
            return

        def record(unit: Unit) -> None:
            entry = recorder.begin(
                unit, self._keyring, action="strangers.refused", actor=SERVICE, key=self._keyring.audit()
            )
            entry.close({"count": count})

        try:
            await self._database.change(record)
        except BaseException:
            self._strangers += count
            raise

    async def run(self) -> None:
        """Flushes by the minute, until cancelled; `flush` once more after that."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except ConsentdError as error:
                # Counted again with the next minute; the storage's own trouble is told by /health/ready.
                logs.failure("-", "strangers.refused", error)
