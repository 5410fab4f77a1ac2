"""Deciding on pairs of people who may be one, over HTTP. `subjects.api` lists them."""

from uuid import UUID

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.base.described import described
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.consent import deciding
from consentd.consent.deciding import Decided, Decision
from consentd.subjects import examples
from consentd.subjects.doing import Doing
from consentd.web.call import Call
from consentd.web.idempotency import Repeats

_ALREADY = "It was decided already: undo that first. Or the same call is still running."
_NOTHING = "Nothing was decided: there is nothing to undo. Or the same call is still running."
_GONE = "There is no such pair; if one of the two was erased, it went with them."
_PAIR = {"candidate_id": examples.CANDIDATE}


def routes(doing: Doing, repeats: Repeats) -> list[HTTPRouteHandler]:
    async def decide(request: Call, candidate: UUID, decision: Decision) -> Decided:
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            return await deciding.decide(doing, request.caller, repeat, candidate, decision)

    @post(
        "/v1/merge-candidates/{candidate_id:uuid}/approve",
        opt=needs(Scope.PEOPLE_WRITE)
        | described(
            also={404: _GONE, 409: _ALREADY}, answer=examples.APPROVED, parameters=_PAIR, changes=True
        ),
        status_code=200,
        tags=["people"],
        operation_id="approveMergeCandidate",
        summary="They are one person",
    )
    async def approve(request: Call, candidate_id: FromPath[UUID]) -> Decided:
        """From now on what is known of the one is known of both: a refusal of either denies for both.

        Nothing is moved or overwritten, so that it can be undone.
        """
        return await decide(request, candidate_id, deciding.approve)

    @post(
        "/v1/merge-candidates/{candidate_id:uuid}/refuse",
        opt=needs(Scope.PEOPLE_WRITE)
        | described(
            also={404: _GONE, 409: _ALREADY}, answer=examples.REFUSED, parameters=_PAIR, changes=True
        ),
        status_code=200,
        tags=["people"],
        operation_id="refuseMergeCandidate",
        summary="They are two people",
    )
    async def refuse(request: Call, candidate_id: FromPath[UUID]) -> Decided:
        """The pair is not proposed again, unless another reason or another identifier speaks for it."""
        return await decide(request, candidate_id, deciding.refuse)

    @post(
        "/v1/merge-candidates/{candidate_id:uuid}/undo",
        opt=needs(Scope.PEOPLE_WRITE)
        | described(also={404: _GONE, 409: _NOTHING}, answer=examples.UNDONE, parameters=_PAIR, changes=True),
        status_code=200,
        tags=["people"],
        operation_id="undoMergeCandidate",
        summary="Take back what was decided",
    )
    async def undo(request: Call, candidate_id: FromPath[UUID]) -> Decided:
        """The pair is open again; what was one person comes apart.

        What was recorded meanwhile is told apart by what it named: a consent goes with the identifiers that
        it named, and counts for neither where these are on both sides; what restricts stays with both.
        """
        return await decide(request, candidate_id, deciding.undo)

    return [approve, refuse, undo]
