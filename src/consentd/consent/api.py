"""Consent over HTTP: recording choices, objections and facts; reading what stands and how it came about."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from consentd.base.described import described, leads_to
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.consent import examples
from consentd.consent.answers import ConsentsRecorded
from consentd.consent.objecting import ObjectionsRecorded
from consentd.consent.requests import RecordConsents, RecordObjection
from consentd.consent.service import ConsentService
from consentd.consent.views import Position, SubjectConsents, SubjectHistory
from consentd.subjects.examples import PERSON
from consentd.subjects.stating import FactsAsked, FactsRecorded
from consentd.web.call import Call
from consentd.web.cursors import decode_cursor, encode_cursor
from consentd.web.idempotency import Repeats

_BEFORE = "Every event was reported before: nothing changed."
_TO_PERSON = {
    "consents": leads_to("getConsents", subject_id="$response.body#/subject_id"),
    "history": leads_to("getHistory", subject_id="$response.body#/subject_id"),
}
_TO_PROOF = {"proof": leads_to("proveInclusion", entry="$response.body#/events/0/entry_id")}

_PERSON = {"subject_id": PERSON}


def routes(service: ConsentService, repeats: Repeats) -> list[HTTPRouteHandler]:
    @post(
        "/v1/consents",
        opt=needs(Scope.CONSENT_WRITE)
        | described(
            examples=examples.CONSENTS, also={200: _BEFORE}, links=_TO_PERSON, answer=examples.RECORDED
        ),
        tags=["consent"],
        operation_id="recordConsents",
        summary="Record choices",
    )
    async def record(request: Call, data: JSONBody[RecordConsents]) -> Response[ConsentsRecorded]:
        """Consents, refusals and withdrawals of one person; all of them, or none.

        A yes needs the text that was shown, the act, who collected it and when; an incomplete one is refused
        or, with `on_incomplete: keep_as_claim`, kept as *unknown*, which denies. Repeating the call with the
        same Idempotency-Key, or events with the same source_event_id, changes nothing.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            status, answer = await service.record(request.caller, data, repeat)
        return Response(answer, status_code=status)

    @post(
        "/v1/objections",
        opt=needs(Scope.CONSENT_WRITE)
        | described(examples=examples.OBJECTIONS, also={200: _BEFORE}, answer=examples.OBJECTED),
        tags=["consent"],
        operation_id="recordObjection",
        summary="Record an objection",
    )
    async def object_(request: Call, data: JSONBody[RecordObjection]) -> Response[ObjectionsRecorded]:
        """The right to object (GDPR 21): all marketing, on every channel, at once, unless narrowed."""
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            status, answer = await service.object(request.caller, data, repeat)
        return Response(answer, status_code=status)

    @post(
        "/v1/facts",
        opt=needs(Scope.CONSENT_WRITE)
        | described(examples=examples.FACTS, also={200: _BEFORE}, answer=examples.STATED),
        tags=["consent"],
        operation_id="recordFacts",
        summary="Record facts",
    )
    async def facts(request: Call, data: JSONBody[FactsAsked]) -> Response[FactsRecorded]:
        """Sales, contracts, birth dates, professional and unreachable contact details, last contacts."""
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            status, answer = await service.record_facts(request.caller, data, repeat)
        return Response(answer, status_code=status)

    @get(
        "/v1/subjects/{subject_id:uuid}/consents",
        opt=needs(Scope.CONSENT_READ) | described(answer=examples.STANDING, parameters=_PERSON),
        tags=["consent"],
        operation_id="getConsents",
        summary="What a person's choices are now",
    )
    async def consents(request: Call, subject_id: FromPath[UUID]) -> SubjectConsents:
        """The states that stand, and standing objections. Logged before it is answered."""
        return await service.consents(request.caller, subject_id)

    @get(
        "/v1/subjects/{subject_id:uuid}/history",
        opt=needs(Scope.CONSENT_READ)
        | described(links=_TO_PROOF, answer=examples.HISTORY, parameters=_PERSON),
        tags=["consent"],
        operation_id="getHistory",
        summary="How a person's choices came about",
    )
    async def history(
        request: Call,
        subject_id: FromPath[UUID],
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> SubjectHistory:
        """Every event, the latest to arrive first. Logged before it is answered."""
        before = decode_cursor(cursor, Position) if cursor else None
        page, following = await service.history(request.caller, subject_id, before, limit)
        return msgspec.structs.replace(page, next=encode_cursor(following) if following else None)

    return [record, object_, facts, consents, history]
