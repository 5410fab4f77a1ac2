"""Certificates of erasure over HTTP."""

from typing import Any
from uuid import UUID

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.base.described import described
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.dsr import certificate_examples, store
from consentd.dsr.cases import unknown_request
from consentd.dsr.certificate_check import CertificatesTold
from consentd.dsr.certifying import certificates_of
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import SubjectId
from consentd.subjects.doing import Doing
from consentd.web.call import Call


def routes(doing: Doing) -> list[HTTPRouteHandler]:
    @get(
        "/v1/requests/{request_id:uuid}/certificate",
        opt=needs(Scope.REQUESTS_READ)
        | described(
            answer=certificate_examples.CERTIFICATES,
            parameters={
                "request_id": certificate_examples.CERTIFICATES["certificates"][0]["content"]["request_id"]
            },
        ),
        tags=["requests"],
        operation_id="getCertificates",
        summary="The certificates of an erasure",
    )
    async def certificates(request: Call, request_id: FromPath[UUID]) -> CertificatesTold:
        """What was deleted, changed, kept or failed, silo by silo, each time the erasure settled; signed.

        With the proof that the log holds it. Empty while nothing settled. Logged before it is answered.
        """

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], CertificatesTold]:
            if store.request(connection, request_id) is None:
                raise unknown_request()
            return [], CertificatesTold(certificates=certificates_of(connection, request_id))

        return await doing.read(request.caller, "certificate.read", read, request=str(request_id))

    return [certificates]
