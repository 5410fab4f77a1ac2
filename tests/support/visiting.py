"""Somebody on the customers' pages: they ask for a code, read it where it was sent, and come in."""

from typing import Any
from uuid import UUID

from consentd.db.unit import Unit
from consentd.kernel.ids import SubjectId
from consentd.portal.entering import Entering, Sending
from consentd.portal.opening import Opened
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session, open_session
from consentd.portal.visits import Visits
from consentd.subjects.service import group_of
from support.builders import Company

BROWSER = "Mozilla/5.0 (Linux; Android 7.0) an old telephone"
ELSEWHERE = "Mozilla/5.0 (X11; Linux) somebody else's"
PLACE = "192.0.2.7"


class Visiting:
    """Of one company. `phones`: whether its text messages are sent."""

    def __init__(self, company: Company, *, phones: bool = True) -> None:
        self.company = company
        self.visits = Visits(company.doing)
        self.entering = Entering(company.doing, phones=phones)

    async def asks(self, typed: str, *, place: str = PLACE) -> tuple[UUID, Sending | None]:
        return await self.entering.ask(typed, place, "fr")

    async def comes_in(self, typed: str) -> Session:
        """By the code that was sent there."""
        return (await self.opens(typed)).session

    async def opens(self, typed: str) -> Opened:
        way, sending = await self.asks(typed)
        assert sending is not None, "nothing was sent"
        return await self.entering.enter(way, sending.code, BROWSER, None)

    async def found(self, cookie: str | None, browser: str = BROWSER) -> Session | None:
        return (await self.visits.find(cookie, browser))[0]

    async def session_of(self, named: str, reach: Reach = Reach.PERSON) -> Session:
        """A session of somebody on record, without the way in: for tests of what it opens."""
        subject = await self.company.person(named)
        return await self.open(subject, reach)

    async def open(self, subject: SubjectId | None, reach: Reach, identifier: Any = None) -> Session:
        def work(unit: Unit) -> Session:
            about = None if subject is None else group_of(unit.connection, subject)
            whose = None if about is None else SubjectId(about)
            opened, _ = open_session(
                unit, self.company.keyring, BROWSER, subject=whose, identifier=identifier, reach=reach
            )
            return opened

        return await self.company.database.housekeep(work)
