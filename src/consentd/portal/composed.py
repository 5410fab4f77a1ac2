"""The customers' pages as the service runs them."""

import contextlib
from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from consentd.base.clock import Clock
from consentd.base.places import networks
from consentd.base.settings import Settings
from consentd.db.unit import Database
from consentd.dsr.composed import Requests
from consentd.kernel.errors import ConsentdError
from consentd.net.mail import mailer
from consentd.net.texting import texting
from consentd.portal import api, entering, handing_over_api, help_api, own_pages
from consentd.portal.choices import api as choices_api
from consentd.portal.choices.saving import Saving
from consentd.portal.choices.showing import Showing
from consentd.portal.doors import refused
from consentd.portal.entering import Entering
from consentd.portal.frame import Frame
from consentd.portal.handing_over import HandingOver
from consentd.portal.post import CodePost
from consentd.portal.visits import Visits
from consentd.subjects.doing import Doing

_PEOPLES = ("/my/", "/stop/", "/confirm/")


class Portal:
    """One for a process; `close` at its end."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._frame: Frame | None = None
        self._post = CodePost(mailer(settings, clock), texting(settings, clock), settings.public_url)

    def routes(self, doing: Doing, requests: Requests) -> list[HTTPRouteHandler]:
        url = self._settings.public_url
        visits = Visits(doing)
        frame = self._frame = Frame(visits, url, networks(self._settings.trusted_proxies or ()))
        return [
            *api.routes(frame, Entering(doing, phones=self._post.phones), self._post),
            *choices_api.routes(frame, Showing(visits), Saving(visits, requests.wake)),
            *help_api.routes(frame, self._clock),
            *handing_over_api.routes(HandingOver(doing, url)),
            *own_pages.routes(frame, requests, self._post, self._clock),
        ]

    def page(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any] | None:
        """For who looks for what is not there where people's pages are; None at any other address."""
        if self._frame is None or not f"{request.url.path}/".startswith(_PEOPLES):
            return None
        return refused(self._frame, request, error)

    async def begin(self) -> None:
        """Reads what the first page takes that says that something went wrong, so that it too is a page."""
        if self._frame is not None:
            with contextlib.suppress(ConsentdError):
                await self._frame.ready()

    async def purge(self) -> None:
        """Ways in and sessions that are over."""
        await self._database.housekeep(entering.forget)

    async def close(self) -> None:
        await self._post.close()
