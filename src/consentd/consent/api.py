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
from consentd.consent.receipts import Receipt
from consentd.consent.requests import RecordConsents, RecordObjection
from consentd.consent.service import ConsentService
from consentd.consent.views import Position, SubjectConsents, SubjectHistory
from consentd.subjects.examples import PERSON
from consentd.subjects.stating import FactsAsked, FactsRecorded
from consentd.web.call import Call
from consentd.web.cursors import decode_cursor, encode_cursor
from consentd.web.idempotency import Repeats
from consentd.web.negotiation import JSON_LD, chosen, linked, linked_form, told

_BEFORE = "Every event was reported before: nothing changed."
_TO_PERSON = {
    "consents": leads_to("getConsents", subject_id="$response.body#/subject_id"),
    "history": leads_to("getHistory", subject_id="$response.body#/subject_id"),
}
_TO_RECEIPT = {"receipt": leads_to("getReceipt", receipt_id="$response.body#/receipt_id")}
_RECEIPT_TO_PROOF = {"proof": leads_to("proveInclusion", entry="$response.body#/content/events/0/entry_id")}
_TO_PROOF = {"proof": leads_to("proveInclusion", entry="$response.body#/events/0/entry_id")}

_PERSON = {"subject_id": PERSON}


def routes(service: ConsentService, repeats: Repeats) -> list[HTTPRouteHandler]:
    @post(
        "/v1/consents",
        opt=needs(Scope.CONSENT_WRITE)
        | described(
            examples=examples.CONSENTS,
            also={200: _BEFORE},
            links=_TO_PERSON | _TO_RECEIPT,
            answer=examples.RECORDED,
        ),
        tags=["consent"],
        operation_id="recordConsents",
        summary="Record choices",
    )
    async def record(request: Call, data: JSONBody[RecordConsents]) -> Response[ConsentsRecorded]:
        """Consents, refusals and withdrawals of one person; all of them, or none.

        A yes needs the text that was shown, the act, who collected it and when; an incomplete one is refused
        or, with `on_incomplete: keep_as_claim`, kept as `unknown`, which denies. Repeating the call with the
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
        opt=needs(Scope.CONSENT_READ)
        | described(
            forms=linked_form(examples.LINKED_STANDING), answer=examples.STANDING, parameters=_PERSON
        ),
        tags=["consent"],
        operation_id="getConsents",
        summary="What a person's choices are now",
    )
    async def consents(request: Call, subject_id: FromPath[UUID]) -> Response[SubjectConsents]:
        """The states that stand, and standing objections. Logged before it is answered.

        As `application/ld+json`: the consent records (ISO/IEC TS 27560) of what stands, in DPV.
        """
        if chosen(request) == JSON_LD:
            return linked(await service.linked_consents(request.caller, subject_id))
        return told(await service.consents(request.caller, subject_id))

    @get(
        "/v1/subjects/{subject_id:uuid}/history",
        opt=needs(Scope.CONSENT_READ)
        | described(
            links=_TO_PROOF,
            forms=linked_form(examples.LINKED_HISTORY),
            answer=examples.HISTORY,
            parameters=_PERSON,
        ),
        tags=["consent"],
        operation_id="getHistory",
        summary="How a person's choices came about",
    )
    async def history(
        request: Call,
        subject_id: FromPath[UUID],
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    ) -> Response[SubjectHistory]:
        """Every event, the latest to arrive first. Logged before it is answered.

        As `application/ld+json`: the consent records (ISO/IEC TS 27560) of the page's events, in DPV.
        """
        form = chosen(request)
        before = decode_cursor(cursor, Position) if cursor else None
        if form == JSON_LD:
            document, following = await service.linked_history(request.caller, subject_id, before, limit)
            if following:
                document["next"] = f"?cursor={encode_cursor(following)}&limit={limit}"
            return linked(document)
        page, following = await service.history(request.caller, subject_id, before, limit)
        return told(msgspec.structs.replace(page, next=encode_cursor(following) if following else None))

    @get(
        "/v1/receipts/{receipt_id:uuid}",
        opt=needs(Scope.CONSENT_READ)
        | described(
            links=_RECEIPT_TO_PROOF,
            forms=linked_form(examples.LINKED_RECEIPT),
            answer=examples.RECEIPT,
            parameters={"receipt_id": examples.RECEIPT["receipt_id"]},
        ),
        tags=["consent"],
        operation_id="getReceipt",
        summary="A receipt and its proof",
    )
    async def receipt(request: Call, receipt_id: FromPath[UUID]) -> Response[Receipt]:
        """What one recording call was answered with, signed, and the proof that the log holds it.

        As `application/ld+json`: the same as a consent receipt (ISO/IEC TS 27560) in DPV. Told whole or not
        at all: one that speaks of a purpose or channel outside the caller's limits is not found. Logged
        before it is answered.
        """
        if chosen(request) == JSON_LD:
            return linked(await service.linked_receipt(request.caller, receipt_id))
        return told(await service.receipt(request.caller, receipt_id))

    return [record, object_, facts, consents, history, receipt]
