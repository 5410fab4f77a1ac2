"""The page of a stop link: GET shows what the message was for, a POST stops (RFC 8058, promise 14).

Server-rendered and without script. It is the same whoever the person is and whatever stands for them, also
after they were erased. A link that holds is answered with 200 whatever the form says: a mail program that
sends an odd one must not leave somebody subscribed.
"""

from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.callers.access import LINK
from consentd.consent.stopping.pressing import Stopping
from consentd.consent.stopping.rules import Stops, remains, stoppable
from consentd.consent.stopping.tokens import StopLink
from consentd.kernel.errors import ConsentdError
from consentd.kernel.policy import Policy, Purpose, in_words
from consentd.web.call import Call
from consentd.web.pages.brand import brand_of
from consentd.web.pages.branded import Pages, language_of
from consentd.web.pages.speech import Speech

MOST_BYTES = 64 << 10
"""Of a form: two short fields."""


def routes(stopping: Stopping) -> list[HTTPRouteHandler]:
    @get("/stop/{token:str}", opt=LINK, include_in_schema=False)
    async def page(request: Call, token: FromPath[str]) -> Response[bytes]:
        link, policy = stopping.read(token), await stopping.policy()
        return _gone(request, policy) if link is None else _told(request, policy, link)

    @post(
        "/stop/{token:str}",
        status_code=200,
        opt=LINK,
        include_in_schema=False,
        request_max_body_size=MOST_BYTES,
    )
    async def pressed(request: Call, token: FromPath[str]) -> Response[bytes]:
        link = stopping.read(token)
        if link is None:
            return _gone(request, await stopping.policy())
        fields = await _fields(request)
        stops = _STOPS.get(fields.get("do", ""), Stops.THIS)
        await stopping.press(link, stops)
        return _told(request, await stopping.policy(), link, stops, by_program="do" not in fields)

    return [page, pressed]


_STOPS = {one.value: one for one in Stops}
_WIDER: dict[Stops, list[Stops]] = {
    Stops.THIS: [Stops.CHANNEL, Stops.ALL],
    Stops.CHANNEL: [Stops.ALL],
    Stops.ALL: [],
}
_PAGES = Pages("consentd.portal")


async def _fields(request: Call) -> dict[str, str]:
    """The form's; none where it cannot be read."""
    try:
        form = await request.form()
    except (ConsentdError, HTTPException, ValueError, LookupError):
        return {}
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def _gone(request: Call, policy: Policy) -> Response[bytes]:
    speech = speech_of(request, policy)
    return _PAGES.page(
        request, "stop.html", speech, brand_of(policy), status=404, here="/my", stage="gone", buttons=[]
    )


def _told(
    request: Call, policy: Policy, link: StopLink, stops: Stops | None = None, *, by_program: bool = False
) -> Response[bytes]:
    speech = speech_of(request, policy)
    purpose, channel = policy.purposes.get(link.purpose), policy.channels.get(link.channel)
    ends = stoppable(policy, link.purpose, link.channel)
    if stops is None:
        stage, buttons = ("ask", [*Stops]) if ends else ("goes_on", [Stops.CHANNEL, Stops.ALL])
    elif not ends and (stops is Stops.THIS or (stops is Stops.CHANNEL and channel is None)):
        stage, buttons = "goes_on", [Stops.CHANNEL, Stops.ALL]
    else:
        stage, buttons = "done", _WIDER[stops]
    if channel is None:
        buttons = [one for one in buttons if one is not Stops.CHANNEL]
    return _PAGES.page(
        request,
        "stop.html",
        speech,
        brand_of(policy),
        stage=stage,
        stops=stops.value if stops is not None else "",
        why=_why(purpose, link.channel),
        remains=remains(policy, link.purpose, link.channel),
        purpose=in_words(purpose.label, speech.language) if purpose else "",
        description=in_words(purpose.description, speech.language) if purpose else "",
        channel=in_words(channel.label, speech.language) if channel else "",
        buttons=[] if by_program else [one.value for one in buttons],
    )


def speech_of(request: Call, policy: Policy) -> Speech:
    return Speech(language_of(request), ZoneInfo(policy.controller.zone))


def _why(purpose: Purpose | None, channel: str) -> str:
    """Of a use that goes on: what it rests on there."""
    if purpose is None:
        return "unknown"
    bases = purpose.bases.get(channel, ())
    if "contract" in bases:
        return "service"
    if "legal_obligation" in bases or purpose.kind == "legal":
        return "legal"
    return "vital" if "vital_interests" in bases else "service"
