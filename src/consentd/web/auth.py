"""Who calls, before anything of the call is read.

Upholds promise 8: a route says what it takes to be called, or the application does not start; and promise
17: strangers are refused before their body is taken in. The common case, a token seen before, costs a hash
and a look-up; revocation is not decided here but in the unit or statement that serves the call (promise 5).
"""

from collections.abc import Sequence
from typing import Any, Protocol

from litestar import Request
from litestar.handlers import BaseRouteHandler

from consentd.callers.access import ALSO_ASKS, ASKS, KNOWN, PUBLIC, SIGNED, Door, needs
from consentd.callers.model import Caller
from consentd.kernel.errors import Malformed, Unauthenticated
from consentd.web import exchange
from consentd.web.limits import CallerLimit

__all__ = ["KNOWN", "PUBLIC", "Authentication", "Tokens", "bearer", "needs", "undeclared"]


class Tokens(Protocol):
    def known(self, token: bytes) -> Caller | None:
        """The caller of a token verified before and not yet over. Must not wait."""
        ...

    async def admit(self, token: bytes) -> Caller:
        """Verifies a token not seen before. Raises Unauthenticated."""
        ...

    async def confirm(self, caller: Caller) -> None:
        """Raises Unauthenticated if the caller's access was revoked since."""
        ...


class Authentication:
    """What happens first on every route. It is the framework's `before_request` and not one of its guards:
    for each guard the framework copies the route's handler anew, which costs a sixth of a whole request."""

    def __init__(self, tokens: Tokens, limit: CallerLimit) -> None:
        self._tokens = tokens
        self._limit = limit

    async def __call__(self, request: Request[Any, Any, Any]) -> None:
        asks = request.route_handler.opt[ASKS]
        if asks is Door.OPEN or asks is Door.LINK or asks is Door.SESSION:
            return
        about = exchange.of(request.scope)
        if SIGNED in request.route_handler.opt and _signs(about.headers):
            return
        token = bearer(about.headers.get(b"authorization"))
        caller = self._tokens.known(token)
        if caller is None:
            caller = await self._tokens.admit(token)
        about.caller = caller
        self._limit.take(caller.system_id)
        if asks is Door.KNOWN:
            await self._tokens.confirm(caller)
        else:
            caller.require(asks)
            for scope in request.route_handler.opt.get(ALSO_ASKS, ()):
                caller.require(scope)


def _signs(headers: dict[bytes, bytes]) -> bool:
    """Whether a call brings a signature and no token; whether it holds is found out with its body."""
    return b"webhook-signature" in headers and b"authorization" not in headers


def bearer(header: bytes | None) -> bytes:
    """The token of an Authorization header. Raises Unauthenticated, or Malformed for more than one token."""
    if header is None:
        raise Unauthenticated(
            "token_missing",
            "This call needs a token: ask POST /oauth/token and send it as Authorization: Bearer.",
        )
    if header[:7].lower() != b"bearer " or len(header) > 16_384:
        raise Unauthenticated("token_invalid", "Authorization is not of the form Bearer <token>.")
    token = header[7:]
    if b" " in token or b"," in token or not token:
        raise Malformed("bad_authorization", "Authorization holds more or less than one bearer token.")
    return token


def undeclared(handlers: Sequence[BaseRouteHandler]) -> list[str]:
    """The handlers that say nothing of who may call them."""
    return [str(handler) for handler in handlers if ASKS not in handler.opt]
