"""Taking a request in: who may be meant, until when it is answered, and what it needs before it runs.

Whatever it asks, it is one request with an identity check of its own, however often the same was asked: there
is no "duplicate" that could be merged into one already proven (docs/requests.md).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.crypto import request_keys
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal
from consentd.crypto.wrapping import draw_key
from consentd.db.unit import Unit
from consentd.dsr import directives, effects, store
from consentd.dsr.cases import RequestCase, local_day, rule_of
from consentd.dsr.deadlines import due
from consentd.dsr.rights import NEEDS, Proof, Right
from consentd.dsr.running import begin_running
from consentd.dsr.shapes import STAFF_TOOK, RequestAsked, Sealed
from consentd.dsr.states import Event, State
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.canonical import canonical
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable, wrong
from consentd.kernel.ids import SubjectId
from consentd.kernel.policy import Policy
from consentd.kernel.request_rules import Way, approvals
from consentd.subjects import service as subjects
from consentd.subjects.requests import Identifier, spell
from consentd.subjects.spelling import Named

_MOST_NAMED = 20
"""As many as anybody may name in a request."""


class Shown(msgspec.Struct, frozen=True):
    """Who asks, where that was shown before the request came."""

    subject: SubjectId
    answer_to: tuple[str, str] | None
    """The contact detail that is theirs and nobody else's, to which the answer goes."""

    def __repr__(self) -> str:
        return "Shown(…)"


def register(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    actor: Actor,
    asked: RequestAsked,
    shown: Shown | None = None,
    *,
    done_for: Sequence[UUID] | None = None,
) -> RequestCase:
    """Raises Unprocessable for an identifier that is none, or a day of receipt that cannot be.

    `done_for`: for whom what the right does at once was done already, in this very unit.
    """
    policy = compiled.policy
    names = [
        spell(policy, one, asked.territory, f"/identifiers/{i}") for i, one in enumerate(asked.identifiers)
    ]
    received = _received(unit, compiled, asked)
    need = NEEDS[asked.right]
    directives.check(asked)
    if asked.right is Right.RECTIFICATION and not asked.changes:
        raise Unprocessable("changes_missing", "To rectify, say in `changes` which field and what is right.")
    if asked.right is Right.RETENTION:
        raise wrong(
            "not_to_be_asked", "/right", "What the policy has kept long enough is erased by its own rules."
        )
    if asked.purposes:
        _check_purposes(policy, asked)
    # Before anything else is written: from this moment on no check allows what the person stopped.
    if done_for is None:
        done_for = effects.at_once(unit, keyring, compiled, actor, asked)
    named = tuple((name.scheme, name.value) for name in names)
    content = Sealed(
        asked=asked,
        named=named,
        known=named if need.proof is Proof.NONE else (),
        answer_to=shown.answer_to if shown else None,
    )
    about: dict[str, Any] = {
        "subject_id": shown.subject if shown else _meant(unit, keyring, names),
        "proof": Proof.NONE.value,
        "approvals_needed": _approvals(policy, asked),
    }
    found = _entered(unit, keyring, compiled, actor, content, received, about, done_for=len(done_for))
    directives.look(found)
    if need.proof is Proof.NONE:
        # What only restricts waits for nobody.
        _go_on(found, actor)
    return found


def follow(case: RequestCase, right: Right, actor: Actor, *, approvals_needed: int) -> RequestCase:
    """A request that another one leads to, about the same person, whose proof it takes over."""
    content = case.content()
    asked = msgspec.structs.replace(content.asked, right=right, received_on=None, words=None, purposes=())
    known = content.known or content.named
    received = local_day(case.unit.now, case.compiled.policy)
    about: dict[str, Any] = {
        "subject_id": case.row["subject_id"],
        "proof": NEEDS[right].proof.value,
        "approvals_needed": approvals_needed,
        "follows": case.id,
    }
    content = msgspec.structs.replace(content, asked=asked, known=known)
    found = _entered(case.unit, case.keyring, case.compiled, actor, content, received, about)
    _go_on(found, actor)
    return found


def begin_retention(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    actor: Actor,
    subject: SubjectId,
    known: tuple[tuple[str, str], ...],
) -> RequestCase:
    """The erasure of somebody whom the policy has kept long enough, and who is due now."""
    named = tuple(Identifier(scheme, value) for scheme, value in known[:_MOST_NAMED])
    language = compiled.policy.controller.languages[0]
    content = Sealed(
        asked=RequestAsked(right=Right.RETENTION, identifiers=named, language=language),
        named=known,
        known=known,
    )
    about: dict[str, Any] = {
        "subject_id": subject,
        "proof": NEEDS[Right.RETENTION].proof.value,
        "approvals_needed": approvals(compiled.policy.requests, Right.RETENTION, "person"),
    }
    received = local_day(unit.now, compiled.policy)
    found = _entered(unit, keyring, compiled, actor, content, received, about)
    _go_on(found, actor)
    return found


def _go_on(case: RequestCase, actor: Actor) -> None:
    case.move(Event.PROVEN, actor)
    if case.state is State.RUNNING:
        begin_running(case)


def _entered(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    actor: Actor,
    content: Sealed,
    received: dt.date,
    about: dict[str, Any],
    *,
    done_for: int = 0,
) -> RequestCase:
    """Writes a request and its first step. `about`: columns that say whom it is about, and what it needs."""
    asked = content.asked
    rule, holidays = rule_of(compiled.policy)
    dates = due(received, rule, holidays)
    id_, key = new_id(), draw_key()
    row: dict[str, Any] = {
        "id": id_,
        "right": asked.right.value,
        "state": State.RECEIVED.value,
        "came_by": asked.came_by,
        "language": asked.language,
        "received_on": received.isoformat(),
        "safe_due": dates.safe.isoformat(),
        "legal_due": dates.legal.isoformat(),
        "extended": False,
        "proof_needed": NEEDS[asked.right].proof.value,
        "created_at": unit.now,
        "sealed": seal(key, canonical(content), Place("requests", "sealed", id_)),
        **about,
    }
    entry = begin(
        unit,
        keyring,
        action="request.received",
        actor=actor,
        subject_id=about["subject_id"],
        key=keyring.audit(),
        policy=compiled.hash,
    )
    entry.insert(store.REQUESTS, row)
    entry.insert(store.STEPS, _first_step(unit, id_, actor))
    entry.close({"request": str(id_), "right": asked.right.value, "done_at_once": done_for})
    request_keys.put(unit, keyring, id_, "content", key)
    return RequestCase.locked(unit, keyring, compiled, id_)


def _check_purposes(policy: Policy, asked: RequestAsked) -> None:
    if asked.right is not Right.OBJECTION:
        raise wrong(
            "purposes_not_here",
            "/purposes",
            "Only an objection under GDPR 21(1) names uses; leave `purposes` out.",
        )
    for index, purpose in enumerate(asked.purposes):
        if purpose not in policy.purposes:
            raise wrong("unknown_purpose", f"/purposes/{index}", "The policy has no such purpose.")


def _meant(unit: Unit, keyring: Keyring, names: Sequence[Named]) -> SubjectId | None:
    """The one person who holds everything that was named and that anybody holds; None where there is none, or
    several: then staff say who it is.
    """
    known = [one for one in subjects.holders_of(unit.connection, keyring, names).values() if one]
    common = set.intersection(*known) if known else set()
    return SubjectId(common.pop()) if len(common) == 1 else None


def _first_step(unit: Unit, id_: UUID, actor: Actor) -> dict[str, Any]:
    return {
        "id": new_id(),
        "request_id": id_,
        "event": "received",
        "state": State.RECEIVED.value,
        "at": unit.now,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
    }


def _received(unit: Unit, compiled: CompiledPolicy, asked: RequestAsked) -> dt.date:
    today = local_day(unit.now, compiled.policy)
    if asked.received_on is None:
        return today
    try:
        day = dt.date.fromisoformat(asked.received_on)
    except ValueError:
        raise _wrong_day("There is no such day.") from None
    if day > today:
        raise _wrong_day("A request cannot have been received on a day that is still to come.")
    return day


def _wrong_day(detail: str) -> Unprocessable:
    error = {"pointer": "/received_on", "code": "invalid_time", "detail": detail}
    return Unprocessable("invalid_time", detail, errors=[error])


def _approvals(policy: Policy, asked: RequestAsked) -> int:
    """How many members of staff have to agree: as the policy says, and never fewer than the right takes."""
    way: Way = "agent" if asked.agent is not None else "staff" if asked.came_by in STAFF_TOOK else "person"
    return approvals(policy.requests, asked.right, way)
