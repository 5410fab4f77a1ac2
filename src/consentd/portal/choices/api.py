"""The page of choices, and its buttons. Each takes one press, to agree as to stop (decision 0050).

A press is answered with 303 to the page, which tells what was done; so going back or looking again presses
nothing.
"""

from typing import Any, NamedTuple
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from consentd.callers.access import SESSION
from consentd.kernel.ending import on_consent
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.policy import Purpose
from consentd.portal.choices.model import Control
from consentd.portal.choices.saving import Press, Saving
from consentd.portal.choices.showing import Done, Showing
from consentd.portal.choices.supposing import expressly
from consentd.portal.choices.told import grid_told
from consentd.portal.doors import page_of
from consentd.portal.frame import Frame, Visit, first
from consentd.portal.reach import Reach
from consentd.web.call import Call

PAGE = "/my/choices"


class _Button(NamedTuple):
    """What the name of a pressed button says: five parts between colons."""

    wish: Control
    purpose: str
    channel: str
    point: UUID | None
    shown: str


def routes(frame: Frame, showing: Showing, saving: Saving) -> list[HTTPRouteHandler]:
    session_page = page_of(frame, SESSION)

    @get(PAGE, **session_page)
    async def page(request: Call) -> Response[Any]:
        return await _page(frame, showing, await frame.visit(request))

    @post(PAGE, status_code=200, **session_page)
    async def pressed(request: Call) -> Response[Any]:
        visit, said = await frame.posted(request)
        session = visit.require(Reach.CHOICES)
        button = _button(first(said, "do"))
        purpose = visit.compiled.purposes.get(button.purpose) if button else None
        if button is None or purpose is None:
            return await _page(frame, showing, visit, wrong="no_such_choice")
        press = Press(
            button.purpose,
            button.channel,
            button.point,
            button.wish,
            visit.language,
            button.shown,
            _wording(visit, button, purpose),
        )
        try:
            saved = await saving.press(session, press)
        except (Conflict, NotFound) as error:
            return await _page(frame, showing, visit, wrong=error.code)
        return frame.to(f"{PAGE}?saved={saved.receipt}" if saved.receipt else f"{PAGE}?saved=before")

    @post("/my/stop-all", status_code=200, **session_page)
    async def stopped(request: Call) -> Response[Any]:
        visit, _ = await frame.posted(request)
        session = visit.require(Reach.STOP)
        if session.reach is Reach.STOP:
            await saving.stop_here(session)
            return frame.to(f"{PAGE}?stopped=1")
        saved = await saving.stop_all(session, visit.language)
        return frame.to(f"{PAGE}?saved={saved.receipt}")

    return [page, pressed, stopped]


async def _page(frame: Frame, showing: Showing, visit: Visit, *, wrong: str = "") -> Response[bytes]:
    session = visit.require(Reach.STOP)
    query = visit.call.query_params
    if session.reach is Reach.STOP:
        return frame.show(visit, "stop-here.html", stopped="stopped" in query)
    apart = query.get("each") == "1"
    batch = _uuid(query.get("saved", ""))
    shown = await showing.choices(session, visit.language, apart=apart, batch=batch)
    return frame.show(
        visit,
        "choices.html",
        status=422 if wrong else 200,
        here=PAGE if wrong else None,
        told=grid_told(shown, visit.speech),
        done=shown.done or (Done(None, (), ()) if query.get("saved") == "before" else None),
        wrong=wrong,
        apart=apart,
    )


def _wording(visit: Visit, button: _Button, purpose: Purpose) -> str:
    """What the button says, as the page has it."""
    said = visit.speech.gettext
    if button.wish is Control.STOP:
        return said("Stop")
    if not on_consent(purpose, button.channel):
        return said("Allow again")
    return said("Agree expressly") if expressly(purpose, button.channel) else said("Agree")


def _button(name: str) -> _Button | None:
    parts = name.split(":")
    if len(parts) != 5 or parts[0] not in (Control.STOP, Control.AGREE):
        return None
    wish, purpose, channel, point, shown = parts
    found = _uuid(point)
    if point and found is None:
        return None
    return _Button(Control(wish), purpose, channel, found, shown)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
