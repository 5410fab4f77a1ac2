"""Tasks over HTTP, for silos that come for them: listed, claimed, kept, answered."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from consentd.base.described import described
from consentd.callers.access import BODY, SIGNED, needs
from consentd.callers.model import Scope
from consentd.dsr import answering, uploads
from consentd.dsr import task_examples as examples
from consentd.dsr.copies import Copies
from consentd.dsr.handing import Handing
from consentd.dsr.signed_answers import SignedAnswers
from consentd.dsr.task_shapes import (
    LONGEST_WAIT,
    MOST_LISTED,
    AnswerAsked,
    ClaimAsked,
    HeartbeatAsked,
    LeaseTold,
    RecordsTaken,
    ReleaseAsked,
    TaskAnswered,
    TasksClaimed,
    TasksWaiting,
)
from consentd.web.body import pieces, require_media, require_uncompressed
from consentd.web.call import Call, reads

NDJSON = "application/x-ndjson"
CHUNK_SECONDS = 60
"""How long the next piece of a copy may take: a silo looks for its rows while it sends them."""
_HELD = {409: "Another holds the task by now, or it is over with another answer."}
_TASK = {"task_id": examples.ID}


def routes(handing: Handing, copies: Copies, environ: Mapping[str, str]) -> list[HTTPRouteHandler]:
    """`copies`: where records of a copy are kept. `environ`: where secrets of silos are."""
    signed = SignedAnswers(handing, copies, environ)
    return [*_taking(handing), *_doing(handing), _answer(handing, signed), _records(handing, copies)]


def _taking(handing: Handing) -> list[HTTPRouteHandler]:
    @get(
        "/v1/tasks",
        opt=needs(Scope.TASKS) | described(answer=examples.WAITING, parameters={"wait": 10, "limit": 10}),
        tags=["tasks"],
        operation_id="listTasks",
        summary="What waits for this silo",
    )
    async def waiting(
        request: Call,
        wait: Annotated[int, QueryParameter(ge=0, le=LONGEST_WAIT)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_LISTED)] = 10,
    ) -> TasksWaiting:
        """Tasks that can be claimed; about whom is told with the claim. With `wait`, where there is none the
        answer comes as soon as there is, or after so many seconds.
        """
        return await handing.waiting(request.caller, wait, limit)

    @post(
        "/v1/tasks/claim",
        status_code=200,
        opt=needs(Scope.TASKS) | described(examples=examples.CLAIM, answer=examples.CLAIMED, changes=True),
        tags=["tasks"],
        operation_id="claimTasks",
        summary="Take tasks",
    )
    async def claim(request: Call, data: JSONBody[ClaimAsked]) -> TasksClaimed:
        """Leases tasks to the caller, with all that is needed to do them; logged about each person first.
        Nobody else gets them until the lease ends: renew it, answer, or give them back. A task may come more
        than once, always under the same number: doing it twice must leave what doing it once leaves.
        """
        return await handing.claim(request.caller, data)

    return [waiting, claim]


def _doing(handing: Handing) -> list[HTTPRouteHandler]:
    @post(
        "/v1/tasks/{task_id:uuid}/heartbeat",
        status_code=200,
        opt=needs(Scope.TASKS)
        | described(
            examples=examples.HEARTBEAT, answer=examples.RENEWED, also=_HELD, parameters=_TASK, changes=True
        ),
        tags=["tasks"],
        operation_id="keepTask",
        summary="Keep a task",
    )
    async def heartbeat(request: Call, task_id: FromPath[UUID], data: JSONBody[HeartbeatAsked]) -> LeaseTold:
        """The lease ends so many seconds from now. One that ran out is renewed too, if nobody took the task
        since.
        """
        return await handing.heartbeat(request.caller, task_id, data)

    @post(
        "/v1/tasks/{task_id:uuid}/release",
        status_code=200,
        opt=needs(Scope.TASKS)
        | described(
            examples=examples.RELEASE, answer=examples.RELEASED, also=_HELD, parameters=_TASK, changes=True
        ),
        tags=["tasks"],
        operation_id="releaseTask",
        summary="Give a task back",
    )
    async def release(request: Call, task_id: FromPath[UUID], data: JSONBody[ReleaseAsked]) -> LeaseTold:
        """Without a code, as if it had not been taken. With one, a try failed: the next comes later each
        time, and after as many as the policy says the task counts as failed, and its owner told.
        """
        return await handing.release(request.caller, task_id, data)

    return [heartbeat, release]


def _answer(handing: Handing, signed: SignedAnswers) -> HTTPRouteHandler:
    @post(
        "/v1/tasks/{task_id:uuid}/answer",
        status_code=200,
        opt=needs(Scope.TASKS)
        | {SIGNED: True}
        | reads(AnswerAsked)
        | described(
            examples=examples.ANSWER, answer=examples.ANSWERED, also=_HELD, parameters=_TASK, changes=True
        ),
        tags=["tasks"],
        operation_id="answerTask",
        summary="Answer a task",
    )
    async def answer(request: Call, task_id: FromPath[UUID]) -> TaskAnswered:
        """What was found and done, in counts, categories and articles; no content. The same answer again is
        taken as the first. An answer that comes late counts too, if nobody else holds the task.

        A silo that was told by webhook and answered 202 posts here without a token: its answer without
        `lease`, or the lines of a copy, signed as it signs at once.
        """
        if request.exchange.caller is None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in _headers(request)}
            return await signed.answer(task_id, headers, _sent(request))
        return await answering.answer(handing, request.caller, task_id, await request.json())

    return answer


def _headers(request: Call) -> Iterable[tuple[bytes, bytes]]:
    return request.exchange.headers.items()


def _records(handing: Handing, copies: Copies) -> HTTPRouteHandler:
    @post(
        "/v1/tasks/{task_id:uuid}/records",
        status_code=200,
        opt=needs(Scope.TASKS)
        | {BODY: examples.RECORDS}
        | described(
            answer=examples.TAKEN,
            also=_HELD
            | {
                408: "The next piece did not arrive in time.",
                413: "The copy is too large.",
                415: "What came is announced as something else than lines of JSON, or compressed.",
            },
            parameters=_TASK | {"lease": examples.LEASE},
            changes=True,
        ),
        tags=["tasks"],
        operation_id="sendRecords",
        summary="Send the records of a copy",
    )
    async def records(request: Call, task_id: FromPath[UUID], lease: FromQuery[UUID]) -> RecordsTaken:
        """For a task to `export`, before its answer: one line for each record, of any number. They count once
        all were read, or not at all; sent again they replace what was sent before. Values are texts, whole
        numbers, true, false or null; what has a fraction is kept as the text that was sent.
        """
        _require_lines(request)
        return await uploads.receive(handing, copies, request.caller, task_id, lease, _sent(request))

    return records


def _require_lines(request: Call) -> None:
    headers = request.exchange.headers
    require_media(headers.get(b"content-type", b""), NDJSON)
    require_uncompressed(headers)


def _sent(request: Call) -> AsyncIterator[bytes]:
    return pieces(request.receive, CHUNK_SECONDS, "all of it")
