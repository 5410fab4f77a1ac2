"""What a request would do, silo by silo, before it does it: the plan as it stands now. Pure; names nobody.

The same functions that make the tasks (`plan`) say what is to come, so that the two cannot differ. What silos
will tell is not known yet: by what one may be asked that waits for another is `may_learn`.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import msgspec

from consentd.dsr import plan
from consentd.dsr.rights import NEEDS, Right
from consentd.kernel.connection import Connection, Verb
from consentd.kernel.instants import to_text
from consentd.kernel.policy import Policy, System


class StepPlanned(msgspec.Struct, frozen=True, kw_only=True):
    verb: str
    state: str
    """planned; from the day it is its turn as the task's own: waiting, approving, running, asked, ended…"""
    needs_approval: bool
    """Whether a member of staff looks at it before it is carried out there."""
    supported: bool
    """Whether the silo can be asked for it at all; what it cannot do is told in the answer."""


class SiloPlanned(msgspec.Struct, frozen=True, kw_only=True):
    system: str
    name: str
    turn: int
    """1 for silos that wait for nobody, 2 for those asked after one of them, and so on."""
    after: tuple[str, ...]
    by: str | None
    """sql, webhook, inbox, manual; null for one that takes no part in requests."""
    owner: str | None
    """Who is responsible for its part."""
    due_at: str | None
    """By when it answers; null until it is asked: then within `answers_within_days`."""
    answers_within_days: int | None
    asked_by: tuple[str, ...]
    """The kinds of identifiers by which it is asked about the person."""
    may_learn: tuple[str, ...]
    """Kinds that silos asked before it may add."""
    problem: str | None
    """unconnected, or not_known_by: nothing by which it knows people is known of this one."""
    steps: tuple[StepPlanned, ...]
    would: tuple[str, ...] = ()
    """What would happen there, as the silo itself tells it without changing anything: SQL with counts, the
    message, the steps in a mail. Empty where nothing is asked yet."""
    not_told: str | None = None
    """Why it does not say what would happen, in a code: identity_not_proven, not_its_turn, or what failed."""


class RequestPlanned(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    right: str
    article: str
    state: str
    proven: bool
    """Whether identity is proven as well as the right needs it: until then no silo is contacted, and
    `asked_by` is of what the request named alone."""
    approvals_missing: int
    reviewed: bool
    """Whether a member of staff looks at the result before it is released, whatever it holds. False too where
    the policy lets a copy go by itself: then they look only if something in it calls for eyes."""
    safe_due: str
    legal_due: str
    silos: tuple[SiloPlanned, ...]


def silos(
    policy: Policy,
    right: Right,
    schemes: Collection[str],
    rows: Mapping[tuple[str, Verb], Any],
    shared: Collection[str] = (),
) -> tuple[SiloPlanned, ...]:
    """In their order. `schemes`: kinds of identifiers that are known; `shared`: those of them of which
    nothing is the person's alone. `rows`: the tasks there are.

    Any: row mappings of `silo_tasks`.
    """
    turns = {name: _turn(policy, name, ()) for name in policy.systems}
    ordered = sorted(policy.systems.values(), key=lambda one: (turns[one.id], one.id))
    found = (_silo(policy, right, schemes, shared, rows, one, turns[one.id]) for one in ordered)
    return tuple(one for one in found if one.steps)


def _silo(
    policy: Policy,
    right: Right,
    schemes: Collection[str],
    shared: Collection[str],
    rows: Mapping[tuple[str, Verb], Any],
    system: System,
    turn: int,
) -> SiloPlanned:
    connection = system.connection
    verbs = NEEDS[right].verbs if connection is None else plan.chain(right, connection)
    asked_by = tuple(scheme for scheme in system.identifiers if scheme in schemes)
    learns = () if connection is None else _learns(policy, system, connection, asked_by)
    problem = None
    if connection is None:
        problem = plan.UNCONNECTED
    elif not asked_by and not learns:
        problem = plan.NOT_KNOWN_BY
    doubted = verbs[0] if verbs and plan.by_shared_alone(system, schemes, shared) else None
    due = [
        row["due_at"] for verb in verbs if (row := rows.get((system.id, verb))) and row["state"] != "ended"
    ]
    return SiloPlanned(
        system=system.id,
        name=system.name,
        turn=turn,
        after=connection.after if connection else (),
        by=connection.by if connection else None,
        owner=connection.owner.name if connection else None,
        due_at=to_text(max(due)) if due else None,
        answers_within_days=connection.answers_within_days if connection else None,
        asked_by=asked_by,
        may_learn=learns,
        problem=problem,
        steps=tuple(
            StepPlanned(
                verb=verb.value,
                state=rows[system.id, verb]["state"] if (system.id, verb) in rows else "planned",
                needs_approval=connection is not None
                and (verb in connection.needs_approval or doubted == verb),
                supported=connection is not None and verb in connection.verbs,
            )
            for verb in verbs
        ),
    )


def _learns(
    policy: Policy, system: System, connection: Connection, asked_by: Collection[str]
) -> tuple[str, ...]:
    added: set[str] = set()
    for name in connection.after:
        before = policy.systems.get(name)
        added |= {*before.connection.adds} if before and before.connection else set()
    return tuple(one for one in system.identifiers if one in added and one not in asked_by)


def _turn(policy: Policy, name: str, met: tuple[str, ...]) -> int:
    system = policy.systems.get(name)
    if system is None or system.connection is None or name in met:
        return 1
    return 1 + max((_turn(policy, one, (*met, name)) for one in system.connection.after), default=0)
