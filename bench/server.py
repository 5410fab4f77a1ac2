"""The service as it is, with one more route: a validated POST with a token that does nothing.

The no-op goes through everything that a check goes through but the check itself, and its answer is as long.
"""

import os
import sys
from pathlib import Path
from uuid import UUID

import msgspec
from litestar import MediaType, Response, post
from litestar.handlers import HTTPRouteHandler

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.syncs import Syncs, counted_syncs

from consentd.app import Parts, compose, open_parts
from consentd.base.settings import Settings, from_environment
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.check.answers import Answer, ReasonTold
from consentd.check.questions import CheckAsked
from consentd.web.application import Application
from consentd.web.call import Call
from consentd.web.limits import Limits
from consentd.web.server import serve

_ANSWER = Answer(
    True,
    True,
    (ReasonTold("consent_given", "The customer has consented."),),
    ("CPCE L.34-5",),
    "consent",
    None,
    None,
    "sha256:" + "0" * 64,
    ("fr@2026-08-11", "eu@2026-01-01"),
    UUID(int=0),
)


def no_op() -> HTTPRouteHandler:
    encode = msgspec.json.Encoder().encode

    @post("/v1/no-op", opt=needs(Scope.CHECK), status_code=200)
    async def nothing(request: Call, data: CheckAsked) -> Response[Answer]:
        """Decodes, authenticates, answers; asks nobody."""
        return Response(encode(_ANSWER), media_type=MediaType.JSON)

    return nothing


async def create(settings: Settings) -> Application:
    parts: Parts = await open_parts(settings)
    # One client drives it all: the limit on a single caller would be what is measured.
    app = compose(parts, limits=Limits(per_second=1e6, burst=1_000_000), more=[no_op()])
    if SYNCS is not None:
        file, syncs = SYNCS
        # Before the server ends itself by the signal that stopped it.
        app.on_shutdown.append(lambda: file.write_text(str(syncs.wal)))
    return app


SYNCS: tuple[Path, Syncs] | None = None


def main() -> None:
    global SYNCS
    file = os.environ.get("BENCH_SYNCS")
    if file is None:
        serve(from_environment(), create)
        return
    with counted_syncs() as syncs:
        SYNCS = Path(file), syncs
        serve(from_environment(), create)


if __name__ == "__main__":
    main()
