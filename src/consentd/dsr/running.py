"""Carrying a request out: which tasks there are now, what their answers mean, when it is settled.

Everything happens in the unit that it follows from: an answer, the tasks it leads to and the request's next
state commit together (promise 3), so that a kill leaves nothing half done and nothing is asked twice.
"""

from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.consent.erasure import Certificate
from consentd.crypto import request_keys
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.wrapping import draw_key
from consentd.dsr import (
    alone,
    certifying,
    directives,
    effects,
    forgetting,
    freezing,
    heard,
    plan,
    store,
    telling,
)
from consentd.dsr.cases import RequestCase
from consentd.dsr.choices import choices_of
from consentd.dsr.copying import rounds
from consentd.dsr.moments import following
from consentd.dsr.rights import NEEDS, Right
from consentd.dsr.shapes import Sealed
from consentd.dsr.spelled import spelled
from consentd.dsr.states import Event, State
from consentd.evidence.model import SERVICE, Actor
from consentd.kernel.canonical import canonical
from consentd.kernel.connection import Verb
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import DAY, Instant
from consentd.kernel.policy import Policy
from consentd.subjects import service as subjects
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Order, Verdict

Row: TypeAlias = Any
"""Any: a row mapping of `silo_tasks`."""

RUNS = frozenset({State.RUNNING, State.PARTIAL})
"""While a request is carried out: in these, silos are asked and their answers lead on."""


class _AnswerSealed(msgspec.Struct, frozen=True):
    """Of an answer: what may name the person."""

    identifiers: tuple[tuple[str, str], ...] = ()
    detail: str | None = None
    preferences: tuple[tuple[str, str, str], ...] = ()


_SEALED = msgspec.json.Decoder(_AnswerSealed)


def begin_running(case: RequestCase) -> None:
    """Makes the first tasks. What is known of the person is written down with the request: consentd's own
    record may be gone before the last silo has answered.
    """
    content = case.content()
    if Verb.EXPORT in NEEDS[case.right].verbs:
        # A key of the copy's own: what it seals is forgotten with it, whatever else goes on.
        request_keys.put(case.unit, case.keyring, case.id, "package", draw_key())
    if case.row["subject_id"] is not None:
        contacts = subjects.contacts_of(
            case.unit.connection, case.keyring, _members(case, SubjectId(case.row["subject_id"]))
        )
        known = dict.fromkeys((*content.known, *((one.named.scheme, one.named.value) for one in contacts)))
        content = msgspec.structs.replace(content, known=tuple(known))
    case.note("started", case.state, SERVICE, sealed=case.put_content(content))
    advance(case)


def _members(case: RequestCase, subject: SubjectId) -> tuple[SubjectId, ...]:
    try:
        return subjects.person_by_id(case.unit.connection, subject).members
    except NotFound:
        return ()


def advance(case: RequestCase) -> None:
    """Makes whatever tasks follow from the answers so far; where none does and none is under way, settles."""
    if case.state not in RUNS or _given_up(case):
        return
    policy = case.compiled.policy
    # Read once: a part that is over before it began tells nothing by which the person is known.
    schemes, tasks = _schemes(case, policy), case.tasks()
    known = case.content().known
    shared, several = alone.shared_kinds(case, known, schemes), alone.several(case, known, located(case))
    while new := plan.following(policy, case.right, schemes, tasks, shared, several):
        store.add_tasks(case.unit, [_row(case, policy, one) for one in new])
        for one in new:
            _note_ended(case, one)
            tasks[one.system, one.verb] = plan.Told(one.state, one.verdict)
    if plan.unsettled(tasks) == 0:
        settle(case, SERVICE)


def _given_up(case: RequestCase) -> bool:
    """Ends an erasure that nobody asked for, where its person gave a sign since. What a silo erased by
    then is told in the request; consentd keeps its own part.
    """
    if case.right is not Right.RETENTION or case.state is not State.RUNNING:
        return False
    group = subjects.group_of(case.unit.connection, SubjectId(case.row["subject_id"]))
    person = None if group is None else heard.one(case.unit.connection, case.keyring, group, case.id)
    if person is None or heard.due_under(case.compiled.policy, person, case.unit.now) is not None:
        return False
    case.move(Event.REFUSED, SERVICE, {"reasons": "not_due"}, case=case.case(reasons=True))
    return True


def _schemes(case: RequestCase, policy: Policy) -> set[str]:
    """By what the person is known: what is theirs, and what silos may add to it."""
    known = {scheme for scheme, _ in case.content().known}
    for name, found in located(case).items():
        system = policy.systems.get(name)
        adds = system.connection.adds if system and system.connection else ()
        known |= {scheme for scheme, _ in found if scheme in adds}
    return known


def _row(case: RequestCase, policy: Policy, new: plan.New) -> dict[str, Any]:
    connection = policy.systems[new.system].connection
    days = connection.answers_within_days if connection else 0
    now, due = case.unit.now, Instant(case.unit.now + days * DAY)
    return {
        "id": new_id(),
        "request_id": case.id,
        "system": new.system,
        "verb": new.verb.value,
        "state": new.state,
        "verdict": new.verdict.value if new.verdict else None,
        "code": new.code,
        "attempts": 0,
        "next_at": now,
        "due_at": due,
        "remind_at": None if new.state == "ended" else following(now, due, now),
        "created_at": now,
        "ended_at": now if new.state == "ended" else None,
    }


def _note_ended(case: RequestCase, new: plan.New) -> None:
    """A part that is over before it began is answered like any other: it is told, and stays on record."""
    if new.verdict is None:
        return
    task = next(
        row
        for row in store.tasks(case.unit.connection, case.id)
        if (row["system"], row["verb"]) == (new.system, new.verb.value)
    )
    _record(case, task, Answer(verdict=new.verdict, code=new.code, told=False), SERVICE)


def answered(case: RequestCase, task: Row, answer: Answer, actor: Actor) -> None:
    """Takes in a silo's answer: records it, ends the task, and goes on."""
    answer = spelled(case.compiled.policy, answer)
    _record(case, task, answer, actor)
    told: dict[str, Any] = {"begun": None} if answer.verdict in (Verdict.DONE, Verdict.PARTIAL) else {}
    if answer.told:
        told["told_at"] = task["told_at"] or case.unit.now
    store.change_task(
        case.unit,
        task["id"],
        {
            **told,
            "state": "ended",
            "verdict": answer.verdict.value,
            "code": answer.code,
            "lease_holder": None,
            "lease_until": None,
            "ended_at": case.unit.now,
        },
    )
    if answer.verdict is Verdict.FAILED:
        telling.failed(case, task, answer.code)
    advance(case)


def _record(case: RequestCase, task: Row, answer: Answer, actor: Actor) -> None:
    key = case.key()
    id_ = new_id()
    content = _sealed(answer)
    entry = case.entry(f"silo.{task['verb']}", actor)
    entry.insert(
        store.ANSWERS,
        {
            "id": id_,
            "task_id": task["id"],
            "request_id": case.id,
            "system": task["system"],
            "verb": task["verb"],
            "verdict": answer.verdict.value,
            "code": answer.code,
            "parts": canonical(answer.parts).decode(),
            "told": answer.told,
            "at": case.unit.now,
            "key_id": key.id if key else None,
            "sealed": seal(key, canonical(content), Place("silo_answers", "sealed", id_)) if key else None,
        },
    )
    entry.close({"request": str(case.id), "system": task["system"], "verdict": answer.verdict.value})


def _sealed(answer: Answer) -> _AnswerSealed:
    return _AnswerSealed(
        tuple((one.scheme, one.value) for one in answer.identifiers),
        answer.detail,
        tuple((one.purpose, one.channel, one.state) for one in answer.preferences),
    )


def answered_alike(case: RequestCase, task: Row, answer: Answer) -> bool:
    """Whether a task that is over was answered exactly so: what was answered unheard is answered again."""
    rows = [row for row in store.answers(case.unit.connection, case.id) if row["task_id"] == task["id"]]
    if not rows:
        return False
    last = rows[-1]
    if (last["verdict"], last["code"], last["parts"]) != (
        answer.verdict.value,
        answer.code,
        canonical(answer.parts).decode(),
    ):
        return False
    key = case.key()
    if key is None or last["sealed"] is None:
        # What may name the person is gone with the request; what is clear is alike.
        return True
    return unseal(key, last["sealed"], Place("silo_answers", "sealed", last["id"])) == canonical(
        _sealed(answer)
    )


def settle(case: RequestCase, actor: Actor) -> None:
    """Every silo did its part, or will not: consentd does its own, and the request is answered."""
    erases = NEEDS[case.right].erases
    if erases:
        certifying.issue(case, actor, _forgotten(case, actor))
    if case.right is Right.LIFTING:
        freezing.lift(case, actor)
    if case.right is Right.DIRECTIVES:
        directives.keep(case, actor)
    found = case.case()
    if case.state is State.PARTIAL and found.gaps:
        # It is partial already; nothing new to say.
        return
    case.move(Event.SETTLED, actor, case=found)
    if case.state is State.REVIEWING and Verb.EXPORT in NEEDS[case.right].verbs:
        rounds.want(case)
    # Before it is forgotten whom to tell.
    telling.outcome(case)
    if erases and case.state is State.ANSWERED:
        forgetting.forget(case.unit, case.keyring, case.id, case.row["subject_id"])


def _forgotten(case: RequestCase, actor: Actor) -> Certificate | None:
    """consentd's own part of an erasure; None where it is done already, or never knew the person."""
    if case.row["subject_id"] is None:
        return None
    subject, keep = SubjectId(case.row["subject_id"]), case.content().asked.keep_suppression
    return effects.forgotten(case.unit, case.keyring, case.compiled, actor, subject, keep_suppression=keep)


def located(case: RequestCase) -> dict[str, list[tuple[str, str]]]:
    """What identifiers each silo told."""
    key = case.key()
    found: dict[str, list[tuple[str, str]]] = {}
    if key is None:
        return found
    for id_, system, sealed in store.located(case.unit.connection, case.id):
        told = _SEALED.decode(unseal(key, sealed, Place("silo_answers", "sealed", id_)))
        found[system] = [(scheme, value) for scheme, value in told.identifiers]
    return found


def order_of(case: RequestCase, task: Row, content: Sealed | None = None) -> Order | None:
    """What a silo is asked; None where there is nothing to look by after all. `content`: instead of what the
    request holds, where it does not run yet.
    """
    policy = case.compiled.policy
    system = policy.systems[task["system"]]
    content = content or case.content()
    told = located(case)
    others = alone.held_by_others(case, {pair for found in told.values() for pair in found})
    shared = alone.shared(case, content.known)
    pairs = plan.identifiers_for(policy, system, content.known, told, others, shared)
    if not pairs:
        return None
    return Order(
        task=UUID(int=task["id"].int),
        verb=Verb(task["verb"]),
        identifiers=tuple(Named(scheme, value) for scheme, value in pairs),
        changes=content.asked.changes,
        lift=case.right is Right.LIFTING,
        asked=case.right is not Right.RETENTION,
        preferences=choices_of(policy, case.right, system),
    )


def nothing_to_look_by() -> Answer:
    return Answer(verdict=Verdict.DONE, code=plan.NOT_KNOWN_BY, told=False)
