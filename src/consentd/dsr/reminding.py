"""Reminding the owner of each task before its day, and telling the data protection officer of what is stuck:
what still waits for staff or silos, and what nobody wrote by hand.

An owner is written to when half of their days are over, and on the day before the last: early enough to
plan it, and late enough that most have answered. Where several of these have passed since anybody looked, one
mail goes out. When the last day is over they are written to once more, and the officer is (`watching`).

Each moment is noted in the unit that writes the mail down, under the request's lock: however many processes
look, and whatever is killed, it is told once.
"""

import datetime as dt
from functools import partial
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.dsr import mail_store, outgoing, store, telling, unwritten
from consentd.dsr import telling_words as words
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.moments import following, moments
from consentd.dsr.running import RUNS
from consentd.dsr.states import State
from consentd.evidence.model import SERVICE
from consentd.kernel.instants import DAY, Instant
from consentd.kernel.policy import Policy
from consentd.policy.service import PolicyBook

NEAR_DAYS = 5
"""Before the safe day: a working week, in which somebody can still be asked again, or the time extended."""
STUCK = (State.APPROVING, State.RUNNING, State.REVIEWING)
"""What waits for us. Who has not shown who they are is not waited for: strangers' requests tell nobody."""
_WAITED_FOR = ("waiting", "running", "asked")
_MANY = 100


async def look(database: Database, keyring: Keyring, policies: PolicyBook) -> None:
    """Writes down all that is to be told by now, each request in a unit of its own."""

    def tasks(unit: Unit) -> set[UUID]:
        rows = mail_store.to_remind(unit.connection, unit.now, _MANY)
        return {row["request_id"] for row in rows}

    def requests(unit: Unit) -> list[UUID]:
        policy = policies.active(unit.connection).policy
        if policy.controller.dpo.email is None:
            return []
        day = local_day(unit.now, policy) + dt.timedelta(days=NEAR_DAYS)
        return mail_store.nearing(unit.connection, day.isoformat(), tuple(STUCK), _MANY)

    def letters(unit: Unit) -> set[UUID]:
        policy = policies.active(unit.connection).policy
        if policy.controller.dpo.email is None:
            return set()
        return {request for request, _ in _unwritten(unit, policy)}

    failed: Exception | None = None
    for find, work in ((tasks, _remind), (requests, _escalate), (letters, _remind_to_write)):
        for request in sorted(await database.housekeep(find)):
            try:
                await database.change(partial(work, keyring=keyring, policies=policies, request=request))
            except Exception as error:
                # One that cannot be told of must not keep the others from being.
                failed = error
    if failed is not None:
        raise failed


def _remind(unit: Unit, *, keyring: Keyring, policies: PolicyBook, request: UUID) -> None:
    case = RequestCase.locked(unit, keyring, policies.active(unit.connection), request)
    for row in store.tasks(unit.connection, case.id):
        if row["remind_at"] is None or row["remind_at"] > unit.now:
            continue
        values: dict[str, int | None] = {"remind_at": None}
        if case.state in RUNS and row["state"] in _WAITED_FOR:
            asked = Instant(row["due_at"] - _length(case, row["system"]))
            name = [one.name for one in moments(asked, row["due_at"]) if one.at <= unit.now][-1]
            outgoing.remind(case, f"{name}:{row['id']}:{row['due_at']}", row["id"])
            values = {
                "remind_at": following(asked, row["due_at"], unit.now),
                "reminded_at": unit.now,
            }
        store.change_task(unit, row["id"], values)


def _length(case: RequestCase, system: str) -> int:
    known = case.compiled.policy.systems.get(system)
    return known.connection.answers_within_days * DAY if known and known.connection else DAY


def _escalate(unit: Unit, *, keyring: Keyring, policies: PolicyBook, request: UUID) -> None:
    case = RequestCase.locked(unit, keyring, policies.active(unit.connection), request)
    if case.state not in STUCK:
        return
    telling.dpo(
        case,
        f"near:{case.row['safe_due']}",
        words.NEAR_SUBJECT,
        words.NEAR,
        day=case.row["safe_due"],
        waits=words.WAITS[case.state.value],
    )
    case.note("escalated", case.state, SERVICE)


def _unwritten(unit: Unit, policy: Policy) -> list[tuple[UUID, str]]:
    today = local_day(unit.now, policy)
    near = today + dt.timedelta(days=NEAR_DAYS)
    # A month has 28 days at the least; the extension has to be told within it.
    received = today - dt.timedelta(days=28 - NEAR_DAYS)
    connection, before = unit.connection, unit.now - DAY
    return mail_store.unwritten(connection, near.isoformat(), received.isoformat(), before, _MANY)


def _remind_to_write(unit: Unit, *, keyring: Keyring, policies: PolicyBook, request: UUID) -> None:
    """Of what staff were told to write a day ago or more: once, when its time comes to an end."""
    case = RequestCase.locked(unit, keyring, policies.active(unit.connection), request)
    due = {moment for one, moment in _unwritten(unit, case.compiled.policy) if one == case.id}
    for one in unwritten.unwritten(case.right, store.steps(unit.connection, case.id)):
        if one.moment in due:
            telling.still_by_hand(case, one)
            case.note("escalated", case.state, SERVICE)
