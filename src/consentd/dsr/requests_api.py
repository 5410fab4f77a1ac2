"""Every route of requests, and of the tasks and copies that belong to them."""

from collections.abc import Mapping

from litestar.handlers import HTTPRouteHandler

from consentd.base.clock import Clock
from consentd.crypto.keyring import Keyring
from consentd.dsr import (
    api,
    certificates_api,
    directives_api,
    links_api,
    logins_api,
    plan_api,
    task_pages_api,
    tasks_api,
)
from consentd.dsr.by_link import ByLink
from consentd.dsr.composed import Requests
from consentd.dsr.copying import api as copies_api
from consentd.dsr.dry_run import DryRun
from consentd.dsr.handing import Handing
from consentd.dsr.logins import Logins
from consentd.subjects.doing import Doing
from consentd.systems.links import Links
from consentd.web.idempotency import Repeats


def routes(
    requests: Requests,
    doing: Doing,
    repeats: Repeats,
    keyring: Keyring,
    public_url: str,
    clock: Clock,
    environment: Mapping[str, str],
) -> list[HTTPRouteHandler]:
    """`environment`: where the secrets of silos are, by which their late answers are signed."""
    handing = Handing(doing, clock, requests.wake)
    by_link = ByLink(handing, requests.copies, Links(keyring, public_url))
    return [
        *api.routes(requests.service(doing), repeats),
        *logins_api.routes(Logins(doing, public_url, requests.wake), repeats),
        *copies_api.routes(requests.looking(doing), requests.handing_out(doing), repeats),
        *tasks_api.routes(handing, requests.copies, environment),
        *links_api.routes(by_link),
        *task_pages_api.routes(by_link),
        *certificates_api.routes(doing),
        *directives_api.routes(doing),
        *plan_api.routes(DryRun(doing, requests.connector)),
    ]
