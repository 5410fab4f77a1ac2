"""Checks over HTTP. The hot path of the service: `bench/check.py` watches it."""

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from consentd.base.described import described
from consentd.base.i18n import choose
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.check import examples
from consentd.check.answers import Answer
from consentd.check.attempts import AttemptRecorded, AttemptReported, report
from consentd.check.beside import SMALL, Batches
from consentd.check.pipe import Asked
from consentd.check.questions import CheckAsked
from consentd.check.service import BatchAnswer, BatchAsked, CheckService
from consentd.subjects.doing import Doing
from consentd.web.answer import encoded
from consentd.web.call import Call, reads
from consentd.web.idempotency import Repeats


def routes(service: CheckService, doing: Doing, repeats: Repeats, batches: Batches) -> list[HTTPRouteHandler]:
    @post(
        "/v1/check",
        opt=needs(Scope.CHECK) | described(examples=examples.CHECK, answer=examples.ANSWER),
        status_code=200,
        tags=["check"],
        operation_id="check",
        summary="May I contact this person?",
    )
    async def check(request: Call, data: JSONBody[CheckAsked]) -> Answer:
        """For this purpose, through this channel, now or at a planned instant; with the reasons.

        Whatever is unknown, missing or contradictory denies. The precise reasons need the scope `reasons`.
        """
        return await service.check(request.caller, data, _language(request))

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
        """Up to 10,000 questions, answered in order."""
        body = await request.body()
        if len(body) <= SMALL:
            return Response(await service.batch(request.caller, await request.json(), _language(request)))
        told = await batches.answer(Asked(request.caller, _language(request), body))
        service.asked += told.count
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

    return [check, batch, attempts]


def _language(request: Call) -> str:
    accepted = request.exchange.headers.get(b"accept-language")
    return "en" if accepted is None else choose(None, accepted.decode("latin-1"))
