"""What somebody left for after their death, shown to the staff whom their heirs ask."""

from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from consentd.base.described import described
from consentd.callers import staff
from consentd.callers.access import needs
from consentd.callers.model import Caller, Scope
from consentd.callers.service import assert_live
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.dsr import directives, examples
from consentd.dsr.cases import RequestCase
from consentd.dsr.shapes import Entrusted
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import to_text
from consentd.subjects.doing import Doing, log_reading
from consentd.web.call import Call


class DirectiveTold(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    """By which the steps `approve` and `release` name it."""
    wish: Literal["keep", "erase", "hand_over"]
    to: Entrusted | None
    """Whom to turn to."""
    words: str | None
    """What the person wrote or said."""
    left_at: str
    against: tuple[str, ...]
    """What of it is against this request: to_be_erased, to_be_kept, to_be_handed_over, another_is_named."""

    def __repr__(self) -> str:
        return "DirectiveTold(…)"


def routes(doing: Doing) -> list[HTTPRouteHandler]:
    @get(
        "/v1/requests/{request_id:uuid}/directive",
        opt=needs(Scope.REQUESTS_DECIDE)
        | described(
            answer=examples.DIRECTIVE,
            parameters={"request_id": examples.REQUEST, "by": examples.STAFF},
            also={404: "There is no such request or member of staff, or the person left no directives."},
        ),
        tags=["requests"],
        operation_id="getDirective",
        summary="What somebody left for after their death",
    )
    async def told(request: Call, request_id: FromPath[UUID], by: FromQuery[UUID]) -> DirectiveTold:
        """Of the person whose heirs ask. Each look is logged under `by`, the member of staff."""
        return await read(doing, request.caller, request_id, by)

    return [told]


async def read(doing: Doing, caller: Caller, request: UUID, by: UUID) -> DirectiveTold:
    """Raises NotFound."""

    def work(unit: Unit) -> DirectiveTold:
        assert_live(unit.connection, caller)
        staff.colleague(unit.connection, doing.keyring, by)
        compiled = doing.policies.active(unit.connection)
        case = RequestCase.locked(unit, doing.keyring, compiled, request)
        left = directives.of_case(case)
        if left is None:
            raise directives.no_directive()
        about = [SubjectId(case.row["subject_id"])]
        told = {"request": str(request), "directive": str(left.id)}
        actor = Actor(ActorKind.STAFF, by)
        log_reading(unit, doing.keyring, "directive.read", actor, about, compiled.hash, told)
        return _told(left, case)

    answer: DirectiveTold = await with_fresh_keys(
        doing.keyring, doing.database, lambda: doing.database.change(work)
    )
    return answer


def _told(left: directives.Left, case: RequestCase) -> DirectiveTold:
    wish: Any = left.directive.wish  # Any: what was taken back is not told
    return DirectiveTold(
        id=left.id,
        wish=wish,
        to=left.directive.to,
        words=left.directive.words,
        left_at=to_text(left.at),
        against=directives.in_the_way(left.directive, case.content().asked),
    )
