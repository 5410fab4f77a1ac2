"""The page that a mail leads to which asks to confirm a yes: GET shows a button, a press of it confirms.

A scanner that follows the link changes nothing. Unknown, expired and erased are one page (promise 13).
"""

from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.callers.access import LINK
from consentd.consent.confirming.pressing import Confirmable, Confirming
from consentd.kernel.errors import CallerError
from consentd.kernel.policy import Policy, in_words
from consentd.web.call import Call
from consentd.web.pages.brand import brand_of
from consentd.web.pages.branded import Pages, language_of
from consentd.web.pages.speech import Speech

MOST_BYTES = 64 << 10
_PAGES = Pages("consentd.portal")


def routes(confirming: Confirming) -> list[HTTPRouteHandler]:
    @get("/confirm/{token:str}", opt=LINK, include_in_schema=False)
    async def page(request: Call, token: FromPath[str]) -> Response[bytes]:
        return _page(request, await confirming.policy(), await confirming.look(token))

    @post(
        "/confirm/{token:str}",
        status_code=200,
        opt=LINK,
        include_in_schema=False,
        request_max_body_size=MOST_BYTES,
    )
    async def pressed(request: Call, token: FromPath[str]) -> Response[bytes]:
        try:
            done = await confirming.press(token)
        except CallerError:
            # The policy has changed so much meanwhile that it would be no yes any more.
            done = None
        return _page(request, await confirming.policy(), done)

    return [page, pressed]


def _page(request: Call, policy: Policy, told: Confirmable | None) -> Response[bytes]:
    speech = Speech(language_of(request), ZoneInfo(policy.controller.zone))
    brand = brand_of(policy)
    if told is None:
        return _PAGES.page(request, "confirm.html", speech, brand, status=404, here="/my", stage="gone")
    purpose, channel = told.policy.purposes[told.purpose], told.policy.channels[told.channel]
    return _PAGES.page(
        request,
        "confirm.html",
        speech,
        brand,
        stage=told.stage.value,
        purpose=in_words(purpose.label, speech.language, purpose.id),
        description=in_words(purpose.description, speech.language),
        channel=in_words(channel.label, speech.language, told.channel),
        day=speech.date(told.expires - 1),
    )
