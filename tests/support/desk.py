"""The desk beside a running service: takes people's requests in and carries them to the silos, on the same
database, in a loop of its own.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar
from uuid import UUID

from consentd.app import open_parts
from consentd.db.leases import RELEASED
from consentd.db.unit import Unit
from consentd.dsr import store
from consentd.dsr.views import RequestTold
from consentd.evidence.model import OPERATOR
from consentd.policy.service import activate
from support.builders import Company, RealClock, demo_policy
from support.inbox import InboxSilo, polled
from support.installation import Client, Installation
from support.rights import RIGHTS, Rights

T = TypeVar("T")


class Desk:
    """`till` is a silo that comes for its tasks; its program calls as `client`."""

    def __init__(
        self, installation: Installation, runner: asyncio.Runner, rights: Rights, till: Client
    ) -> None:
        self.installation = installation
        self.client = till
        self.rights = rights
        self._runner = runner
        self._lock = threading.Lock()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            return self._runner.run(work)

    def asks(self, right: str, who: str, **other: Any) -> UUID:
        """A request whose person was proven, carried to where the till is asked."""

        async def work() -> UUID:
            await self.rights.company.gives(who, by="desk")
            asked = await self.rights.asks(right, who, **other)
            await self.rights.proves(asked.id, await self.rights.code(asked.id) or "")
            await self.rights.carries_out()
            return asked.id

        return self.do(work())

    def carries_out(self) -> None:
        self.do(self.rights.carries_out())

    def told(self, request: UUID) -> RequestTold:
        """As it stands once everything that could be carried on was."""

        async def work() -> RequestTold:
            await self.rights.carries_out()
            return await self.rights.told(request)

        return self.do(work())

    def forget(self) -> None:
        """Nothing of what was asked so far is waited for any more."""

        def work(unit: Unit) -> None:
            unit.connection.execute(store.TASKS.update().values(state="ended", **RELEASED))

        self.do(self.rights.company.database.housekeep(work))

    def copied(self, request: UUID) -> list[Any]:
        """What the till sent of a copy, as the package will have it: category and record; none before it is
        whole.
        """

        async def work() -> list[Any]:
            files = await self.rights.copies.files(request)
            collected = files.collected("till")
            found: list[Any] = []
            for one in collected.categories if collected else ():
                with files.records("till", one.what).open() as lines:
                    found += [[one.what, json.loads(line)] for line in lines]
            return found

        return self.do(work())

    def verdicts(self, request: UUID) -> dict[str, str | None]:
        return {task.verb: task.verdict for silo in self.told(request).silos for task in silo.tasks}


@contextlib.contextmanager
def open_desk(installation: Installation, **connection: Any) -> Iterator[Desk]:
    """Puts the till's part into the policy that is in force. Made before or beside the running service."""
    with asyncio.Runner() as runner:
        parts = runner.run(open_parts(installation.settings))

        async def made() -> tuple[Rights, Client]:
            company = Company(parts.database, parts.keyring, RealClock(), installation.folder)
            policy = polled(demo_policy(), "till", alone=True, **connection)
            await parts.database.change(lambda unit: activate(unit, parts.keyring, policy, OPERATOR))
            await company.add_system("desk", scopes=RIGHTS)
            till = await company.add_system("till", scopes=("tasks",))
            rights = Rights(company, {"till": InboxSilo()})
            return rights, Client(str(till.system_id), company.secrets["till"])

        try:
            rights, client = runner.run(made())
            yield Desk(installation, runner, rights, client)
        finally:
            runner.run(parts.database.close())
            parts.journal.close()
