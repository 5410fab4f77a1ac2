"""The feed over HTTP: what a system's replica holds, as lines."""

from collections.abc import AsyncIterator

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from litestar.response import Stream

from consentd.base.described import described
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.feed import replica_examples as examples
from consentd.feed.replicas import ReplicaAsked, Replicas
from consentd.web.call import Call

NDJSON = "application/x-ndjson"
_CHUNK = 64


def routes(replicas: Replicas) -> list[HTTPRouteHandler]:
    @post(
        "/v1/replica",
        opt=needs(Scope.REPLICA)
        | described(
            examples=examples.ASKED,
            also={409: "The cursor leads nowhere any more: begin anew, without one."},
            answer=examples.PAGE,
        ),
        status_code=200,
        media_type=NDJSON,
        tags=["feed"],
        operation_id="readReplica",
        summary="A page of what this system's replica holds",
    )
    async def replica(request: Call, data: JSONBody[ReplicaAsked]) -> Stream:
        """Everybody first, then whoever the log says has changed; the cursor leads on.

        Lines of JSON: a head, the policy where it is another than the replica's, one line for each person or
        for one who is gone, and an end with the next cursor. A page without its end was cut off. Only people,
        purposes and channels of this system, under numbers that no other replica has; logged before it is
        answered.
        """
        lines = await replicas.page(request.caller, data)
        return Stream(_chunks(lines), media_type=NDJSON)

    return [replica]


async def _chunks(lines: list[bytes]) -> AsyncIterator[bytes]:
    for start in range(0, len(lines), _CHUNK):
        yield b"".join(lines[start : start + _CHUNK])
