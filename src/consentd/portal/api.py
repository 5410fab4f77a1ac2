"""The way in and out: an address, a code or a link, a second proof, and leaving (docs/portal.md).

GET changes nothing: a link in a mail opens by a press of the button of its page, since scanners follow links.
"""

import asyncio
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.callers.access import LINK, PUBLIC, SESSION
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import SubjectId
from consentd.portal import second
from consentd.portal.doors import page_of
from consentd.portal.entering import Entering
from consentd.portal.frame import Frame, Visit, browser_of, first, is_own_path
from consentd.portal.post import CodePost
from consentd.portal.reach import Reach
from consentd.portal.second import Choice
from consentd.portal.sessions import Session
from consentd.web.call import Call

HOME = "/my/choices"
_ANSWER_AFTER_SECONDS = 0.05
"""Several times what the work takes: to find somebody takes some tenths of a millisecond longer than to find
nobody, and many answers would tell (bench/strangers.py).
"""


def routes(frame: Frame, entering: Entering, post_office: CodePost) -> list[HTTPRouteHandler]:
    open_page, session_page, link_page = (page_of(frame, door) for door in (PUBLIC, SESSION, LINK))

    async def _choices(session: Session) -> list[Choice]:
        subject = session.subject
        assert subject is not None, "a session that reaches choices is somebody's"

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], list[Choice]]:
            found = second.choices(
                connection,
                frame.visits.keyring,
                compiled.policy,
                subject,
                session.identifier,
                phones=entering.phones,
                mails=post_office.mails,
            )
            return [subject], found

        return await frame.visits.read(session, "contacts.offered", read)

    async def _sent_to(request: Call, visit: Visit) -> str:
        """Where the code of a second proof went, masked; empty for a first one, which tells nobody."""
        session, way = visit.session, await entering.way(frame.way_of(request))
        if session is None or session.reach < Reach.CHOICES or way is None or way.session != session.id:
            return ""
        offered = await _choices(session)
        return next((one.shown for one in offered if one.identifier == way.identifier), "")

    @get("/my", **open_page)
    async def door(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        if visit.session is not None:
            return frame.to(HOME)
        return _door(frame, visit, post_office)

    @post("/my", status_code=200, **open_page)
    async def asked(request: Call) -> Response[Any]:
        visit, said = await frame.posted(request)
        typed = first(said, "contact")
        post_office.require(typed)
        loop = asyncio.get_running_loop()
        answer_at = loop.time() + _ANSWER_AFTER_SECONDS
        try:
            way, sending = await entering.ask(typed, visit.source, visit.language)
        except Unprocessable as error:
            return _door(frame, visit, post_office, typed=typed, wrong=error.code)
        post_office.send(sending)
        await asyncio.sleep(answer_at - loop.time())
        return frame.to("/my/code", frame.way_cookie(way))

    @get("/my/code", **open_page)
    async def code(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        then = _then(request.query_params.get("then"))
        return frame.show(visit, "code.html", wrong="", then=then, to=await _sent_to(request, visit))

    @post("/my/code", status_code=200, **open_page)
    async def entered(request: Call) -> Response[Any]:
        visit, said = await frame.posted(request)
        then = _then(first(said, "then"))
        try:
            opened = await entering.enter(
                frame.way_of(request), first(said, "code"), browser_of(request), visit.session
            )
        except Unprocessable as error:
            to = await _sent_to(request, visit)
            return frame.show(
                visit, "code.html", status=422, here="/my/code", wrong=error.code, then=then, to=to
            )
        return frame.to(then or HOME, frame.session_cookie(opened.cookie))

    @get("/my/in/{token:str}", **link_page)
    async def link(request: Call, token: FromPath[str]) -> Response[Any]:
        visit = await frame.visit(request)
        way = await entering.way_by(token)
        if way is None or not way.is_for(visit.session):
            return _closed(frame, visit, elsewhere=way is not None)
        answer = frame.show(visit, "link.html", leads="proof" if way.session else "choices")
        answer.set_cookie(frame.way_cookie(way.id))
        return answer

    @post("/my/in/{token:str}", status_code=200, **link_page)
    async def followed(request: Call, token: FromPath[str]) -> Response[Any]:
        visit, _ = await frame.posted(request)
        way = await entering.way_by(token)
        frame.require_way(request, way.id if way else None)
        try:
            opened = await entering.follow(token, browser_of(request), visit.session)
        except Unprocessable:
            return _closed(frame, visit, elsewhere=way is not None and not way.is_for(visit.session))
        return frame.to(HOME, frame.session_cookie(opened.cookie))

    @post("/my/leave", status_code=200, **session_page)
    async def left(request: Call) -> Response[Any]:
        visit, _ = await frame.posted(request)
        if visit.session is not None:
            await frame.visits.end(visit.session)
        answer = frame.to("/my?left=1", *frame.without_session())
        # What the browser still holds of these pages is nobody's any more.
        answer.headers["clear-site-data"] = '"cache"'
        return answer

    @get("/my/proof", **session_page)
    async def proof(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        then = _then(request.query_params.get("then"))
        session = visit.require(Reach.CHOICES)
        if session.reach is Reach.PERSON:
            return frame.to(then or HOME)
        return frame.show(visit, "proof.html", choices=await _choices(session), then=then)

    @post("/my/proof", status_code=200, **session_page)
    async def proving(request: Call) -> Response[Any]:
        visit, said = await frame.posted(request)
        session = visit.require(Reach.CHOICES)
        offered = await _choices(session)
        then = _then(first(said, "then"))
        chosen = next((one for one in offered if str(one.identifier) == first(said, "to")), None)
        if chosen is None:
            return frame.show(visit, "proof.html", status=422, here="/my/proof", choices=offered, then=then)
        post_office.require(chosen.named.value)
        way, sending = await entering.ask_for(
            chosen.identifier, chosen.named, visit.source, visit.language, session
        )
        post_office.send(sending)
        return frame.to(f"/my/code?then={then}" if then else "/my/code", frame.way_cookie(way))

    return [door, asked, code, entered, link, followed, left, proof, proving]


def _door(
    frame: Frame, visit: Visit, post_office: CodePost, *, typed: str = "", wrong: str = ""
) -> Response[bytes]:
    query = visit.call.query_params
    return frame.show(
        visit,
        "enter.html",
        status=422 if wrong else 200,
        here="/my",
        typed=typed[:320],
        wrong=wrong,
        phones=post_office.phones,
        mails=post_office.mails,
        left="left" in query,
        over="over" in query,
    )


def _closed(frame: Frame, visit: Visit, *, elsewhere: bool) -> Response[bytes]:
    return frame.show(
        visit, "link.html", status=404, here="/my", leads="elsewhere" if elsewhere else "nowhere"
    )


def _then(asked: str | None) -> str:
    """The page to come back to; empty for what is none of ours."""
    return asked if asked and is_own_path(asked) else ""
