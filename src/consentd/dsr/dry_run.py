"""Showing what a request would do, touching nothing: neither the request, nor a silo, nor a clock.

Upholds promise 8 (logged before anything is asked) and 12: no silo is contacted about somebody before
identity is proven; then the plan alone is told. A silo is asked for its preview, which reads and counts at
most; one that is slow or broken delays the answer by its own timeout and no more.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.dsr import alone, foreseen, plan, store
from consentd.dsr.cases import RequestCase, unknown_request
from consentd.dsr.foreseen import RequestPlanned, SiloPlanned
from consentd.dsr.identity import members_of
from consentd.dsr.rights import NEEDS, Proof
from consentd.dsr.running import located, order_of
from consentd.dsr.shapes import Sealed
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.connection import Verb
from consentd.kernel.errors import ConsentdError, NotFound
from consentd.kernel.ids import SubjectId
from consentd.kernel.policy import Policy, System
from consentd.kernel.request_rules import released_by_itself
from consentd.subjects import service as subjects
from consentd.subjects.doing import Doing, log_reading
from consentd.systems.connectors.contract import Connector, Order

NOT_PROVEN = "identity_not_proven"
NOT_ITS_TURN = "not_its_turn"
_MOST_LINES = 400


class DryRun:
    def __init__(self, doing: Doing, connector: Callable[[System, Policy], Connector]) -> None:
        self._doing = doing
        self._connector = connector

    async def plan(self, caller: Caller, id_: UUID) -> RequestPlanned:
        """Raises NotFound, also for a request whose content is forgotten."""
        doing = self._doing

        def work(unit: Unit) -> tuple[CompiledPolicy, RequestPlanned, dict[str, Order]]:
            assert_live(unit.connection, caller)
            compiled = doing.policies.active(unit.connection)
            row = store.request(unit.connection, id_)
            if row is None:
                raise unknown_request()
            planned, orders = _foreseen(RequestCase(unit, doing.keyring, compiled, row))
            actor = Actor(ActorKind.SYSTEM, caller.system_id)
            detail = {"caller": caller.name, "request": str(id_), "silos": len(orders)}
            about = [SubjectId(row["subject_id"])] if _is_there(unit, row["subject_id"]) else []
            log_reading(unit, doing.keyring, "request.plan_read", actor, about, compiled.hash, detail)
            return compiled, planned, orders

        compiled, planned, orders = await with_fresh_keys(
            doing.keyring, doing.database, lambda: doing.database.change(work)
        )
        told = await asyncio.gather(
            *(self._told(compiled.policy, silo, orders.get(silo.system)) for silo in planned.silos)
        )
        return msgspec.structs.replace(planned, silos=tuple(told))

    async def _told(self, policy: Policy, silo: SiloPlanned, order: Order | None) -> SiloPlanned:
        if order is None:
            return silo
        system = policy.systems[silo.system]
        assert system.connection is not None
        try:
            connector = self._connector(system, policy)
            try:
                async with asyncio.timeout(system.connection.timeout_seconds):
                    lines = await connector.preview(order)
            finally:
                await connector.close()
        except ConsentdError as error:
            return msgspec.structs.replace(silo, not_told=error.code)
        except TimeoutError:
            return msgspec.structs.replace(silo, not_told="silo_slow")
        return msgspec.structs.replace(silo, would=tuple(lines)[:_MOST_LINES])


def _is_there(unit: Unit, subject: UUID | None) -> bool:
    return subject is not None and subjects.group_of(unit.connection, SubjectId(subject)) is not None


def _foreseen(case: RequestCase) -> tuple[RequestPlanned, dict[str, Order]]:
    """The plan, and what each silo would be asked now, of those whose turn it is."""
    policy = case.compiled.policy
    proven = case.row["proof"] >= case.row["proof_needed"]
    content = case.content()
    known = dict.fromkeys(content.known or (() if proven else content.named))
    if proven and Proof(case.row["proof_needed"]) > Proof.NONE:
        known |= dict.fromkeys(_on_record(case))
    content = msgspec.structs.replace(content, known=tuple(known))
    rows = {(row["system"], Verb(row["verb"])): row for row in store.tasks(case.unit.connection, case.id)}
    kinds = {scheme for scheme, _ in known} | _added(case, policy)
    shared = alone.shared_kinds(case, content.known, kinds) if proven else set()
    silos = foreseen.silos(policy, case.right, kinds, rows, shared)
    orders: dict[str, Order] = {}
    told: list[SiloPlanned] = []
    for silo in silos:
        order = None
        if silo.problem is None and proven and case.open:
            order = _order(case, silo, rows, content)
        elif silo.problem is None and not proven:
            silo = msgspec.structs.replace(silo, not_told=NOT_PROVEN)
        if order is not None:
            orders[silo.system] = order
        elif silo.problem is None and proven and case.open and _left(silo):
            silo = msgspec.structs.replace(silo, not_told=NOT_ITS_TURN)
        told.append(silo)
    planned = RequestPlanned(
        id=case.id,
        right=case.right.value,
        article=NEEDS[case.right].article,
        state=case.state.value,
        proven=proven,
        approvals_missing=max(0, case.row["approvals_needed"] - case.approvals()) if case.open else 0,
        reviewed=NEEDS[case.right].reviewed and not released_by_itself(policy.requests, case.right),
        safe_due=case.row["safe_due"],
        legal_due=case.row["legal_due"],
        silos=tuple(told),
    )
    return planned, orders


def _on_record(case: RequestCase) -> list[tuple[str, str]]:
    """What consentd has on record of the person, as it is written down when the request begins to run."""
    if case.row["subject_id"] is None:
        return []
    try:
        members = members_of(case, SubjectId(case.row["subject_id"]))
    except NotFound:
        return []
    found = subjects.contacts_of(case.unit.connection, case.keyring, members)
    return [(one.named.scheme, one.named.value) for one in found]


def _added(case: RequestCase, policy: Policy) -> set[str]:
    """Kinds that silos have added by now."""
    found: set[str] = set()
    for name, pairs in located(case).items():
        system = policy.systems.get(name)
        adds = system.connection.adds if system and system.connection else ()
        found |= {scheme for scheme, _ in pairs if scheme in adds}
    return found


def _left(silo: SiloPlanned) -> list[Verb]:
    """What is still to be done there, but for looking: that an erasure is confirmed needs no preview."""
    quiet = (Verb.LOCATE, Verb.CONFIRM)
    return [
        Verb(one.verb)
        for one in silo.steps
        if one.state != "ended" and one.supported and Verb(one.verb) not in quiet
    ]


def _order(case: RequestCase, silo: SiloPlanned, rows: Any, content: Sealed) -> Order | None:
    """What it would be asked for the right itself. Any: tasks by silo and verb."""
    left = _left(silo)
    before = [name for name in silo.after if _waits_for(case, name, rows)]
    if not left or before:
        return None
    row = rows.get((silo.system, left[0])) or {
        "id": new_id(),
        "system": silo.system,
        "verb": left[0].value,
    }
    return order_of(case, row, content)


def _waits_for(case: RequestCase, name: str, rows: Any) -> bool:
    system = case.compiled.policy.systems.get(name)
    if system is None or system.connection is None:
        return False
    if Verb.LOCATE not in plan.chain(case.right, system.connection):
        return False
    row = rows.get((name, Verb.LOCATE))
    return row is None or row["state"] not in ("ended", "silent")
