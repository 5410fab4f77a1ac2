"""Logins of connected systems as proof of who asks, over HTTP."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from consentd.base.described import described
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.dsr import examples
from consentd.dsr.logins import Logins
from consentd.dsr.views import RequestReceived
from consentd.web.call import Call
from consentd.web.idempotency import Repeats

_LONGEST = 16 * 1024


class LoginGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST)]
    """A JWT of the type `login+jwt` that a connected system signed with its key: docs/requests.md."""

    def __repr__(self) -> str:
        return "LoginGiven(…)"


def routes(service: Logins, repeats: Repeats) -> list[HTTPRouteHandler]:
    @post(
        "/v1/requests/{request_id:uuid}/login",
        opt=needs(Scope.REQUESTS_WRITE)
        | described(
            examples=examples.LOGIN,
            also={
                404: "There is no request of this number.",
                409: "The request waits for no proof, or had too many wrong logins today.",
            },
            answer=examples.RECEIVED,
            parameters={"request_id": examples.REQUEST},
            changes=True,
        ),
        status_code=200,
        tags=["requests"],
        operation_id="proveByLogin",
        summary="Hand over a person logged in at a system",
    )
    async def prove(request: Call, request_id: FromPath[UUID], data: JSONBody[LoginGiven]) -> RequestReceived:
        """A system's signed word that somebody is logged in at it, for this request, once.

        It proves the person where the policy lets that system's logins prove, and the account is the person's
        alone. Otherwise the request goes on waiting, and nothing says why.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            return await service.prove(request.caller, request_id, data.token, repeat)

    return [prove]
