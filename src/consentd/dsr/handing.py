"""Handing tasks out to silos that come for them, behind whatever firewall they stand.

A task whose silo polls is *asked* as soon as it is its turn, and waits there for the silo. A claim leases it
out: until the lease ends nobody else gets it, and a program that died with it loses it to the next. What was
taken and never answered stays *asked*, is reminded of, and is told as *silent* in the end; a late claim and a
late answer are welcome all the same.

Upholds promise 8 (whom an order is about is logged before it is handed out), 12 (orders leave only while
their request is carried out) and 13 (another silo's tasks are not there).
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from consentd.base.clock import Clock
from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto.keyring import with_fresh_keys
from consentd.db import leases
from consentd.db.unit import Unit
from consentd.dsr import store
from consentd.dsr.cases import RequestCase
from consentd.dsr.running import RUNS, answered, nothing_to_look_by, order_of
from consentd.dsr.task_shapes import (
    ClaimAsked,
    HeartbeatAsked,
    LeaseTold,
    ReleaseAsked,
    TasksClaimed,
    TasksWaiting,
    TaskWaiting,
)
from consentd.evidence.model import SERVICE, Actor, ActorKind
from consentd.kernel.connection import Connection
from consentd.kernel.errors import Conflict, NotFound, Unprocessable
from consentd.kernel.instants import SECOND, Instant, to_text
from consentd.kernel.policy import Policy
from consentd.kernel.tasks import TaskIdentifier, TaskOrder, TaskPreference
from consentd.subjects.doing import Doing
from consentd.systems.connectors.contract import Answer, Order, Verdict

T = TypeVar("T")
Row: TypeAlias = Any
"""Any: a row mapping of `silo_tasks`."""

WAITED_FOR = ("asked", "silent")
"""The states of a task that its silo is to answer."""
_LOOK_SECONDS = 1.0
_MOST_WAITING = 64
"""Calls of one process that wait for a task; who comes beyond them is answered at once."""


class Handing:
    """All methods raise kernel errors only. `wake`: told when there is something to carry to other silos."""

    def __init__(self, doing: Doing, clock: Clock, wake: Callable[[], None] = lambda: None) -> None:
        self.doing = doing
        self.wake = wake
        self.now = clock
        self._waiting = 0

    async def waiting(self, caller: Caller, wait: int, limit: int) -> TasksWaiting:
        """What this silo could claim; where that is nothing, as soon as there is something, or at the end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (wait if self._waiting < _MOST_WAITING else 0)
        self._waiting += 1
        try:
            while not (rows := await self._listed(caller, limit)) and (left := until - loop.time()) > 0:
                await asyncio.sleep(min(_LOOK_SECONDS, left))
        finally:
            self._waiting -= 1
        return TasksWaiting(
            tuple(TaskWaiting(row["id"], row["verb"], to_text(row["due_at"])) for row in rows)
        )

    async def _listed(self, caller: Caller, limit: int) -> list[Row]:
        def read(connection: Any) -> list[Row]:  # Any: a connection
            assert_live(connection, caller)
            _polling(self.doing.policies.active(connection).policy, caller)
            return list(store.waiting_at(connection, caller.name, RUNS, self.now(), limit))

        return await self.doing.database.read(read)

    async def claim(self, caller: Caller, asked: ClaimAsked) -> TasksClaimed:
        """Leases up to `limit` tasks to the caller, each in a unit of its own."""
        claimed: list[TaskOrder] = []
        # Others claim beside this one: a few more than wanted, and what they took is left.
        for row in await self._listed(caller, 2 * asked.limit):
            if len(claimed) == asked.limit:
                break
            order = await self.change(partial(self._claimed, caller=caller, id_=row["id"], asked=asked))
            if order is not None:
                claimed.append(order)
        return TasksClaimed(tuple(claimed))

    def _claimed(self, unit: Unit, *, caller: Caller, id_: UUID, asked: ClaimAsked) -> TaskOrder | None:
        assert_live(unit.connection, caller)
        compiled = self.doing.policies.active(unit.connection)
        _polling(compiled.policy, caller)
        # The request before the task, as everywhere: two that lock in different orders wait for ever.
        case = RequestCase.locked(
            unit, self.doing.keyring, compiled, own_task(unit.connection, caller, id_)["request_id"]
        )
        lease, until = new_id(), _until(unit, asked.seconds)
        if case.state not in RUNS or not store.take_task(unit, id_, lease, until):
            return None
        row = own_task(unit.connection, caller, id_)
        order = order_of(case, row)
        if order is None:
            answered(case, row, nothing_to_look_by(), SERVICE)
            return None
        if row["told_at"] is None:
            store.change_task(unit, id_, {"told_at": unit.now})
        log(case, row, "task.taken", caller, attempt=row["attempts"])
        return _handed(order, row)

    async def heartbeat(self, caller: Caller, id_: UUID, asked: HeartbeatAsked) -> LeaseTold:
        """Renews a lease, also one that ran out and that nobody took since."""

        def work(unit: Unit) -> LeaseTold:
            assert_live(unit.connection, caller)
            own_task(unit.connection, caller, id_)
            until = _until(unit, asked.seconds)
            if not leases.keep(unit, store.TASKS, id_, asked.lease, {"lease_until": until}):
                raise taken_over()
            return LeaseTold(id_, to_text(until))

        return await self.doing.database.housekeep(work)

    async def release(self, caller: Caller, id_: UUID, asked: ReleaseAsked) -> LeaseTold:
        """Gives a task back. One whose try failed waits, longer each time; after as many tries as the policy
        says it is *failed*, and told.
        """

        def work(unit: Unit) -> bool:
            assert_live(unit.connection, caller)
            row = own_task(unit.connection, caller, id_)
            if row["lease_holder"] != asked.lease:
                raise taken_over()
            most = _polling(self.doing.policies.active(unit.connection).policy, caller).attempts
            if asked.code is not None and row["attempts"] >= most:
                return True
            values: dict[str, Any] = {"attempts": max(0, row["attempts"] - 1), **leases.RELEASED}
            if asked.code is not None:
                later = unit.now + int(leases.backoff(row["attempts"]) * SECOND)
                values = {"code": asked.code, "next_at": later, **leases.RELEASED}
            if not leases.keep(unit, store.TASKS, id_, asked.lease, values):
                raise taken_over()
            return False

        if await self.doing.database.housekeep(work):
            failed = Answer(verdict=Verdict.FAILED, code=asked.code, detail=asked.detail)
            await self.change(
                lambda unit: answered(*self.held(unit, caller, id_, asked.lease), failed, actor_of(caller))
            )
            self.wake()
        return LeaseTold(id_, None)

    def held(self, unit: Unit, caller: Caller, id_: UUID, lease: UUID) -> tuple[RequestCase, Row]:
        """The request and the task, locked, if the caller may answer it: it is to be answered, and nobody
        else holds it. Raises NotFound, Conflict.

        One whose lease ran out and that nobody took since is still the caller's: what was done is done.
        """
        case, row = self.locked(unit, caller, id_)
        held = row["lease_until"] is not None and row["lease_until"] > unit.now
        if row["state"] not in WAITED_FOR or (held and row["lease_holder"] != lease):
            raise taken_over()
        if case.state not in RUNS:
            raise Conflict(
                "not_asked_now", f"The request is {case.state.value}: its silos are not asked now."
            )
        return case, row

    def readable(self, connection: Any, caller: Caller, id_: UUID, lease: UUID) -> Row:  # Any: a connection
        """The task, if it looks as if the caller may answer it; `held` says so for certain."""
        assert_live(connection, caller)
        row = own_task(connection, caller, id_)
        if row["state"] not in WAITED_FOR or row["lease_holder"] not in (None, lease):
            raise taken_over()
        return row

    def locked(self, unit: Unit, caller: Caller, id_: UUID) -> tuple[RequestCase, Row]:
        assert_live(unit.connection, caller)
        compiled = self.doing.policies.active(unit.connection)
        request = own_task(unit.connection, caller, id_)["request_id"]
        case = RequestCase.locked(unit, self.doing.keyring, compiled, request)
        return case, own_task(unit.connection, caller, id_, lock=True)

    async def change(self, work: Callable[[Unit], T]) -> T:
        database = self.doing.database
        return await with_fresh_keys(self.doing.keyring, database, lambda: database.change(work))


def own_task(connection: Any, caller: Caller, id_: UUID, *, lock: bool = False) -> Row:  # Any: a connection
    """Raises NotFound, for another silo's alike (promise 13)."""
    row = store.task(connection, id_, lock=lock)
    if row is None or row["system"] != caller.name:
        raise NotFound("unknown_task", "There is no task of this number for this system.")
    return row


def taken_over() -> Conflict:
    return Conflict(
        "task_taken_over",
        "The lease ran out and another took this task over, or it is over, or is to be asked anew: leave it.",
    )


def actor_of(caller: Caller) -> Actor:
    return Actor(ActorKind.SYSTEM, caller.system_id)


def log(case: RequestCase, row: Row, action: str, caller: Caller, **detail: str | int) -> None:
    """What this silo did with its task."""
    about = {"request": str(case.id), "task": str(row["id"]), "system": row["system"], **detail}
    case.entry(action, actor_of(caller)).close(about)


def _polling(policy: Policy, caller: Caller) -> Connection:
    system = policy.systems.get(caller.name)
    if system is None or system.connection is None or system.connection.by != "inbox":
        raise Unprocessable(
            "not_polling",
            "The policy does not say that this system comes for its tasks: a silo of its name, with a "
            "connection `by: inbox`.",
        )
    return system.connection


def _until(unit: Unit, seconds: int) -> Instant:
    return Instant(unit.now + seconds * SECOND)


def _handed(order: Order, row: Row) -> TaskOrder:
    return TaskOrder(
        id=order.task,
        lease=UUID(int=row["lease_holder"].int),
        verb=order.verb,
        identifiers=tuple(TaskIdentifier(scheme=one.scheme, value=one.value) for one in order.identifiers),
        changes=order.changes,
        lift=order.lift,
        preferences=tuple(
            TaskPreference(purpose=one.purpose, channel=one.channel, state=one.state)
            for one in order.preferences
        ),
        attempt=row["attempts"],
        due_at=to_text(row["due_at"]),
        lease_until=to_text(row["lease_until"]),
    )
