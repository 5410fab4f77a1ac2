"""A request as handlers see it: who calls, and a body read strictly.

It replaces the framework's request for every route, so that no handler can read JSON leniently by
forgetting something (promises 13 and 18 begin here).
"""

from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Empty

from consentd.callers.model import Caller
from consentd.kernel.errors import Malformed
from consentd.web import body, exchange
from consentd.web.strict import StrictDecoder, UnsupportedMedia

DECODER = "decoder"
"""Under this name a route's options hold the decoder of its body: `application.build` puts it there."""
LENIENT = "lenient"
"""Under this name: the standard that orders unknown members to be ignored."""
_READS = "reads"


def reads(kind: Any) -> dict[str, Any]:
    """For the options of a handler without `data`, which reads a body of this type itself or passes it on."""
    return {_READS: kind}


def lenient(standard: str) -> dict[str, Any]:
    """For the options of a route that serves a standard of others', named here: what its body has beyond the
    standard is ignored, and whatever is wrong with it is 400. All other routes refuse unknown members.
    """
    return {LENIENT: standard}


def body_type(handler: BaseRouteHandler) -> Any:
    """The type of what a route takes in, None for none."""
    data = handler.parsed_fn_signature.parameters.get("data")
    return handler.opt.get(_READS) if data is None else data.annotation


class Call(Request[Caller, None, State]):
    __slots__ = ()

    @property
    def exchange(self) -> exchange.Exchange:
        return exchange.of(self.scope)

    @property
    def caller(self) -> Caller:
        """Who calls. Only on routes that declare a scope: public ones have nobody to ask for."""
        caller = exchange.of(self.scope).caller
        assert caller is not None, "a public route asked who calls"
        return caller

    async def body(self) -> bytes:
        """The raw bytes, read once; also after they were decoded, for hashing."""
        state = self._connection_state
        if state.body is Empty:
            headers = exchange.of(self.scope).headers
            takes_json = DECODER in self.route_handler.opt
            if takes_json:
                self._require_json(headers)
            limit = self.route_handler.resolve_request_max_body_size()
            assert limit is not None, "no route is without a limit"
            state.body = await body.read(self.receive, headers, limit)
            # The framework would take an empty body for an absent one.
            if takes_json and not state.body:
                raise Malformed("empty_body", "The body is empty: this call takes a JSON object.")
        return state.body

    def _require_json(self, headers: Mapping[bytes, bytes]) -> None:
        try:
            body.require_json(headers)
        except UnsupportedMedia as refused:
            if LENIENT in self.route_handler.opt:
                raise Malformed(refused.code, refused.message) from None
            raise

    async def json(self) -> Any:  # Any: the type is that of the handler's `data`
        decoder: StrictDecoder[Any] = self.route_handler.opt[DECODER]
        return decoder.decode(await self.body())
