"""Requests as the service runs them: what answers, and what carries tasks to the silos beside it."""

import asyncio
from dataclasses import replace
from functools import partial

from consentd.base.clock import Clock
from consentd.base.settings import Settings
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database
from consentd.dsr.copies import SealedCopies
from consentd.dsr.copying.handing_out import HandingOut
from consentd.dsr.copying.looking import Looking
from consentd.dsr.copying.maker import Maker
from consentd.dsr.copying.sweeping import sweep
from consentd.dsr.expiring.beginning import begin_planned
from consentd.dsr.expiring.carrying import TableWorker
from consentd.dsr.mailing import Mailing
from consentd.dsr.posting import Post
from consentd.dsr.retaining import run_planned
from consentd.dsr.service import RequestService
from consentd.dsr.working import Worker
from consentd.kernel.policy import Policy, System
from consentd.net.mail import mailer
from consentd.policy.service import PolicyBook
from consentd.subjects.doing import Doing
from consentd.systems.connectors.contract import Connector
from consentd.systems.connectors.manual import ManualConnector
from consentd.systems.connectors.registry import Tools, connector_of, owner_of
from consentd.systems.connectors.tooling import tools_of


class Requests:
    """One for a process. `run` beside the answering; `close` at its end."""

    def __init__(
        self, settings: Settings, database: Database, keyring: Keyring, policies: PolicyBook, clock: Clock
    ) -> None:
        self._settings = settings
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._clock = clock
        self._tools: Tools | None = None
        mail = mailer(settings, clock)
        self._post = Post(mail)
        self._woken = asyncio.Event()
        self.copies = SealedCopies(settings.data_dir / "copies", database, keyring)
        self.maker = Maker(database, keyring, policies, self.copies)
        self._sweep = partial(sweep, database, keyring, policies, self.copies)
        self.mailing = Mailing(database, keyring, policies, mail, self._owner)
        self.worker = Worker(database, keyring, policies, self.connector, self.copies, self._woken)
        self.tables = TableWorker(database, keyring, policies, self.connector)

    def service(self, doing: Doing) -> RequestService:
        return RequestService(doing, self._post, self.wake)

    def wake(self) -> None:
        """There may be something to carry to silos, and something to send."""
        self._woken.set()
        self.mailing.wake()

    def looking(self, doing: Doing) -> Looking:
        return Looking(doing, self.copies)

    def handing_out(self, doing: Doing) -> HandingOut:
        return HandingOut(doing, self.copies, self._post, self._settings.public_url)

    async def sweep(self) -> None:
        """Copies whose time is over, and files that nothing opens any more."""
        await with_fresh_keys(self._keyring, self._database, self._sweep)

    async def retain(self) -> None:
        """Begins to erase what the policy has kept long enough, as much as it has done by itself: people, and
        rows of silos' own tables.
        """
        await begin_planned(self._database, self._keyring, self._policies)
        await run_planned(self._database, self._keyring, self._policies, self._clock())

    def connector(self, system: System, policy: Policy) -> Connector:
        return connector_of(system, self._of(policy))

    def _owner(self, system: System, policy: Policy) -> ManualConnector:
        return owner_of(system, self._of(policy))

    def _of(self, policy: Policy) -> Tools:
        if self._tools is None:
            self._tools = tools_of(self._settings, self._keyring, policy, self._clock)
        # Another policy may be in force by now; clients and limits go on.
        return replace(self._tools, company=policy.controller.name, schemes=policy.identifiers)

    async def close(self) -> None:
        await self._post.finish()
        if self._tools is not None:
            await self._tools.http.close()
