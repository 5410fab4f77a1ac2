"""Tasks for whoever has a link to one, over HTTP: what the page of the link does, for programs."""

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from consentd.base.described import described
from consentd.callers.access import LINK
from consentd.dsr import link_examples as examples
from consentd.dsr.by_link import ByLink
from consentd.dsr.link_shapes import LinkAnswer, LinkCustomer, LinkTold
from consentd.dsr.task_shapes import TaskAnswered

_TOKEN = {"token": examples.TOKEN}
_GONE = {404: "The link does not hold, is over, or was for somebody else.", 409: "It is not asked now."}


def routes(by_link: ByLink) -> list[HTTPRouteHandler]:
    @get(
        "/v1/task-links/{token:str}",
        opt=LINK | described(answer=examples.TOLD, parameters=_TOKEN, also={404: _GONE[404]}),
        tags=["tasks"],
        operation_id="getTaskByLink",
        summary="What a link is about",
    )
    async def told(token: FromPath[str]) -> LinkTold:
        """The steps and the last day. Changes nothing, and names nobody."""
        return await by_link.look(token)

    @post(
        "/v1/task-links/{token:str}/customer",
        status_code=200,
        opt=LINK | described(answer=examples.CUSTOMER, parameters=_TOKEN, also=_GONE),
        tags=["tasks"],
        operation_id="showCustomerByLink",
        summary="Whom to look for",
    )
    async def customer(token: FromPath[str]) -> LinkCustomer:
        """The customer’s contact details, and what is right about them. Logged before it is answered."""
        return await by_link.customer(token)

    @post(
        "/v1/task-links/{token:str}/answer",
        status_code=200,
        opt=LINK
        | described(
            examples=examples.ANSWER, answer=examples.ANSWERED, parameters=_TOKEN, also=_GONE, changes=True
        ),
        tags=["tasks"],
        operation_id="answerTaskByLink",
        summary="Answer by a link",
    )
    async def answer(token: FromPath[str], data: JSONBody[LinkAnswer]) -> TaskAnswered:
        """What was found and done; of a copy, its records too. Once; the same again is taken as the first."""
        return await by_link.answer(token, data)

    return [told, customer, answer]
