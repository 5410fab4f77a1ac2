"""A company whose silos take part in requests: each a simulated one, on a real database."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.mail_address import sender
from consentd.base.reaching import SmtpServer
from consentd.callers import staff
from consentd.dsr.copies import SealedCopies
from consentd.dsr.copying.handing_out import HandingOut
from consentd.dsr.copying.looking import Looking
from consentd.dsr.copying.maker import Maker
from consentd.dsr.copying.sweeping import sweep
from consentd.dsr.mailing import Mailing
from consentd.dsr.posting import Post
from consentd.dsr.service import RequestService
from consentd.dsr.shapes import AnyStep, RequestAsked
from consentd.dsr.views import RequestReceived, RequestTold
from consentd.dsr.working import Worker
from consentd.evidence.model import OPERATOR
from consentd.kernel.policy import Policy, System, sealed
from consentd.net.mail import Mail, Mailer
from consentd.net.message import Message
from consentd.systems.connectors.contract import Connector
from consentd.systems.connectors.manual import ManualConnector
from consentd.systems.links import Links
from support import builders_requests as requests
from support.builders import EVERYTHING, Company, demo_policy
from support.smtp import Sink

PUBLIC_URL = "https://privacy.maison-lavande.example"
RIGHTS = (*EVERYTHING, "requests:write", "requests:read", "requests:decide")


class Letters:
    """Mail that is handed over, where a test is about something else than its way."""

    def __init__(self) -> None:
        self.taken: list[Message] = []

    async def send(self, message: Message) -> None:
        self.taken.append(message)

    async def check(self) -> None:
        pass


def code_in(text: str) -> str:
    """The code that a mail brings."""
    found = re.search(r"([0-9]{4}) ([0-9]{4})", text)
    assert found, "a mail without a code"
    return found[1] + found[2]


class Rights:
    """Takes requests in and carries them out; `desk` is the system that staff work with."""

    def __init__(self, company: Company, silos: Mapping[str, Connector], mailbox: Sink | None = None) -> None:
        self.company = company
        self.silos = silos
        self.copies = SealedCopies(company.folder / "copies", company.database, company.keyring)
        self.mailbox = mailbox
        self.letters = Letters()
        mail = self._mail(company, mailbox)
        self.post = Post(mail)
        self.mailing = self.new_mailing(mail)
        self.service = RequestService(company.doing, self.post)
        self.worker = self.new_worker()
        self.maker = self.new_maker()
        self.looking = Looking(company.doing, self.copies)
        self.handing = HandingOut(company.doing, self.copies, self.post, PUBLIC_URL)
        self.staff: list[UUID] = []

    def _mail(self, company: Company, mailbox: Sink | None) -> Mail:
        if mailbox is None:
            return self.letters
        server = SmtpServer(tls="none", host="127.0.0.1", port=mailbox.port)
        return Mailer(server, sender("donnees@maison-lavande.example"), company.clock)

    def new_mailing(self, mail: Mail) -> Mailing:
        """Another process that sends what waits."""
        links = Links(self.company.keyring, "https://consent.example")

        def owner(system: System, policy: Policy) -> ManualConnector:
            assert system.connection
            name = policy.controller.name
            return ManualConnector(system, system.connection, mail, links, self.company.clock, name)

        company = self.company
        return Mailing(company.database, company.keyring, company.policies, mail, owner, proof_seconds=0.0)

    def new_worker(self) -> Worker:
        return Worker(
            self.company.database,
            self.company.keyring,
            self.company.policies,
            lambda system, policy: self.silos[system.id],
            self.copies,
        )

    def new_maker(self) -> Maker:
        company = self.company
        return Maker(company.database, company.keyring, company.policies, self.copies)

    @classmethod
    async def of(
        cls, company: Company, silos: Mapping[str, tuple[System, Connector]], mailbox: Sink | None = None
    ) -> "Rights":
        systems = {name: one for name, (one, _) in silos.items()}
        await company.activate(sealed(msgspec.structs.replace(demo_policy(), systems=systems)))
        await company.add_system("desk", scopes=RIGHTS)
        return cls(company, {name: connector for name, (_, connector) in silos.items()}, mailbox)

    async def hire(self, name: str = "Claire", role: staff.Role = "agent") -> UUID:
        made = await self.company.database.change(
            lambda unit: staff.add(
                unit, self.company.keyring, name, f"{name.lower()}@x.example", "fr", role, OPERATOR
            )
        )
        self.staff.append(made.id)
        return made.id

    async def asks(self, right: str, *who: str, **other: Any) -> RequestReceived:
        self.company.clock.move(minutes=1)
        named = [msgspec.to_builtins(requests.identifier(one)) for one in who]
        asked = msgspec.convert({"right": right, "identifiers": named, **other}, RequestAsked)
        return await self.service.register(self.company.systems["desk"], asked)

    async def told(self, request: UUID) -> RequestTold:
        return await self.service.tell(self.company.systems["desk"], request)

    async def step(self, request: UUID, step: str, by: UUID, **members: Any) -> RequestTold:
        self.company.clock.move(minutes=1)
        taken: AnyStep = msgspec.convert({"step": step, "by": by, **members}, AnyStep)  # type: ignore[arg-type]
        return await self.service.step(self.company.systems["desk"], request, taken)

    async def code(self, request: UUID, scheme: str = "email") -> str | None:
        """Has a code sent; what arrived, if anything did."""
        before = len(self._arrived())
        await self.service.send_code(self.company.systems["desk"], request, scheme)
        await self.post.finish()
        arrived = self._arrived()[before:]
        return code_in(arrived[0]) if arrived else None

    def _arrived(self) -> list[str]:
        if self.mailbox is None:
            return [message.text for message in self.letters.taken]
        return [taken.message.get_content() for taken in self.mailbox.taken]

    async def proves(self, request: UUID, code: str) -> RequestReceived:
        return await self.service.prove(self.company.systems["desk"], request, code)

    async def carries_out(self) -> None:
        await self.worker.settled()
        await self.mailing.settled()

    async def makes_copies(self) -> None:
        """All that wait to be made; a copy proves what the log has signed by then."""
        await self.company.findings()
        while await self.maker.step():
            pass

    async def sweeps(self) -> None:
        await sweep(self.company.database, self.company.keyring, self.company.policies, self.copies)

    async def copy_code(self, request: UUID) -> str | None:
        """Has a code sent before a copy is fetched; what arrived."""
        before = len(self._arrived())
        await self.handing.send_code(self.company.systems["desk"], request)
        await self.post.finish()
        arrived = self._arrived()[before:]
        return code_in(arrived[0]) if arrived else None

    async def fetches(self, url: str) -> bytes:
        """What the link gives."""
        download = await self.handing.take(url.rpartition("/")[2])
        return b"".join([block async for block in download.blocks()])
