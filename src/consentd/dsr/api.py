"""Rights requests over HTTP. No identifier is ever in a URL, and no answer says whether somebody is known."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from consentd.base.described import described, leads_to
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.dsr import examples
from consentd.dsr.identity import CODE_MINUTES
from consentd.dsr.service import RequestService
from consentd.dsr.shapes import AnyStep, RequestAsked
from consentd.dsr.states import OPEN, State
from consentd.dsr.views import RequestBrief, RequestReceived, RequestTold
from consentd.subjects.requests import Word
from consentd.web.call import Call
from consentd.web.cursors import decode_cursor, encode_cursor
from consentd.web.idempotency import Repeats

_LINK = {"request": leads_to("getRequest", request_id="$response.body#/id")}
_ID = {"request_id": examples.REQUEST}
_NOT_NOW = "The request is in another state, or something is missing: `code` and `detail` say what."


class CodeWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scheme: Word = "email"
    """What kind of contact detail it is sent to: one on record, never one that came with the request."""


class CodeSent(msgspec.Struct, frozen=True):
    """The same whether there was anybody to send it to."""

    minutes: int


class CodeGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]

    def __repr__(self) -> str:
        return "CodeGiven(…)"


class RequestsListed(msgspec.Struct, frozen=True):
    """Those whose time ends first come first."""

    requests: tuple[RequestBrief, ...]
    next: str | None
    """Pass it as `cursor` for the next page; null on the last."""


def routes(service: RequestService, repeats: Repeats) -> list[HTTPRouteHandler]:
    @post(
        "/v1/requests",
        opt=needs(Scope.REQUESTS_WRITE)
        | described(examples=examples.ASKED, links=_LINK, answer=examples.RECEIVED),
        tags=["requests"],
        operation_id="makeRequest",
        summary="Take in a rights request",
    )
    async def register(request: Call, data: JSONBody[RequestAsked]) -> RequestReceived:
        """What a person asks for under GDPR 7(3) and 15 to 21, however it came in.

        What only restricts is done at once. The rest waits for a proof of who asks. The answer is the same
        for people who are known and for people who are not.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            return await service.register(request.caller, data, repeat)

    @get(
        "/v1/requests",
        opt=needs(Scope.REQUESTS_READ) | described(answer=examples.LISTED),
        tags=["requests"],
        operation_id="listRequests",
        summary="Requests, by when they are due",
    )
    async def listed(
        request: Call,
        wanted: Annotated[State | None, QueryParameter(name="state")] = None,
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> RequestsListed:
        """Those that are open, and those over of which staff still have to write to the person, unless a
        state is named.
        """
        states = (wanted.value,) if wanted else tuple(sorted(OPEN))
        after = decode_cursor(cursor, tuple[str, UUID]) if cursor else None
        page, following = await service.listed(request.caller, states, after, limit, unwritten=wanted is None)
        return RequestsListed(page, encode_cursor(following) if following else None)

    @get(
        "/v1/requests/{request_id:uuid}",
        opt=needs(Scope.REQUESTS_READ) | described(answer=examples.TOLD, parameters=_ID),
        tags=["requests"],
        operation_id="getRequest",
        summary="Where a request stands",
    )
    async def tell(request: Call, request_id: FromPath[UUID]) -> RequestTold:
        """Its course, its dates, and silo by silo what was found, deleted, changed, kept and why."""
        return await service.tell(request.caller, request_id)

    @post(
        "/v1/requests/{request_id:uuid}/code",
        opt=needs(Scope.REQUESTS_WRITE)
        | described(
            examples=examples.CODE,
            also={404: "There is no request of this number.", 409: _NOT_NOW},
            answer=examples.CODE_SENT,
            parameters=_ID,
            changes=True,
        ),
        status_code=202,
        tags=["requests"],
        operation_id="sendCode",
        summary="Send a code to a known contact detail",
    )
    async def send(request: Call, request_id: FromPath[UUID], data: JSONBody[CodeWanted]) -> CodeSent:
        """The detail is one on record for the person. Whether there is one is not told."""
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            await service.send_code(request.caller, request_id, data.scheme, repeat)
        return CodeSent(CODE_MINUTES)

    @post(
        "/v1/requests/{request_id:uuid}/proof",
        opt=needs(Scope.REQUESTS_WRITE)
        | described(
            examples=examples.PROOF,
            also={404: "There is no request of this number.", 409: _NOT_NOW},
            answer=examples.RECEIVED,
            parameters=_ID,
            changes=True,
        ),
        status_code=200,
        tags=["requests"],
        operation_id="proveIdentity",
        summary="Give the code that was sent",
    )
    async def prove(request: Call, request_id: FromPath[UUID], data: JSONBody[CodeGiven]) -> RequestReceived:
        """Five tries a code. A code proves that somebody reads what is sent there; where that is not enough
        for the right, the request goes on waiting, and nothing says why.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            return await service.prove(request.caller, request_id, data.code, repeat)

    @post(
        "/v1/requests/{request_id:uuid}/steps",
        opt=needs(Scope.REQUESTS_DECIDE)
        | described(
            examples=examples.STEPS,
            also={404: "There is no such request, or no such member of staff.", 409: _NOT_NOW},
            answer=examples.TOLD,
            parameters=_ID,
            changes=True,
        ),
        status_code=200,
        tags=["requests"],
        operation_id="takeStep",
        summary="What staff decide about a request",
    )
    async def step(request: Call, request_id: FromPath[UUID], data: JSONBody[AnyStep]) -> RequestTold:
        """To identify, to ask for proof on doubt, to approve, refuse, extend, release, ask silos again, or
        note that the person took it back, or that staff wrote by hand what no mail could tell. `by` is who
        decides: an erasure by staff takes two.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            return await service.step(request.caller, request_id, data, repeat)

    return [register, listed, tell, send, prove, step]
