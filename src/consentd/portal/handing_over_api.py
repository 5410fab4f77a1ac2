"""Handing somebody over from a connected system's logged-in area, over HTTP."""

from typing import Annotated

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from consentd.base.described import described
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.portal import examples
from consentd.portal.handing_over import HandingOver, LinkMade
from consentd.web.call import Call

_LONGEST = 16 * 1024


class LoginForPages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST)]
    """A JWT of the type `login+jwt` that a connected system signed with its key; its `request` is "portal".
    """

    def __repr__(self) -> str:
        return "LoginForPages(…)"


def routes(handing_over: HandingOver) -> list[HTTPRouteHandler]:
    @post(
        "/v1/portal-links",
        opt=needs(Scope.REQUESTS_WRITE) | described(examples=examples.LOGIN, answer=examples.LINK),
        status_code=200,
        tags=["portal"],
        operation_id="handOver",
        summary="Open the customers’ pages for somebody logged in",
    )
    async def hand_over(request: Call, data: JSONBody[LoginForPages]) -> LinkMade:
        """A link that opens the pages once, within two minutes, for the person whom a system signed to be
        logged in at it. Send their browser there. Its address names nobody.

        The login counts once, so that the same call again is 422: sign a new one.
        """
        return await handing_over.link(request.caller, data.token)

    return [hand_over]
