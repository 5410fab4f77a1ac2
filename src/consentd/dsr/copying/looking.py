"""Staff look at a copy before it is released (GDPR 15(4)). Each look is logged before it is answered (8)."""

import asyncio
from itertools import islice
from typing import Any, Literal
from uuid import UUID

import msgspec

from consentd.callers import staff
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto import request_keys
from consentd.crypto.keyring import with_fresh_keys
from consentd.crypto.secrets import Key
from consentd.db.unit import Unit
from consentd.dsr import store as requests
from consentd.dsr.cases import RequestCase, unknown_request
from consentd.dsr.copies import SealedCopies
from consentd.dsr.copying import rounds, silos, store
from consentd.dsr.copying.places import Gathered
from consentd.dsr.copying.shapes import (
    CategoryTold,
    CopyTold,
    GatheredTold,
    RecordsTold,
    RecordTold,
    RedactionTold,
)
from consentd.dsr.package.about import Outcome, SystemAsked
from consentd.dsr.package.own_model import OWN
from consentd.dsr.states import State
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import to_text
from consentd.subjects.doing import Doing, log_reading

MOST_RECORDS = 200
"""On one page."""


class Looking:
    """All methods raise kernel errors only."""

    def __init__(self, doing: Doing, copies: SealedCopies) -> None:
        self._doing = doing
        self._copies = copies

    async def tell(self, caller: Caller, request: UUID) -> CopyTold:
        """Raises NotFound where no copy of this request was ever wanted."""

        def read(unit: Unit) -> tuple[CopyTold, tuple[SystemAsked, ...], Gathered | None]:
            case = self._case(unit, caller, request)
            told = self._told(unit, request)
            self._log(unit, case, Actor(ActorKind.SYSTEM, caller.system_id), "request.copy_told", {})
            redactions = tuple(map(_redaction, rounds.standing(case)))
            told = msgspec.structs.replace(told, redactions=redactions)
            if case.state is not State.REVIEWING:
                return told, (), None
            return told, silos.asked(case, "en"), self._gathered(unit, request)

        told: CopyTold
        told, asked, files = await self._change(read)
        if files is None:
            return told
        return msgspec.structs.replace(told, gathered=await asyncio.to_thread(_gathered, files, asked))

    async def records(
        self, caller: Caller, request: UUID, by: UUID, system: str, what: str, after: int, limit: int
    ) -> RecordsTold:
        """A page of one category's records, as they lie there. `by`: the member of staff who looks.

        Raises NotFound for what is not there, Conflict where the request is not at its review.
        """

        def read(unit: Unit) -> tuple[Gathered, dict[int, list[str | None]]]:
            case = self._case(unit, caller, request)
            staff.colleague(unit.connection, self._doing.keyring, by)
            files = self._gathered(unit, request)
            if case.state is not State.REVIEWING or files is None:
                raise Conflict("not_now", "No copy of this request waits to be looked at.")
            told = {"system": system, "after": after}
            self._log(unit, case, Actor(ActorKind.STAFF, by), "request.copy_read", told)
            held: dict[int, list[str | None]] = {}
            for one in rounds.standing(case):
                if (one.redaction.system, one.redaction.what, one.lapsed) == (system, what, False):
                    held.setdefault(one.redaction.record, []).append(one.redaction.field)
            return files, held

        files, held = await self._change(read)
        return await asyncio.to_thread(_page, files, held, system, what, after, limit)

    def _case(self, unit: Unit, caller: Caller, request: UUID) -> RequestCase:
        assert_live(unit.connection, caller)
        compiled = self._doing.policies.active(unit.connection)
        row = requests.request(unit.connection, request)
        if row is None:
            raise unknown_request()
        return RequestCase(unit, self._doing.keyring, compiled, row)

    def _gathered(self, unit: Unit, request: UUID) -> Gathered | None:
        work = store.work(unit.connection, request)
        key: Key | None = request_keys.open_key(unit.connection, self._doing.keyring, request, "package")
        if work is None or work["own_id"] is None or key is None:
            return None
        return Gathered(self._copies.folder(request), request, key, work["own_id"])

    def _told(self, unit: Unit, request: UUID) -> CopyTold:
        work = store.work(unit.connection, request)
        if work is None:
            raise NotFound("no_copy", "No copy was made for this request, or not yet.")
        made = rounds.made(unit.connection, request)
        live = [one for one in store.packages(unit.connection, request) if one["released_at"] is not None]
        released = live[-1] if live else None
        shown: Any = made or released  # Any: a row, or None
        state: Literal["making", "made", "failed", "released", "gone"] = "making"
        if made is not None:
            state = "made"
        elif work["state"] == "failed":
            state = "failed"
        elif work["state"] == "ended":
            state = "released" if released is not None else "gone"
        return CopyTold(
            state=state,
            code=work["code"],
            size=shown["size"] if shown else None,
            records=shown["records"] if shown else None,
            withheld=shown["withheld"] if shown else None,
            made_at=_time(shown, "made_at"),
            released_at=_time(released, "released_at"),
            expires_at=_time(released, "expires_at"),
            gathered=(),
            redactions=(),
        )

    def _log(self, unit: Unit, case: RequestCase, actor: Actor, action: str, detail: dict[str, Any]) -> None:
        """Under the person, who may ask who looked."""
        subject = case.row["subject_id"]
        about = [] if subject is None else [SubjectId(subject)]
        told = {"request": str(case.id), **detail}
        log_reading(unit, case.keyring, action, actor, about, case.compiled.hash, told)

    async def _change(self, work: Any) -> Any:  # Any: what the work gives
        doing = self._doing
        return await with_fresh_keys(doing.keyring, doing.database, lambda: doing.database.change(work))


def _time(row: Any, column: str) -> str | None:  # Any: a row, or None
    return None if row is None else to_text(row[column])


def _redaction(one: rounds.Standing) -> RedactionTold:
    told = one.redaction
    return RedactionTold(
        one.id, one.by, told.system, told.what, told.record, told.field, told.reason, one.lapsed
    )


def _gathered(files: Gathered, asked: tuple[SystemAsked, ...]) -> tuple[GatheredTold, ...]:
    found = []
    for one in (*asked, SystemAsked(OWN, Outcome.ANSWERED)):
        collected = files.collected(one.id)
        categories = tuple(
            CategoryTold(category.what, category.records, tuple(field.name for field in category.fields))
            for category in (collected.categories if collected else ())
        )
        found.append(GatheredTold(one.id, one.outcome.value, categories))
    return tuple(found)


def _page(
    files: Gathered, held: dict[int, list[str | None]], system: str, what: str, after: int, limit: int
) -> RecordsTold:
    collected = files.collected(system)
    if collected is None or all(category.what != what for category in collected.categories):
        raise NotFound("no_such_records", "This silo gave no such records: see GET /v1/requests/{id}/copy.")
    found = []
    for number, line in enumerate(islice(files.lines(system, what), after, after + limit + 1), after + 1):
        record = msgspec.json.decode(line)
        names = held.get(number, [])
        whole = tuple(record) if None in names else tuple(name for name in names if name is not None)
        found.append(RecordTold(number, record, whole))
    more = len(found) > limit
    return RecordsTold(tuple(found[:limit]), after + limit if more else None)
