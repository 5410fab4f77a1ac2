"""What a colleague sees and answers by the link in their mail (decision 0041).

A link that does not hold, is over, or was for somebody else opens nothing, in the same words (promise 13).
Looking changes nothing and names nobody: mail scanners follow links. The customer is shown on a press of a
button, and that is in the log before it is answered (promise 8). It is answered once; again alike, it is
answered as before.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

import msgspec

from consentd.db.unit import Unit
from consentd.dsr import store
from consentd.dsr.answering import answer_of
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.copies import Copies
from consentd.dsr.handing import Handing, Row
from consentd.dsr.link_shapes import (
    LinkAnswer,
    LinkChoice,
    LinkCustomer,
    LinkIdentifier,
    LinkTold,
    RecordSent,
)
from consentd.dsr.running import RUNS, order_of
from consentd.dsr.states import State
from consentd.dsr.taking import require_records, taken
from consentd.dsr.task_shapes import TaskAnswered
from consentd.dsr.uploads import Beside
from consentd.evidence.model import SERVICE
from consentd.evidence.recorder import begin
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.connection import Verb
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import SubjectId
from consentd.kernel.policy import Policy, System
from consentd.systems.connectors.contract import Answer, Preference, Records
from consentd.systems.connectors.manual import steps_of
from consentd.systems.links import Links
from consentd.web.pages.brand import Brand, brand_of


class _Nowhere:
    """Where nothing is to be written."""

    def add(self, what: str, record: Any) -> None:  # Any: a record
        raise TypeError("records are added to a copy, and this order asks for none")


class _Opened(msgspec.Struct, frozen=True):
    row: Row
    request: Row
    system: System
    compiled: CompiledPolicy


class ByLink:
    def __init__(self, handing: Handing, copies: Copies, links: Links) -> None:
        self._handing = handing
        self._doing = handing.doing
        self._copies = copies
        self._links = links

    async def look(self, token: str) -> LinkTold:
        """The steps, and whether it was answered. Raises NotFound."""

        def read(connection: Any) -> LinkTold:  # Any: a connection
            return _told(self._opened(connection, token))

        return await self._doing.database.read(read)

    async def brand(self) -> Brand:
        """In whose name the page is."""
        compiled = await self._doing.database.read(self._doing.policies.active)
        return brand_of(compiled.policy)

    async def customer(self, token: str) -> LinkCustomer:
        """Whom to look for; logged first. Raises NotFound, Conflict once it is answered or not asked now."""

        def work(unit: Unit) -> LinkCustomer:
            case, opened = self._locked(unit, token)
            if _told(opened).state != "open":
                raise Conflict("not_asked_now", "This task is answered, or is not asked now.")
            order = order_of(case, opened.row)
            if order is None:
                raise Conflict("not_asked_now", "Nothing is known any more to look by.")
            subject = case.row["subject_id"]
            begin(
                unit,
                case.keyring,
                action="task.shown",
                actor=SERVICE,
                subject_id=None if subject is None else SubjectId(subject),
                key=case.keyring.audit(),
                policy=case.compiled.hash,
            ).close({"request": str(case.id), "task": str(order.task), "system": opened.system.id})
            schemes = opened.compiled.policy.identifiers
            return LinkCustomer(
                identifiers=tuple(
                    LinkIdentifier(
                        scheme=one.scheme,
                        value=one.value,
                        label=schemes[one.scheme].label if one.scheme in schemes else {},
                    )
                    for one in order.identifiers
                ),
                changes=order.changes,
                stops=tuple(_choice(opened.compiled.policy, one) for one in order.preferences),
            )

        return await self._handing.change(work)

    async def answer(self, token: str, asked: LinkAnswer) -> TaskAnswered:
        """Raises NotFound, Conflict where it was answered otherwise, Unprocessable."""
        opened = await self._doing.database.read(lambda connection: self._opened(connection, token))
        if asked.records and opened.row["verb"] != Verb.EXPORT.value:
            raise Conflict("not_an_export", f"This task is to {opened.row['verb']}: no records belong to it.")
        async with Beside(await self._place(opened.row, asked.records)) as records:
            if opened.row["state"] != "ended":
                for one in asked.records:
                    records.add(one.what, one.scalars())

            def work(unit: Unit) -> bool:
                case, now = self._locked(unit, token)
                said = answer_of(case.compiled.policy, asked)
                _require(now.row, said, asked.records)
                return taken(case, now.row, said)

            # Before the records count: what could not be answered is not there.
            if await self._handing.change(work):
                self._handing.wake()
        return TaskAnswered(opened.row["id"], asked.verdict.value)

    async def _place(self, row: Row, records: Sequence[RecordSent]) -> AbstractContextManager[Records]:
        if not records or row["state"] == "ended":
            return nullcontext(_Nowhere())
        return (await self._copies.of(row["request_id"])).writing(row["id"], row["system"])

    def _opened(self, connection: Any, token: str) -> _Opened:  # Any: a connection
        compiled = self._doing.policies.active(connection)
        found = self._links.verify_link(
            token, self._handing.now(), lambda task: _owner(connection, compiled.policy, task)
        )
        row = store.task(connection, found.task) if found else None
        if row is None:
            raise unknown_link()
        request = store.request(connection, row["request_id"])
        return _Opened(row, request, compiled.policy.systems[row["system"]], compiled)

    def _locked(self, unit: Unit, token: str) -> tuple[RequestCase, _Opened]:
        opened = self._opened(unit.connection, token)
        # The request before the task, as everywhere.
        case = RequestCase.locked(unit, self._doing.keyring, opened.compiled, opened.row["request_id"])
        row = store.task(unit.connection, opened.row["id"], lock=True)
        return case, msgspec.structs.replace(opened, row=row, request=case.row)


def _owner(connection: Any, policy: Policy, task: UUID) -> str | None:  # Any: a connection
    row = store.task(connection, task)
    system = policy.systems.get(row["system"]) if row else None
    return system.connection.owner.email if system and system.connection else None


def _choice(policy: Policy, said: Preference) -> LinkChoice:
    return LinkChoice(
        purpose=policy.purposes[said.purpose].label, channel=policy.channels[said.channel].label
    )


def _told(opened: _Opened) -> LinkTold:
    row, connection = opened.row, opened.system.connection
    assert connection is not None
    verb, lift = Verb(row["verb"]), opened.request["right"] == "lifting"
    open_ = State(opened.request["state"]) in RUNS and row["state"] != "approving"
    due = local_day(row["due_at"] - 1, opened.compiled.policy)
    return LinkTold(
        id=row["id"],
        verb=verb.value,
        tool=opened.system.name,
        state="answered" if row["state"] == "ended" else "open" if open_ else "closed",
        due_on=due.isoformat(),
        steps={language: steps_of(opened.system, verb, language, lift=lift) for language in ("fr", "en")},
        categories=opened.system.categories,
        adds={
            scheme: opened.compiled.policy.identifiers[scheme].label
            for scheme in connection.adds
            if scheme in opened.compiled.policy.identifiers
        }
        if verb is Verb.LOCATE
        else {},
    )


def _require(row: Row, said: Answer, records: Sequence[RecordSent]) -> None:
    if row["verb"] == Verb.EXPORT.value and row["state"] != "ended" and not records:
        require_records(said)


def unknown_link() -> NotFound:
    return NotFound("unknown_link", "This link opens nothing, or nothing any more.")
