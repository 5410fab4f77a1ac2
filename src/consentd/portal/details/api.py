"""The pages of contact details: what is on record, and having it put right or removed."""

from typing import Any
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.callers.access import SESSION
from consentd.kernel.errors import Unprocessable
from consentd.portal.details.model import Correction
from consentd.portal.details.service import DetailService, unknown_detail
from consentd.portal.doors import page_of
from consentd.portal.frame import Frame, Visit, first
from consentd.portal.labels import Labels
from consentd.portal.post import CodePost
from consentd.portal.reach import Reach
from consentd.portal.rights.form import number_of
from consentd.web.call import Call


def routes(frame: Frame, service: DetailService, post_office: CodePost) -> list[HTTPRouteHandler]:
    page = page_of(frame, SESSION)

    @get("/my/details", **page)
    async def details(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        found = await service.details(visit.require(Reach.CHOICES), visit.language)
        return frame.show(visit, "details.html", details=found, labels=_labels(visit))

    @get("/my/details/name", **page)
    async def name(request: Call) -> Response[Any]:
        return await _form(await frame.visit(request), None)

    @post("/my/details/name", status_code=200, **page)
    async def named(request: Call) -> Response[Any]:
        visit, said = await frame.posted(request)
        return await _asked(visit, said, None)

    @get("/my/details/{detail_id:uuid}", **page)
    async def detail(request: Call, detail_id: FromPath[UUID]) -> Response[Any]:
        return await _form(await frame.visit(request), detail_id)

    @post("/my/details/{detail_id:uuid}", status_code=200, **page)
    async def corrected(request: Call, detail_id: FromPath[UUID]) -> Response[Any]:
        visit, said = await frame.posted(request)
        return await _asked(visit, said, detail_id)

    async def _asked(visit: Visit, said: Any, id_: UUID | None) -> Response[Any]:  # Any: a form
        session, number, right = visit.require(Reach.PERSON), number_of(said), first(said, "right")
        removes = id_ is not None and first(said, "remove") == "yes"
        asked = Correction(
            what="remove" if removes else "name" if id_ is None else "replace",
            detail=id_,
            right="" if removes else right,
        )
        if number is None:
            return await _form(visit, id_, right=right, wrong="not_readable")
        try:
            # Only what a code can be sent to is confirmed by one.
            if "code" in said and id_ is not None and not removes:
                return await _confirmed(visit, said, number, asked, id_)
            sent = await service.ask_code(session, visit.language, asked, visit.source)
            if sent is not None and id_ is not None:
                post_office.require(right)
                post_office.send(sent[1])
                return _code(visit, id_, right, number, sent[0])
            request = await service.correct(session, number, visit.language, asked)
        except Unprocessable as error:
            if error.code not in ("not_readable", "invalid_identifier", "nothing_changed"):
                raise
            return await _form(visit, id_, right=right, wrong=error.code)
        return frame.to(f"/my/requests/{request}")

    async def _confirmed(
        visit: Visit, said: Any, number: str, asked: Correction, id_: UUID
    ) -> Response[Any]:  # Any: a form
        session, way = visit.require(Reach.PERSON), number_of({"number": said.get("way", [])})
        try:
            request = await service.confirm(
                session, number, visit.language, asked, UUID(way) if way else None, first(said, "code")
            )
        except Unprocessable as error:
            if error.code != "wrong_code":
                raise
            return _code(visit, id_, asked.right, number, way, status=422)
        return frame.to(f"/my/requests/{request}")

    def _code(
        visit: Visit, id_: UUID, right: str, number: str, way: object, *, status: int = 200
    ) -> Response[bytes]:
        # What was typed is in the page alone, and in nobody's address or cookie.
        return frame.show(
            visit,
            "detail_code.html",
            status=status,
            here=f"/my/details/{id_}",
            address=f"/my/details/{id_}",
            right=right[:320],
            number=number,
            way=way or "",
            wrong=status != 200,
        )

    async def _form(visit: Visit, id_: UUID | None, *, right: str = "", wrong: str = "") -> Response[bytes]:
        session = visit.require(Reach.PERSON)
        found = await service.details(session, visit.language)
        one = next((one for one in found.details if one.id == id_), None)
        if id_ is not None and one is None:
            raise unknown_detail()
        here = f"/my/details/{id_ or 'name'}"
        return frame.show(
            visit,
            "detail.html",
            status=422 if wrong else 200,
            here=here,
            address=here,
            detail=one,
            due=service.due(visit.compiled.policy),
            labels=_labels(visit),
            number=str(uuid4()),
            number_to_remove=str(uuid4()),
            right=right[:320],
            wrong=wrong,
        )

    return [details, name, named, detail, corrected]


def _labels(visit: Visit) -> Labels:
    return Labels(visit.compiled.policy, visit.language)
