"""Stop links over HTTP, for systems that send. What a link does is the portal's (`portal.stop_pages`)."""

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from consentd.base.described import described
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.consent.stopping import examples
from consentd.consent.stopping.asking import Linking
from consentd.consent.stopping.shapes import StopLinksAsked, StopLinksTold
from consentd.web.call import Call


def routes(linking: Linking) -> list[HTTPRouteHandler]:
    @post(
        "/v1/links",
        opt=needs(Scope.CHECK) | described(examples=examples.LINKS, answer=examples.TOLD),
        status_code=200,
        tags=["check"],
        operation_id="stopLinks",
        summary="Stop links for messages to be sent",
    )
    async def links(request: Call, data: JSONBody[StopLinksAsked]) -> StopLinksTold:
        """By which a recipient stops such messages with one press, without a login (RFC 8058): one for each
        of up to 1,000, with the two headers to put into its message. For three years.

        Records nothing, and allows nothing: ask `POST /v1/check` before sending. The addresses hold random
        ids alone.
        """
        return await linking.links(request.caller, data)

    return [links]
