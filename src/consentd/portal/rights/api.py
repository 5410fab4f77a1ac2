"""The pages of rights and requests: what there is, asking for it, following it, and taking a copy.

Each form has a number of its own, drawn with the page: sent twice, it asks once (promise 2).
"""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from consentd.base.i18n import article
from consentd.callers.access import SESSION
from consentd.dsr.certificate_words import Passage, described, outlined
from consentd.dsr.rights import Right
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.request_rules import released_by_itself
from consentd.portal.doors import page_of
from consentd.portal.frame import Frame, Visit, first
from consentd.portal.labels import Labels
from consentd.portal.reach import Reach
from consentd.portal.rights import form, rules
from consentd.portal.rights.model import Followed
from consentd.portal.rights.service import RightsService
from consentd.portal.rights.told import Step, told
from consentd.portal.sessions import Session
from consentd.web.call import Call

_BY_SLUG = {code.replace("_", "-"): right for code, right in rules.FORMS.items()}
_DIRECT = frozenset({Right.MARKETING_OBJECTION, Right.WITHDRAWAL})
"""Done by one press in the list itself: nothing is to be said beside it."""


class _Entry(msgspec.Struct, frozen=True):
    """What the timeline shows of a step."""

    iso: str
    when: str
    event: str
    on: dt.date | None


def routes(frame: Frame, service: RightsService) -> list[HTTPRouteHandler]:
    return [*_asking(frame, service), *_following(frame, service)]


def _asking(frame: Frame, service: RightsService) -> list[HTTPRouteHandler]:
    page = page_of(frame, SESSION)

    @get("/my/rights", **page)
    async def rights(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        overview = await service.overview(visit.require(Reach.CHOICES))
        return frame.show(
            visit,
            "rights.html",
            overview=overview,
            labels=_labels(visit),
            direct={one.value for one in _DIRECT},
            number=lambda: str(uuid4()),
        )

    @get("/my/rights/{slug:str}", **page)
    async def asking(request: Call, slug: FromPath[str]) -> Response[Any]:
        visit = await frame.visit(request)
        visit.require(Reach.CHOICES)
        right = _right(slug)
        return await _form(visit, right, visit.require(rules.reach_for(right)), {}, {})

    @post("/my/rights/{slug:str}", status_code=200, **page)
    async def asked(request: Call, slug: FromPath[str]) -> Response[Any]:
        visit, said = await frame.posted(request)
        visit.require(Reach.CHOICES)
        right = _right(slug)
        session = visit.require(rules.reach_for(right))
        number = form.number_of(said)
        wish = form.read(right, said, visit.language, rules.objectable(visit.compiled.policy))
        if isinstance(wish, dict) or number is None:
            errors = wish if isinstance(wish, dict) else {}
            return await _form(visit, right, session, said, errors, status=422)
        return frame.to(f"/my/requests/{await service.ask(session, number, wish)}")

    async def _form(
        visit: Visit,
        right: Right,
        session: Session,
        said: form.Said,
        errors: dict[str, str],
        *,
        status: int = 200,
    ) -> Response[bytes]:
        slug = right.value.replace("_", "-")
        return frame.show(
            visit,
            "right.html",
            status=status,
            here=f"/my/rights/{slug}",
            right=right.value,
            slug=slug,
            article=_article(visit),
            under_way=await service.under_way(session, right),
            asked_on=_day,
            preview=await service.erasure(session) if right is Right.ERASURE else None,
            due=rules.answer_day(visit.compiled.policy, service.today(visit.compiled.policy)),
            uses=rules.objectable(visit.compiled.policy),
            by_itself=released_by_itself(visit.compiled.policy.requests, right),
            labels=_labels(visit),
            number=str(uuid4()),
            said={name: first(said, name) for name in ("words", "wish", "name", "contact")},
            named=said.get("purposes", ()),
            errors=errors,
        )

    return [rights, asking, asked]


def _following(frame: Frame, service: RightsService) -> list[HTTPRouteHandler]:
    page = page_of(frame, SESSION)

    @get("/my/requests", **page)
    async def requests(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        found = await service.requests(visit.require(Reach.CHOICES))
        return frame.show(visit, "requests.html", requests=found, day=_day)

    @get("/my/requests/{request_id:uuid}", **page)
    async def follow(request: Call, request_id: FromPath[UUID]) -> Response[Any]:
        visit = await frame.visit(request)
        session = visit.require(Reach.CHOICES)
        return await _shown(visit, session, await service.request(session, request_id))

    async def _shown(
        visit: Visit, session: Session, found: Followed, *, wrong: str = "", status: int = 200
    ) -> Response[bytes]:
        person, erases = session.reach is Reach.PERSON, found.told.right == Right.ERASURE.value
        certificate: list[Passage] = []
        if person and erases:
            certificates = await service.certificates(session, found.told.id)
            zone = ZoneInfo(visit.compiled.policy.controller.zone)
            if certificates:
                certificate = outlined(described(certificates[-1].content, visit.language, zone))
        shown = told(found.told, person=person)
        return frame.show(
            visit,
            "request.html",
            status=status,
            here=f"/my/requests/{found.told.id}",
            it=found.told,
            told=shown,
            entries=[_entry(visit, one) for one in shown.steps],
            article=_article(visit),
            day=_day,
            copy_until=found.copy_until,
            can_be_taken_back=found.can_be_taken_back,
            person=person,
            erases=erases,
            certificate=certificate,
            wrong=wrong,
        )

    @post("/my/requests/{request_id:uuid}/take-back", status_code=200, **page)
    async def take_back(request: Call, request_id: FromPath[UUID]) -> Response[Any]:
        visit, _ = await frame.posted(request)
        session = visit.require(Reach.CHOICES)
        try:
            await service.take_back(session, request_id)
        except Conflict as conflict:
            found = await service.request(session, request_id)
            if found.told.state == "withdrawn":
                return frame.to(f"/my/requests/{request_id}")
            return await _shown(visit, session, found, wrong=conflict.code, status=409)
        return frame.to(f"/my/requests/{request_id}")

    @post("/my/requests/{request_id:uuid}/copy", status_code=200, **page)
    async def copy(request: Call, request_id: FromPath[UUID]) -> Response[Any]:
        visit, _ = await frame.posted(request)
        session = visit.require(Reach.PERSON)
        try:
            download = await service.copy(session, request_id)
        except Conflict as conflict:
            found = await service.request(session, request_id)
            return await _shown(visit, session, found, wrong=conflict.code, status=409)
        headers = {
            "content-length": str(download.size),
            "content-disposition": f'attachment; filename="{download.name}"',
        }
        return Stream(download.blocks(), media_type="application/zip", headers=headers)

    @get("/my/requests/{request_id:uuid}/certificate", **page)
    async def certificate(request: Call, request_id: FromPath[UUID]) -> Response[bytes]:
        visit = await frame.visit(request)
        found = await service.certificates(visit.require(Reach.PERSON), request_id)
        if not found:
            raise NotFound("unknown_request", "There is no request of this number.")
        # As GET /v1/requests/{id}/certificate tells it, which is what verifies.
        return attached(msgspec.json.encode({"certificates": found}), "certificate.json")

    return [requests, follow, take_back, copy, certificate]


def attached(content: bytes, name: str, media: str = "application/json") -> Response[bytes]:
    """A file to be kept, never shown in the page's place."""
    disposition = f'attachment; filename="{name}"'
    return Response(content, media_type=media, headers={"content-disposition": disposition})


def _right(slug: str) -> Right:
    right = _BY_SLUG.get(slug)
    if right is None or right is Right.RECTIFICATION:
        raise NotFound("no_such_address", "There is no such page.")
    return right


def _entry(visit: Visit, one: Step) -> _Entry:
    return _Entry(visit.speech.iso(one.at), visit.speech.moment(one.at), one.event, one.on)


def _day(iso: str) -> dt.date | None:
    """A tool may have said anything."""
    try:
        return dt.date.fromisoformat(iso)
    except ValueError:
        return None


def _article(visit: Visit) -> Callable[[str], str]:
    return lambda cited: article(cited, visit.language)


def _labels(visit: Visit) -> Labels:
    return Labels(visit.compiled.policy, visit.language)
