"""The pages that explain: /my/help. For everybody, signed in or not; nothing about anybody is on them."""

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.base.clock import Clock
from consentd.callers.access import PUBLIC
from consentd.kernel.errors import NotFound
from consentd.kernel.instants import to_datetime
from consentd.portal.doors import page_of
from consentd.portal.frame import Frame, Visit
from consentd.portal.help import TOPICS, Facts, facts_of
from consentd.web.call import Call


def routes(frame: Frame, clock: Clock) -> list[HTTPRouteHandler]:
    open_page = page_of(frame, PUBLIC)

    def facts(visit: Visit) -> Facts:
        policy = visit.compiled.policy
        return facts_of(policy, to_datetime(clock(), ZoneInfo(policy.controller.zone)).date())

    @get("/my/help", **open_page)
    async def index(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        return frame.show(visit, "help/index.html", facts=facts(visit))

    @get("/my/help/{topic:str}", **open_page)
    async def explained(request: Call, topic: FromPath[str]) -> Response[Any]:
        visit = await frame.visit(request)
        # A name is looked up in a list and never joined to a path.
        if topic not in TOPICS:
            raise NotFound("no_such_address", "There is no such page.")
        return frame.show(visit, f"help/{topic}.html", facts=facts(visit))

    return [index, explained]
