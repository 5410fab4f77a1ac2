"""The pages of the history: what was chosen, with the text that was shown; and who looked."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.callers.access import SESSION
from consentd.consent.words import method_in_words, state_in_words
from consentd.kernel.instants import Instant
from consentd.portal.doors import page_of
from consentd.portal.frame import Frame, Visit
from consentd.portal.history.model import Happened, Looked, Position
from consentd.portal.history.service import HistoryService
from consentd.portal.labels import Labels
from consentd.portal.notice_text import body, paragraphs, title
from consentd.portal.reach import Reach
from consentd.web.call import Call
from consentd.web.cursors import decode_cursor, encode_cursor


class Entry(msgspec.Struct, frozen=True):
    """What a timeline shows of one."""

    it: Happened | Looked
    iso: str
    when: str
    state: str = ""
    method: str = ""


def routes(frame: Frame, service: HistoryService) -> list[HTTPRouteHandler]:
    page = page_of(frame, SESSION)

    @get("/my/history", **page)
    async def history(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        session = visit.require(Reach.PERSON)
        after = _after(request)
        found = await service.history(session, visit.language, after)
        return frame.show(
            visit,
            "history.html",
            entries=[_told(visit, one) for one in found.entries],
            after=encode_cursor(found.after) if found.after else "",
            later=after is not None,
            labels=Labels(visit.compiled.policy, visit.language),
        )

    @get("/my/history/looks", **page)
    async def looks(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        session = visit.require(Reach.PERSON)
        found = await service.looks(session, visit.language, _after(request))
        return frame.show(
            visit,
            "looks.html",
            entries=[Entry(one, *_when(visit, one.at)) for one in found.entries],
            after=encode_cursor(found.after) if found.after else "",
        )

    @get("/my/history/{event_id:uuid}", **page)
    async def notice(request: Call, event_id: FromPath[UUID]) -> Response[Any]:
        visit = await frame.visit(request)
        shown, text = await service.notice(visit.require(Reach.PERSON), event_id)
        return frame.show(
            visit,
            "notice.html",
            notice=shown,
            file=text,
            title=title(text or "") or shown.id,
            paragraphs=paragraphs(body(text or ""), shown.language),
        )

    return [history, looks, notice]


def _after(request: Call) -> Position | None:
    """Raises Unprocessable for what is no cursor of ours."""
    cursor = request.query_params.get("after")
    return decode_cursor(cursor, Position) if cursor else None


def _told(visit: Visit, one: Happened) -> Entry:
    iso, when = _when(visit, one.at)
    if one.until is not None:
        # Only the day is known.
        iso, when = iso[:10], visit.speech.date(one.at)
    return Entry(
        one,
        iso,
        when,
        state=_first_up(state_in_words(one.state, visit.language)) if one.state else "",
        method=method_in_words(one.method, visit.language) if one.method else "",
    )


def _when(visit: Visit, at: Instant) -> tuple[str, str]:
    return visit.speech.iso(at), visit.speech.moment(at)


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]
