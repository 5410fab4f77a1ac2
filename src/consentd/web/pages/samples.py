"""Every component in every state, at /style, for those who work on the pages. In development only."""

from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from consentd.kernel.instants import DAY, Instant
from consentd.kernel.policy import Policy
from consentd.web.auth import PUBLIC
from consentd.web.pages.brand import brand_of
from consentd.web.pages.branded import Pages, SignedIn, language_of
from consentd.web.pages.speech import Speech

_MARCH = Instant(1_741_006_800_000_000)
"""3 March 2025, 14:00 in Paris."""


class Named(msgspec.Struct, frozen=True):
    label: str
    about: str = ""


class Told(msgspec.Struct, frozen=True):
    iso: str
    when: str
    words: str


def routes(policy: Callable[[], Awaitable[Policy]]) -> list[HTTPRouteHandler]:
    pages = Pages("consentd.web.pages")

    @get("/style", opt=PUBLIC, include_in_schema=False)
    async def style(request: Request[Any, Any, Any]) -> Response[bytes]:
        active = await policy()
        speech = Speech(language_of(request), ZoneInfo(active.controller.zone))
        return pages.page(
            request,
            "style.html",
            speech,
            brand_of(active),
            signed_in=SignedIn("sample", "/style"),
            uses=_uses(speech, active),
            ways=[Named(_words(speech, one.label)) for one in active.channels.values()],
            told=_told(speech),
            at=_MARCH,
        )

    return [style]


def _uses(speech: Speech, policy: Policy) -> list[Named]:
    purposes = list(policy.purposes.values())[:4]
    return [Named(_words(speech, one.label), _words(speech, one.description)) for one in purposes]


def _told(speech: Speech) -> list[Told]:
    events = (
        (_MARCH, speech.gettext("You said yes.")),
        (_MARCH - DAY, speech.gettext("You said no.")),
    )
    return [Told(speech.iso(at), speech.moment(at), words) for at, words in events]


def _words(speech: Speech, label: dict[str, str]) -> str:
    return label.get(speech.language) or next(iter(label.values()))
