"""What is due: silos that did not answer in time, and requests whose own time ends.

A silo that is silent is not waited for any longer: the request is answered in time, naming it, and stays
open.
"""

from functools import partial
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.dsr import plan, store, suspending, telling
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.running import advance, answered
from consentd.dsr.states import Event, State
from consentd.evidence.model import SERVICE
from consentd.policy.service import PolicyBook
from consentd.systems.connectors.contract import Answer, Verdict

NOT_IN_TIME = "not_in_time"
_MANY = 100


async def watch(database: Database, keyring: Keyring, policies: PolicyBook) -> None:
    """Goes through all that is due now, each request in a unit of its own."""

    def found(unit: Unit) -> set[UUID]:
        return {row["request_id"] for row in store.overdue_tasks(unit.connection, unit.now, _MANY)}

    def late(unit: Unit) -> set[UUID]:
        today = local_day(unit.now, policies.active(unit.connection).policy).isoformat()
        return set(store.past_due(unit.connection, today, _MANY))

    failed: Exception | None = None
    for request in sorted(await database.housekeep(found) | await database.housekeep(late)):
        try:
            await database.change(partial(_look, keyring=keyring, policies=policies, request=request))
        except Exception as error:
            # One that cannot be looked at must not make the others late; it is told in the end.
            failed = error
    if failed is not None:
        raise failed


def _look(unit: Unit, *, keyring: Keyring, policies: PolicyBook, request: UUID) -> None:
    case = RequestCase.locked(unit, keyring, policies.active(unit.connection), request)
    today = local_day(unit.now, case.compiled.policy).isoformat()
    if case.state in (State.RECEIVED, State.IDENTIFYING) and today > case.row["legal_due"]:
        case.move(Event.LAPSED, SERVICE)
        suspending.ended(case, SERVICE)
        return
    # On the last safe day the request is answered with what there is.
    over = case.state is State.RUNNING and today >= case.row["safe_due"]
    for row in store.tasks(unit.connection, case.id):
        if row["state"] == "asked" and (over or row["due_at"] <= unit.now):
            store.change_task(unit, row["id"], {"state": "silent", "code": plan.SILENT, "remind_at": None})
            telling.silent(case, row)
        elif over and row["state"] in ("waiting", "approving"):
            code = row["code"] or NOT_IN_TIME
            answered(case, row, Answer(verdict=Verdict.FAILED, code=code, told=False), SERVICE)
    advance(case)
