"""What pages look like, by the policy: GET /brand/{name}. Public, and named by the hash of what it is."""

import re
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.callers.access import PUBLIC
from consentd.db.unit import Database
from consentd.kernel.errors import NotFound, OperatorError
from consentd.policy.service import PolicyBook, picture_of
from consentd.web import exchange, headers
from consentd.web.pages.brand import PICTURES, stylesheet

_NAMED = re.compile(r"(?P<digest>[0-9a-f]{64})\.(?P<ending>css|svg|png)")


def routes(database: Database, policies: PolicyBook) -> list[HTTPRouteHandler]:
    @get("/brand/{name:str}", opt=PUBLIC, include_in_schema=False)
    async def brand(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        named = _NAMED.fullmatch(name)
        found = None
        if named is not None and named["ending"] == "css":
            found = await database.read(lambda connection: _colours(connection, policies, named["digest"]))
        elif named is not None:
            media = PICTURES[named["ending"]]
            found = await database.read(lambda connection: picture_of(connection, named["digest"], media))
        if named is None or found is None:
            raise NotFound("no_such_address", "There is no such file.")
        exchange.of(request.scope).shield = headers.IMMUTABLE
        return Response(found, media_type=PICTURES.get(named["ending"], "text/css"))

    return [brand]


def _colours(connection: Any, policies: PolicyBook, digest: str) -> bytes | None:
    """Any: a database connection. None where no policy of this hash was ever in force."""
    try:
        return stylesheet(policies.load(connection, f"sha256:{digest}").policy).encode()
    except OperatorError:
        return None
