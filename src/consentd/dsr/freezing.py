"""Who is frozen by which requests, and lifting it (GDPR 18). What another request froze stays frozen."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from consentd.dsr import effects, store
from consentd.dsr.cases import RequestCase
from consentd.dsr.rights import Right
from consentd.dsr.states import State
from consentd.evidence.model import Actor
from consentd.kernel.ids import SubjectId
from consentd.subjects import service as subjects
from consentd.subjects.model import Known

_FAILED = frozenset({State.REFUSED, State.WITHDRAWN, State.LAPSED})


def lift(case: RequestCase, actor: Actor) -> None:
    """consentd's own part of a lifting: of everything, or, where it follows from a request, of what that one
    froze.
    """
    if case.row["follows"] is not None:
        people = freed(case, case.row["follows"])
    elif case.row["subject_id"] is not None:
        people = subjects.lock_present(case.unit, [SubjectId(case.row["subject_id"])])
    else:
        people = []
    effects.lifted(case.unit, case.keyring, case.compiled, actor, people)


def freed(case: RequestCase, by: UUID | None = None) -> list[Known]:
    """Whom nothing but this request froze."""
    people = effects.named(case.unit, case.keyring, case.compiled, case.content().asked)
    return [one for one in people if not _frozen(case.unit.connection, one.members, by or case.id)]


def _frozen(connection: Any, members: Collection[UUID], without: UUID) -> bool:  # Any: a connection
    """Whether another request about this person froze what is held, and nothing lifted it since."""
    rights = [right.value for right in (*effects.FREEZES, Right.LIFTING)]
    moments: list[tuple[int, bool]] = []
    for row in store.of_rights(connection, members, rights):
        if row["id"] == without:
            continue
        if row["right"] == Right.LIFTING.value:
            if row["answered_at"] is not None and State(row["state"]) not in _FAILED:
                moments.append((row["answered_at"], False))
        elif _stands(row):
            moments.append((row["created_at"], True))
    return max(moments, default=(0, False))[1]


def by_objection(connection: Any, members: Collection[UUID]) -> bool:  # Any: a database connection
    """Of somebody who is frozen: whether nothing but an objection under 21(1) froze them, so that the freeze
    ends when it is decided and not when they ask for it.
    """
    rows = store.of_rights(connection, members, [right.value for right in (*effects.FREEZES, Right.LIFTING)])
    ended = [
        row["answered_at"]
        for row in rows
        if row["right"] == Right.LIFTING.value and row["answered_at"] and State(row["state"]) not in _FAILED
    ]
    since = [row for row in rows if row["created_at"] > max(ended, default=0)]
    objections = [row for row in since if row["right"] == Right.OBJECTION.value]
    others = (row for row in since if Right(row["right"]) in effects.FREEZES - {Right.OBJECTION})
    # One that was decided counts too: until its lifting is done, it is what the freeze came from.
    return bool(objections) and not any(_stands(row) for row in others)


def _stands(row: Any) -> bool:  # Any: a row mapping of `requests`
    if row["right"] == Right.OBJECTION.value:
        return row["answered_at"] is None
    return State(row["state"]) not in _FAILED
