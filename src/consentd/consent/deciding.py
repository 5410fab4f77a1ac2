"""Deciding on pairs of people who may be one: approving merges them, refusing does not, and either can be
taken back (docs/data.md, merging).

Upholds promises 2, 3 and 8: each decision is one log entry, about the first of the two, in the transaction
that decides; a call that was made before gets its answer again.
"""

from collections.abc import Callable
from uuid import UUID

import msgspec

from consentd.callers.model import Caller
from consentd.consent.merging import merge, unmerge
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.errors import Conflict
from consentd.kernel.ids import BatchId
from consentd.subjects import service as subjects
from consentd.subjects.doing import Doing
from consentd.subjects.proposals import Pair
from consentd.subjects.service import Candidate
from consentd.web.idempotency import Repeat


class Decided(msgspec.Struct, frozen=True):
    """What was decided on a pair."""

    id: UUID
    status: str
    """`approved`, `refused`, or `open` again."""
    subjects: Pair
    people: tuple[UUID, ...]
    """Who these two are now: one id where they are one person."""
    entry_id: UUID
    """The log entry of it."""


Decision = Callable[[Unit, Keyring, Actor, UUID], Decided]


def approve(unit: Unit, keyring: Keyring, actor: Actor, candidate: UUID) -> Decided:
    """Makes the two one person. Raises NotFound; Conflict where it was decided already."""
    found = _locked(unit, candidate)
    _require_open(found)
    done = merge(unit, keyring, actor, found.subject_a, found.subject_b, "candidate_approved")
    return _told(unit.connection, found, "approved", done.entry)


def refuse(unit: Unit, keyring: Keyring, actor: Actor, candidate: UUID) -> Decided:
    """They stay two. Raises NotFound; Conflict where it was decided already."""
    found = _locked(unit, candidate)
    _require_open(found)
    return _mark(unit, keyring, actor, found, "refused", "candidate.refused")


def undo(unit: Unit, keyring: Keyring, actor: Actor, candidate: UUID) -> Decided:
    """The pair is open again; if it was approved, the two come apart. Raises NotFound; Conflict where nothing
    was decided.
    """
    found = _locked(unit, candidate)
    if found.status == "open":
        raise Conflict("not_decided", "Nothing was decided on this pair: there is nothing to undo.")
    if found.status == "refused":
        return _mark(unit, keyring, actor, found, "open", "candidate.reopened")
    done = unmerge(unit, keyring, actor, found.subject_a, found.subject_b, "candidate_undone")
    subjects.decided(unit, found.subject_a, found.subject_b, "open")
    return _told(unit.connection, found, "open", done.entry)


def _locked(unit: Unit, candidate: UUID) -> Candidate:
    """People are locked before the pair, as they are while recording: two units never wait for each other."""
    found = subjects.merge_candidate(unit.connection, candidate)
    subjects.lock_present(unit, (found.subject_a, found.subject_b))
    return subjects.merge_candidate(unit.connection, candidate, lock=True)


def _require_open(found: Candidate) -> None:
    if found.status != "open":
        raise Conflict(
            "already_decided", f"This pair was {found.status} already. To decide otherwise, undo that first."
        )


def _mark(unit: Unit, keyring: Keyring, actor: Actor, found: Candidate, status: str, action: str) -> Decided:
    proof = open_keys(unit.connection, keyring, [found.subject_a])[found.subject_a].proof
    entry = begin(
        unit, keyring, action=action, actor=actor, subject_id=found.subject_a, key=proof or keyring.audit()
    )
    entry.close({"with": str(found.subject_b), "candidate": str(found.id)})
    subjects.decided(unit, found.subject_a, found.subject_b, status)
    return _told(unit.connection, found, status, entry.id)


def _told(connection: object, found: Candidate, status: str, entry: UUID) -> Decided:
    people = {subjects.group_of(connection, one) for one in (found.subject_a, found.subject_b)}
    return Decided(
        found.id,
        status,
        (found.subject_a, found.subject_b),
        tuple(sorted(one for one in people if one is not None)),
        entry,
    )


AFTER: dict[Decision, str] = {approve: "approved", refuse: "refused", undo: "open"}


async def decide(
    doing: Doing, caller: Caller, repeat: Repeat | None, candidate: UUID, decision: Decision
) -> Decided:
    """One decision of a system, once for each Idempotency-Key."""

    def write(unit: Unit, actor: Actor) -> tuple[BatchId, Decided]:
        done = decision(unit, doing.keyring, actor, candidate)
        return BatchId(done.entry_id), done

    def rebuild(connection: object, entry: BatchId) -> Decided:
        return _told(connection, subjects.merge_candidate(connection, candidate), AFTER[decision], entry)

    return await doing.decide(caller, repeat, write, rebuild)
