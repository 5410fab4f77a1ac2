"""The use cases of requests: taking in, telling, proving who asks, deciding; each logged."""

from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.db.unit import Unit
from consentd.dsr import identity, store, views
from consentd.dsr.cases import RequestCase, unknown_request
from consentd.dsr.identity import Sending, wrong_code
from consentd.dsr.posting import Post
from consentd.dsr.registering import register
from consentd.dsr.shapes import AnyStep, RequestAsked
from consentd.dsr.steps import take
from consentd.dsr.views import RequestBrief, RequestReceived, RequestTold
from consentd.evidence.model import Actor
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import BatchId, SubjectId
from consentd.kernel.policy import Controller
from consentd.subjects.doing import Doing
from consentd.web.idempotency import Repeat, remembered

Listed: TypeAlias = tuple[tuple[RequestBrief, ...], tuple[str, UUID] | None]
"""A page, and where the next one begins."""


class RequestService:
    """All methods raise kernel errors only. `wake`: told when there is something to carry to the silos."""

    def __init__(self, doing: Doing, post: Post, wake: Callable[[], None] = lambda: None) -> None:
        self._doing = doing
        self._keyring = doing.keyring
        self._policies = doing.policies
        self._post = post
        self._wake = wake

    async def register(
        self, caller: Caller, asked: RequestAsked, repeat: Repeat | None = None
    ) -> RequestReceived:
        def write(unit: Unit, actor: Actor) -> tuple[BatchId, RequestReceived]:
            case = register(unit, self._keyring, self._policies.active(unit.connection), actor, asked)
            return BatchId(case.id), views.received(case.row)

        def rebuild(connection: Any, batch: BatchId) -> RequestReceived:
            return views.received(store.request(connection, batch))

        answer = await self._doing.decide(caller, repeat, write, rebuild)
        self._wake()
        return answer

    async def tell(self, caller: Caller, id_: UUID) -> RequestTold:
        """Raises NotFound."""

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], RequestTold]:
            row = store.request(connection, id_)
            if row is None:
                raise unknown_request()
            return [], views.told(connection, compiled.policy, row)

        return await self._doing.read(caller, "request.read", read, request=str(id_))

    async def listed(
        self,
        caller: Caller,
        states: tuple[str, ...],
        after: tuple[str, UUID] | None,
        limit: int,
        *,
        unwritten: bool = False,
    ) -> tuple[tuple[RequestBrief, ...], tuple[str, UUID] | None]:
        """A page, and where the next one begins. `unwritten`: also those of which staff have to write."""

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], Listed]:
            rows = store.listed(connection, states, after, limit + 1, unwritten=unwritten)
            page = rows[:limit]
            steps = store.steps_of(connection, [row["id"] for row in page])
            told = tuple(views.brief(row, steps[row["id"]], compiled.policy) for row in page)
            return [], (told, (page[-1]["legal_due"], page[-1]["id"]) if len(rows) > limit else None)

        return await self._doing.read(caller, "requests.listed", read)

    async def send_code(self, caller: Caller, id_: UUID, scheme: str, repeat: Repeat | None = None) -> None:
        """Sends a code to a known contact detail, if there is one: nobody is told whether.

        Raises Unprocessable for a scheme that no mail reaches; Unavailable where no mail can be sent.
        """
        self._post.require()

        def write(unit: Unit, actor: Actor) -> tuple[BatchId, tuple[Sending, Controller] | None]:
            case = self._case(unit, id_)
            kind = case.compiled.policy.identifiers.get(scheme)
            if kind is None or kind.kind != "email":
                raise Unprocessable("no_code_there", "Codes are sent by e-mail: name a scheme of addresses.")
            sending = identity.make_code(case, scheme)
            return BatchId(case.id), (sending, case.compiled.policy.controller) if sending else None

        def rebuild(connection: Any, batch: BatchId) -> None:
            """The mail left with the first of these calls."""

        made = await self._doing.decide(caller, repeat, write, rebuild)
        if made is not None:
            self._post.send(*made)

    async def prove(
        self, caller: Caller, id_: UUID, code: str, repeat: Repeat | None = None
    ) -> RequestReceived:
        """Raises Unprocessable in the same words whatever is wrong with the code."""

        def attempt(unit: Unit) -> Any:  # Any: a row, or None
            assert_live(unit.connection, caller)
            if remembered(unit, repeat) is not None:
                # Used up by this very call: its answer is made again.
                return None
            found = identity.count_try(unit, self._keyring, id_, code.replace(" ", ""))
            return found or wrong_code()

        found = await self._doing.database.housekeep(attempt)
        if isinstance(found, Unprocessable):
            raise found

        def write(unit: Unit, actor: Actor) -> tuple[BatchId, RequestReceived]:
            case = self._case(unit, id_)
            identity.use_up(unit, found)
            identity.prove_by_code(case, found["identifier_id"])
            return BatchId(case.id), views.received(case.row)

        def rebuild(connection: Any, batch: BatchId) -> RequestReceived:
            return views.received(store.request(connection, batch))

        answer = await self._doing.decide(caller, repeat, write, rebuild)
        self._wake()
        return answer

    async def step(
        self, caller: Caller, id_: UUID, step: AnyStep, repeat: Repeat | None = None
    ) -> RequestTold:
        def write(unit: Unit, actor: Actor) -> tuple[BatchId, RequestTold]:
            case = self._case(unit, id_)
            take(case, step)
            return BatchId(new_id()), self._told(unit.connection, id_)

        def rebuild(connection: Any, batch: BatchId) -> RequestTold:
            return self._told(connection, id_)

        answer = await self._doing.decide(caller, repeat, write, rebuild)
        self._wake()
        return answer

    def _told(self, connection: Any, id_: UUID) -> RequestTold:
        policy = self._policies.active(connection).policy
        return views.told(connection, policy, store.request(connection, id_))

    def _case(self, unit: Unit, id_: UUID) -> RequestCase:
        return RequestCase.locked(unit, self._keyring, self._policies.active(unit.connection), id_)
