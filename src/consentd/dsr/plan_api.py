"""What a request would do, over HTTP: the dry run."""

from uuid import UUID

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.base.described import described
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.dsr import examples
from consentd.dsr.dry_run import DryRun
from consentd.dsr.foreseen import RequestPlanned
from consentd.web.call import Call


def routes(dry_run: DryRun) -> list[HTTPRouteHandler]:
    @get(
        "/v1/requests/{request_id:uuid}/plan",
        opt=needs(Scope.REQUESTS_READ)
        | described(answer=examples.PLANNED, parameters={"request_id": examples.REQUEST}),
        tags=["requests"],
        operation_id="planRequest",
        summary="What a request would do",
    )
    async def planned(request: Call, request_id: FromPath[UUID]) -> RequestPlanned:
        """Which silos are asked, in which order, for what, by which kinds of identifiers; who owns each part,
        by when, and what waits for an approval. Once identity is proven also what would happen there, as each
        silo tells it without changing anything. Nothing is carried out; the reading is logged.
        """
        return await dry_run.plan(request.caller, request_id)

    return [planned]
