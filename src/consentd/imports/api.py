"""Files of silos over HTTP: sent as they are, taken in beside the answering."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from consentd.base.described import described
from consentd.base.i18n import choose
from consentd.callers.access import BODY, needs
from consentd.callers.model import Scope
from consentd.imports import examples
from consentd.imports.jobs import CHUNK_SECONDS, Asked, Imports, ImportTold
from consentd.web.body import pieces, require_uncompressed
from consentd.web.call import Call
from consentd.web.strict import UnsupportedMedia

_MEDIA = ("text/csv", "application/octet-stream")
_ALSO = {
    200: "This system sent the same file before: it is the same import.",
    408: "The file did not arrive in time.",
    413: "The file is too large.",
    415: "What came is announced as something else than text, or compressed.",
}


def routes(service: Imports) -> list[HTTPRouteHandler]:
    @post(
        "/v1/imports",
        status_code=202,
        opt=needs(Scope.CONSENT_WRITE)
        | {BODY: {"text/csv": {"type": "string"}}}
        | described(
            examples=examples.FILE,
            also=_ALSO,
            answer=examples.WAITING,
        ),
        tags=["imports"],
        operation_id="importFile",
        summary="Import an export of this system",
    )
    async def receive(
        request: Call,
        layout: FromQuery[str | None] = None,
        exported_at: FromQuery[str | None] = None,
        dry_run: Annotated[bool, QueryParameter()] = False,
    ) -> Response[ImportTold]:
        """The file as the tool wrote it, of any encoding that its layout names. It is kept sealed until it is
        done, and taken in beside the answering: ask how far it is by its number.

        Sent again, it is the same import; a dry run is done anew. With `dry_run` nothing is recorded, and the
        report says what would be. `exported_at` is when the tool wrote it, for what bears no time of its own:
        today if left out.
        """
        _require_file(request)
        language = choose(None, request.headers.get("accept-language"))
        asked = Asked(layout, exported_at or "", dry_run, language)
        file = pieces(request.receive, CHUNK_SECONDS, "the file")
        status, told = await service.receive(request.caller, file, asked)
        return Response(told, status_code=status)

    @get(
        "/v1/imports/{import_id:uuid}",
        opt=needs(Scope.CONSENT_WRITE)
        | described(answer=examples.DONE, parameters={"import_id": examples.ID}),
        tags=["imports"],
        operation_id="getImport",
        summary="How far an import is",
    )
    async def tell(request: Call, import_id: FromPath[UUID]) -> ImportTold:
        """Its rows so far, and once it is done its report, which names lines and nobody."""
        return await service.tell(request.caller, import_id)

    return [receive, tell]


def _require_file(request: Call) -> None:
    headers = request.exchange.headers
    media = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if media not in _MEDIA:
        raise UnsupportedMedia("wrong_media_type", "This call reads text/csv: set Content-Type to it.")
    require_uncompressed(headers)
