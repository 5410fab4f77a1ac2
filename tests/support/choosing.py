"""Somebody on their page of choices: they look at the grid, and press its buttons."""

from uuid import UUID

from consentd.base.i18n import Language
from consentd.portal.choices.model import Control, Part
from consentd.portal.choices.saving import Press, Saved, Saving
from consentd.portal.choices.showing import Showing, Shown
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session
from support.builders import Company
from support.visiting import Visiting


class Choosing:
    """Of one company."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.visiting = Visiting(company)
        self.showing = Showing(self.visiting.visits)
        self.saving = Saving(self.visiting.visits)

    async def session(self, named: str, reach: Reach = Reach.CHOICES) -> Session:
        return await self.visiting.session_of(named, reach)

    async def looks(self, session: Session, language: Language = "fr") -> Shown:
        self.company.clock.move(minutes=1)
        return await self.showing.choices(session, language)

    async def part(self, session: Session, purpose: str, channel: str, point: str | None = None) -> Part:
        """The one of a cell, or that of a contact detail as it is shown."""
        shown = await self.looks(session)
        cell = shown.grid.cell(purpose, channel)
        assert cell is not None, "the policy has no such cell"
        if point is None:
            (found,) = cell.parts
            return found
        (found,) = [one for one in cell.parts if [shown.masked[id_] for id_ in one.points] == [point]]
        return found

    async def presses(
        self, session: Session, purpose: str, channel: str, wish: Control, point: UUID | None = None
    ) -> Saved:
        """As the page would: with the text that it shows."""
        shown = await self.looks(session)
        notice = shown.notices.get((purpose, channel))
        digest = notice.ref.digest if notice is not None else ""
        press = Press(purpose, channel, point, wish, "fr", digest, "J’accepte")
        self.company.clock.move(minutes=1)
        return await self.saving.press(session, press)
