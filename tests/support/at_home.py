"""Somebody on the company's pages: a session of their own, as far as they proved who they are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn
from uuid import UUID, uuid4

import httpx

from consentd.base.settings import from_environment
from consentd.db.unit import Unit
from consentd.dsr.by_session import Wish
from consentd.dsr.rights import Right
from consentd.net.texting import NoTexting
from consentd.portal import api as door_api
from consentd.portal.choices import api as choices_api
from consentd.portal.choices.saving import Saving
from consentd.portal.choices.showing import Showing
from consentd.portal.details import api as details_api
from consentd.portal.details.service import DetailService
from consentd.portal.frame import Frame
from consentd.portal.history import api as history_api
from consentd.portal.history.service import HistoryService
from consentd.portal.post import CodePost
from consentd.portal.reach import Reach
from consentd.portal.receipts import api as receipts_api
from consentd.portal.receipts.service import ReceiptService
from consentd.portal.rights import api as rights_api
from consentd.portal.rights.service import RightsService
from consentd.portal.sessions import Session, open_session
from consentd.subjects import service as subjects
from consentd.web.application import Application, build
from support.builders import POLICIES, Company, demo_policy
from support.rights import Rights
from support.visiting import BROWSER, Visiting

HERE = "http://consent.test"
TEXTS = {
    shown: (POLICIES / "notices" / id_ / f"{one.version}.{language}.md").read_bytes()
    for id_, versions in demo_policy().notices.items()
    for one in versions
    for language, shown in one.texts.items()
}
"""Of each notice of the demo company, by what it hashes to, as it was shown."""


class Nobody:
    """Stands where tokens are known: nobody calls with one here."""

    def known(self, token: bytes) -> None:
        return None

    async def admit(self, token: bytes) -> NoReturn:
        raise AssertionError


class AtHome:
    """`rights` carries out what is asked."""

    def __init__(self, company: Company, rights: Rights) -> None:
        self.company = company
        self.rights = rights
        self.visiting = Visiting(company)
        self.visits = self.visiting.visits
        self.post = CodePost(rights.letters, NoTexting(), HERE)
        self.service = RightsService(self.visits, rights.handing, company.clock)

    async def session(self, who: str, reach: Reach = Reach.PERSON) -> Session:
        """Of the one person who has this contact detail, come in by it."""
        company = self.company
        person = await company.person(who)

        def read(connection: Any) -> UUID:  # Any: a database connection
            members = subjects.person_by_id(connection, person).members
            contacts = subjects.contacts_of(connection, company.keyring, members)
            named = {f"{one.named.scheme}:{one.named.value}".casefold(): one.id for one in contacts}
            return UUID(int=named[who.casefold()].int)

        return await self.visiting.open(person, reach, await company.database.read(read))

    @asynccontextmanager
    async def browser(
        self, who: str, reach: Reach = Reach.PERSON, language: str = "en"
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody's, with the cookie of a session in it; the pages are served in this process."""
        session = await self.session(who, reach)
        cookie = ""

        def work(unit: Unit) -> None:
            nonlocal cookie
            _, cookie = open_session(
                unit,
                self.company.keyring,
                BROWSER,
                subject=session.subject,
                identifier=session.identifier,
                reach=reach,
            )

        await self.company.database.housekeep(work)
        headers = {"user-agent": BROWSER, "accept-language": language, "cookie": f"my={cookie}"}
        transport = httpx.ASGITransport(self.app())
        async with httpx.AsyncClient(transport=transport, base_url=HERE, headers=headers) as client:
            yield client

    def app(self) -> Application:
        """All pages of what is somebody's own."""
        frame = Frame(self.visits, HERE)
        history = HistoryService(self.visits, lambda connection, sha256: TEXTS.get(sha256))
        handlers = [
            *door_api.routes(frame, self.visiting.entering, self.post),
            *choices_api.routes(frame, Showing(self.visits), Saving(self.visits)),
            *rights_api.routes(frame, self.service),
            *details_api.routes(frame, DetailService(self.visits, self.service), self.post),
            *history_api.routes(frame, history),
            *receipts_api.routes(frame, ReceiptService(self.visits)),
        ]
        return build(handlers, settings=from_environment({}), tokens=Nobody())

    async def asks(self, session: Session, right: str, form: str | None = None, **said: Any) -> UUID:
        self.company.clock.move(minutes=1)
        wish = Wish(right=Right(right), language="en", **said)
        return await self.service.ask(session, form or str(uuid4()), wish)
