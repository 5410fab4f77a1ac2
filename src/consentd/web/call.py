"""A request as handlers see it: who calls, and a body read strictly.

It replaces the framework's request for every route, so that no handler can read JSON leniently by
forgetting something (promises 13 and 18 begin here).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict, State
from litestar.handlers import BaseRouteHandler
from litestar.types import Empty

from consentd.callers.model import Caller
from consentd.kernel.errors import Malformed
from consentd.web import body, exchange
from consentd.web.body import TooSlow
from consentd.web.strict import StrictDecoder, UnsupportedMedia

DECODER = "decoder"
"""Under this name a route's options hold the decoder of its body: `application.build` puts it there."""
LENIENT = "lenient"
"""Under this name: the standard that orders unknown members to be ignored."""
_READS = "reads"
_LARGE_FORM = 1 << 20
"""Bytes from which on a form is not held in memory as a whole."""
_LARGE_FORM_SECONDS = 600


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

    async def form(self) -> FormMultiDict:
        """A form, read once, in UTF-8 and nothing else. Raises Malformed where it is none, TooSlow where it
        does not arrive in time (promise 17): the framework would wait for one in parts without end.
        """
        try:
            async with asyncio.timeout(_LARGE_FORM_SECONDS):
                # Whole, and in the time of every body; a form with files is taken as it comes.
                if (self.route_handler.resolve_request_max_body_size() or _LARGE_FORM) < _LARGE_FORM:
                    self._body = await self.body()
                form = await super().form()
            for name, value in form.multi_items():
                name.encode()
                if isinstance(value, str):
                    value.encode()
        except TimeoutError:
            raise TooSlow(
                "body_too_slow",
                f"The form was not complete after {_LARGE_FORM_SECONDS} seconds. Send it again.",
            ) from None
        except (LookupError, ValueError):
            # A charset that there is none of, or bytes and letters that are no text in it.
            raise Malformed("unreadable_form", "The form is not in UTF-8.") from None
        return form

    async def json(self) -> Any:  # Any: the type is that of the handler's `data`
        decoder: StrictDecoder[Any] = self.route_handler.opt[DECODER]
        return decoder.decode(await self.body())
