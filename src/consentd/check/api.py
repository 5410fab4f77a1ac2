"""Checks over HTTP. The hot path of the service: `bench/check.py` watches it."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from consentd.base.clock import now
from consentd.base.described import described
from consentd.base.i18n import choose
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.check import examples
from consentd.check.answers import Answer
from consentd.check.attempting import AttemptRecorded
from consentd.check.attempts import AttemptReported, report
from consentd.check.beside import SMALL, Batches
from consentd.check.permits import Permits
from consentd.check.pipe import Asked
from consentd.check.proof_asked import ProofAsked
from consentd.check.proving import ContactProof, prove
from consentd.check.questions import CheckAsked
from consentd.check.service import BatchAnswer, BatchAsked, CheckService
from consentd.check.using import PermitUsed, use
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import SubjectId
from consentd.subjects.doing import Doing
from consentd.web.answer import encoded
from consentd.web.call import Call, reads
from consentd.web.idempotency import HEADER, Repeats


def routes(
    service: CheckService, permits: Permits, doing: Doing, repeats: Repeats, batches: Batches
) -> list[HTTPRouteHandler]:
    @post(
        "/v1/check",
        opt=needs(Scope.CHECK) | described(examples=examples.CHECK, answer=examples.ANSWER, changes=True),
        status_code=200,
        tags=["check"],
        operation_id="check",
        summary="May I contact this person?",
    )
    async def check(request: Call, data: JSONBody[CheckAsked]) -> Answer:
        """For this purpose, through this channel, now or at a planned instant; with the reasons.

        Whatever is unknown, missing or contradictory denies. The precise reasons need the scope `reasons`.

        With `permit` an answer that allows carries a signed permit for this one contact, for five minutes at
        most. Where the law counts attempts it reserves one: however many ask at once, no more permits are
        given than attempts are left. That is a change, so it may carry an `Idempotency-Key`.
        """
        language = language_of(request)
        if data.permit or HEADER in request.exchange.headers:
            repeat = await repeats.of(request)
            if data.permit:
                async with repeats.alone(repeat):
                    return await permits.check(request.caller, data, repeat, language)
        return await service.check(request.caller, data, language)

    @post(
        "/v1/check/batch",
        opt=needs(Scope.CHECK)
        | reads(BatchAsked)
        | described(examples=examples.BATCH, answer=examples.ANSWERS),
        status_code=200,
        tags=["check"],
        operation_id="checkBatch",
        summary="May I contact these people?",
    )
    async def batch(request: Call) -> Response[BatchAnswer]:
        """Up to 10,000 questions, answered in order. `permit` is refused here: `permit_in_batch`."""
        body = await request.body()
        if len(body) <= SMALL:
            return Response(await service.batch(request.caller, await request.json(), language_of(request)))
        told = await batches.answer(Asked(request.caller, language_of(request), body))
        service.count(told.count, told.allowed)
        return encoded(told.content)

    @post(
        "/v1/attempts",
        opt=needs(Scope.CHECK)
        | described(
            examples=examples.ATTEMPT,
            also={200: "This system reported it before: nothing changed."},
            answer=examples.REPORTED,
        ),
        tags=["check"],
        operation_id="reportAttempt",
        summary="Report a contact attempt",
    )
    async def attempts(request: Call, data: JSONBody[AttemptReported]) -> Response[AttemptRecorded]:
        """Answered or not, every attempt counts towards the law's limits. A refusal withdraws."""
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            status, answer = await report(doing, request.caller, data, repeat)
        return Response(answer, status_code=status)

    @post(
        "/v1/permits/{permit_id:uuid}/used",
        opt=needs(Scope.CHECK)
        | described(
            examples=examples.USED,
            also={200: "It was reported before: nothing changed."},
            answer=examples.REPORTED,
            parameters={"permit_id": examples.PERMIT},
        ),
        tags=["check"],
        operation_id="usePermit",
        summary="Report the contact that a permit was for",
    )
    async def used(
        request: Call, permit_id: FromPath[UUID], data: JSONBody[PermitUsed]
    ) -> Response[AttemptRecorded]:
        """What was reserved becomes an attempt.

        Once, with its outcome, until a day after the permit's end. A refusal withdraws. A permit that is not
        used needs no report: it ends by itself. One that this system was not given is not found.
        """
        repeat = await repeats.of(request)
        async with repeats.alone(repeat):
            status, answer = await use(doing, request.caller, permit_id, data, repeat)
        return Response(answer, status_code=status)

    @post(
        "/v1/proofs",
        opt=needs(Scope.CONSENT_READ, Scope.REASONS)
        | described(
            examples=examples.PROOF,
            also={404: "Nobody is on record under this contact detail."},
            answer=examples.PROVED,
        ),
        status_code=200,
        tags=["check"],
        operation_id="proveContact",
        summary="Why was this person contacted that day?",
    )
    async def proofs(request: Call, data: JSONBody[ProofAsked]) -> ContactProof:
        """What was consented, shown, decided and attempted, each with its place in the log.

        Logged before it is answered.
        """
        language = language_of(request)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], ContactProof]:
            may = request.caller.may_know
            return prove(connection, doing.keyring, doing.policies, data, language, now(), may)

        return await doing.read(request.caller, "contact.proved", read)

    return [check, batch, attempts, used, proofs]


def language_of(request: Call) -> str:
    accepted = request.exchange.headers.get(b"accept-language")
    return "en" if accepted is None else choose(None, accepted.decode("latin-1"))
