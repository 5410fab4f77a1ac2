"""Copies over HTTP: staff look at them, links are made; and the one address that anybody may open."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from consentd.base.described import described
from consentd.base.i18n import choose
from consentd.callers.access import PUBLIC, needs
from consentd.callers.model import Scope
from consentd.dsr.api import CodeSent
from consentd.dsr.copying import examples
from consentd.dsr.copying.handing_out import HandingOut
from consentd.dsr.copying.looking import MOST_RECORDS, Looking
from consentd.dsr.copying.page import WORDS
from consentd.dsr.copying.shapes import CopyTold, HandedOver, LinkMade, ProofGiven, RecordsTold
from consentd.dsr.identity import CODE_MINUTES
from consentd.kernel.errors import NotFound
from consentd.web.call import Call
from consentd.web.idempotency import Repeats
from consentd.web.negotiation import choose as chosen
from consentd.web.pages.shell import render, shown

_NO_REQUEST = {404: "There is no request of this number, or no copy of it."}
_NOT_RELEASED = {
    409: "Nothing is released, or no contact detail proved who asked, or enough was asked today."
}


class CodeAgain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it goes is not asked: to the contact detail that proved who it is."""


def routes(looking: Looking, handing: HandingOut, repeats: Repeats) -> list[HTTPRouteHandler]:
    return [*_looking(looking), *_linking(handing, repeats), *_fetching(handing)]


def _looking(looking: Looking) -> list[HTTPRouteHandler]:
    @get(
        "/v1/requests/{request_id:uuid}/copy",
        opt=needs(Scope.REQUESTS_DECIDE)
        | described(answer=examples.COPY, parameters=examples.ID, also=_NO_REQUEST),
        tags=["requests"],
        operation_id="getCopy",
        summary="How far a copy is, and what would go out",
    )
    async def tell(request: Call, request_id: FromPath[UUID]) -> CopyTold:
        """Silo by silo the categories and how many records; what is held back, and why. Logged."""
        return await looking.tell(request.caller, request_id)

    @get(
        "/v1/requests/{request_id:uuid}/copy/records",
        opt=needs(Scope.REQUESTS_DECIDE)
        | described(
            answer=examples.RECORDS,
            parameters=examples.ASKED_FOR,
            also={
                404: "There is no such request, member of staff, silo or category.",
                409: "The request is not at its review.",
            },
        ),
        tags=["requests"],
        operation_id="getCopyRecords",
        summary="Look at records before they go out",
    )
    async def records(
        request: Call,
        request_id: FromPath[UUID],
        by: FromQuery[UUID],
        system: Annotated[str, QueryParameter(min_length=1, max_length=200)],
        what: Annotated[str, QueryParameter(min_length=1, max_length=200)],
        after: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_RECORDS)] = 50,
    ) -> RecordsTold:
        """As the silo sent them, with the numbers by which the step `redact` names them. Each look is logged
        under `by`, the member of staff: the person may ask who looked.
        """
        return await looking.records(request.caller, request_id, by, system, what, after, limit)

    return [tell, records]


def _linking(handing: HandingOut, repeats: Repeats) -> list[HTTPRouteHandler]:
    @post(
        "/v1/requests/{request_id:uuid}/copy/code",
        opt=needs(Scope.REQUESTS_WRITE)
        | described(
            examples=examples.CODE_ASKED,
            answer={"minutes": CODE_MINUTES},
            parameters=examples.ID,
            also=_NO_REQUEST | _NOT_RELEASED,
            changes=True,
        ),
        status_code=202,
        tags=["requests"],
        operation_id="sendCopyCode",
        summary="Send a code before a copy is fetched",
    )
    async def code(request: Call, request_id: FromPath[UUID], data: JSONBody[CodeAgain]) -> CodeSent:
        """To the contact detail that proved who asked, if it is still theirs alone."""
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            await handing.send_code(request.caller, request_id, repeat)
        return CodeSent(CODE_MINUTES)

    @post(
        "/v1/requests/{request_id:uuid}/copy/link",
        opt=needs(Scope.REQUESTS_WRITE)
        | described(
            examples=examples.PROOF,
            answer=examples.LINK,
            parameters=examples.ID,
            also=_NO_REQUEST | _NOT_RELEASED,
            changes=True,
        ),
        status_code=200,
        tags=["requests"],
        operation_id="makeCopyLink",
        summary="A link to the copy, for the code that was sent",
    )
    async def link(request: Call, request_id: FromPath[UUID], data: JSONBody[ProofGiven]) -> LinkMade:
        """It opens once, within a day. A new one ends the one before. It is told once: the same call again,
        with the same Idempotency-Key, makes no other and is refused.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            return await handing.link_by_code(request.caller, request_id, data.code, repeat)

    @post(
        "/v1/requests/{request_id:uuid}/copy/handover",
        opt=needs(Scope.REQUESTS_DECIDE)
        | described(
            examples=examples.GROUNDS,
            answer=examples.LINK,
            parameters=examples.ID,
            also=_NO_REQUEST | _NOT_RELEASED,
            changes=True,
        ),
        status_code=200,
        tags=["requests"],
        operation_id="handOverCopy",
        summary="A link to the copy, by a decision of staff",
    )
    async def hand_over(request: Call, request_id: FromPath[UUID], data: JSONBody[HandedOver]) -> LinkMade:
        """For who has no contact detail that proved them: staff say how they know who takes it. The link is
        told once: the same call again, with the same Idempotency-Key, makes no other and is refused.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            return await handing.hand_over(request.caller, request_id, data, repeat)

    return [code, link, hand_over]


def _fetching(handing: HandingOut) -> list[HTTPRouteHandler]:
    @get("/v1/packages/{token:str}", opt=PUBLIC, include_in_schema=False)
    async def page(request: Call, token: FromPath[str], lang: FromQuery[str | None] = None) -> Response[str]:
        # Whatever the token: nothing is looked up, and nothing used up.
        return await _page(request, lang, dead=False)

    @post("/v1/packages/{token:str}", opt=PUBLIC, status_code=200, include_in_schema=False)
    async def take(
        request: Call, token: FromPath[str], lang: FromQuery[str | None] = None
    ) -> Response[Any]:  # Any: a page, or the file
        try:
            download = await handing.take(token)
        except NotFound:
            wanted = chosen(",".join(request.headers.getall("accept", [])), ("application/json", "text/html"))
            if wanted != "text/html":
                raise
            answer = await _page(request, lang, dead=True)
            answer.status_code = 404
            return answer
        return Stream(
            download.blocks(),
            media_type="application/zip",
            headers={
                "content-length": str(download.size),
                "content-disposition": f'attachment; filename="{download.name}"',
            },
        )

    async def _page(request: Call, lang: str | None, *, dead: bool) -> Response[str]:
        language = choose(lang, request.headers.get("accept-language"))
        brand = await handing.brand()
        return shown(request, render("copy.html", language, WORDS, dead=dead, brand=brand), language)

    return [page, take]
