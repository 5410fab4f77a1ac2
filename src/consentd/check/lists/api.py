"""Lists over HTTP: any number of rows in, an answer for each out, while they come."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter
from litestar.types import ASGIApp

from consentd.base.described import described
from consentd.callers.access import BODY, needs
from consentd.callers.model import Scope
from consentd.check.api import language_of
from consentd.check.lists import examples
from consentd.check.lists.asked import ListAsked
from consentd.check.lists.beside import ListProcesses
from consentd.check.lists.frames import Form, Opened
from consentd.check.lists.streaming_api import streamed
from consentd.check.service import CheckService
from consentd.kernel.errors import Unprocessable
from consentd.web.body import require_uncompressed
from consentd.web.call import Call
from consentd.web.negotiation import chosen
from consentd.web.strict import UnsupportedMedia

NDJSON, CSV = "application/x-ndjson", "text/csv"
_TAKEN: dict[str, Form] = {
    NDJSON: "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    CSV: "csv",
}

# The shapes of `ListAsked`, said where the framework and the description look for them.
_WORD = QueryParameter(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")
_TERRITORY = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"


class _Streamed(Response[bytes]):
    """An answer that is sent while it is made."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(b"")
        self._app = app

    # Any: the signature is the framework's own.
    def to_asgi_response(self, *given: Any, **rest: Any) -> Any:
        return self._app


def routes(service: CheckService, processes: ListProcesses) -> list[HTTPRouteHandler]:
    @post(
        "/v1/check/list",
        opt=needs(Scope.CHECK)
        | {BODY: examples.BODY}
        | described(
            forms=examples.FORMS,
            answer=examples.ANSWERED,
            also={409: "Other rules came into force before the first row was told."},
            parameters=examples.PARAMETERS,
        ),
        status_code=200,
        media_type=NDJSON,
        tags=["check"],
        operation_id="checkList",
        summary="Who of this list may be contacted?",
    )
    async def list_(
        request: Call,
        purpose: Annotated[str, _WORD],
        channel: Annotated[str, _WORD],
        scheme: Annotated[str | None, _WORD] = None,
        at: Annotated[str | None, QueryParameter(min_length=10, max_length=40)] = None,
        territory: Annotated[str | None, QueryParameter(pattern=_TERRITORY)] = None,
        for_sending: FromQuery[bool] = False,
        column: Annotated[str | None, QueryParameter(max_length=200)] = None,
        delimiter: Annotated[str | None, QueryParameter(max_length=1)] = None,
        encoding: Annotated[str | None, QueryParameter(max_length=40)] = None,
    ) -> Response[bytes]:
        """Of any length: rows are answered while they come, in their order, one line for each.

        In CSV with a header, or lines of JSON: an object whose member `column` (if left out, the scheme's
        name) is the identifier, or the identifier alone. Answers come as `Accept` asks, in the form of the
        list if it does not. The last line has the summary, the digest of all answers and the log's entry; an
        answer without it is not whole. Where something goes wrong after rows were told, the last line has the
        problem. All rows are decided for one instant: `at`, or when the list began.

        `for_sending`: the list is going to be sent to, which moves the last use of the consents it relies on.
        """
        taken, charset = _taken(request)
        offered = (NDJSON, CSV) if taken == "ndjson" else (CSV, NDJSON)
        media = chosen(request, offered)
        asked = _asked(
            purpose=purpose,
            channel=channel,
            scheme=scheme,
            # In an address, a plus that nobody encoded reads as a space.
            at=at.replace(" ", "+") if at else at,
            territory=territory,
            for_sending=for_sending,
        )
        opened = Opened(
            caller=request.caller,
            language=language_of(request),
            asked=asked,
            taken=taken,
            told=_TAKEN[media],
            column=column,
            delimiter=delimiter,
            encoding=encoding or charset,
        )
        sent = f"{CSV}; charset=utf-8; header=present" if media == CSV else media
        return _Streamed(streamed(processes, opened, sent, service.count))

    return [list_]


def _taken(request: Call) -> tuple[Form, str | None]:
    """The form of what comes, and the charset that it is announced in. Raises UnsupportedMedia."""
    headers = request.exchange.headers
    media, *parameters = headers.get(b"content-type", b"").decode("latin-1").lower().split(";")
    taken = _TAKEN.get(media.strip())
    if taken is None:
        raise UnsupportedMedia("wrong_media_type", f"This call reads {NDJSON} and {CSV}: set Content-Type.")
    require_uncompressed(headers)
    pairs = (parameter.partition("=") for parameter in parameters)
    charset = next((value.strip().strip('"') for name, _, value in pairs if name.strip() == "charset"), None)
    if taken == "ndjson" and charset not in (None, "utf-8", "utf8"):
        raise UnsupportedMedia("wrong_charset", "JSON is read as UTF-8 and in no other charset.")
    return taken, charset


def _asked(**given: str | bool | None) -> ListAsked:
    try:
        return msgspec.convert(given, ListAsked)
    except msgspec.ValidationError as error:
        raise Unprocessable("invalid_parameter", f"This cannot be asked: {error}.") from None
