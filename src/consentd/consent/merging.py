"""Making two people one, and undoing it (docs/data.md).

An appended edge says so; events, keys and ciphertexts never move. States are folded anew over the group:
after an unmerge grants follow the identifiers they named, and restrictions stay with both.
"""

import re
from typing import Literal, NamedTuple

from consentd.base.ids import new_id
from consentd.consent import states_store
from consentd.consent.grouping import components
from consentd.consent.rebuilding import refold
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.errors import Conflict
from consentd.kernel.ids import EntryId, GroupId, SubjectId
from consentd.subjects import service as subjects

_CODE = re.compile(r"[a-z_]{1,40}")


class Merged(NamedTuple):
    """What one edge did: the log entry of it, and the people there are now, one or two."""

    entry: EntryId
    people: list[GroupId]


def merge(unit: Unit, keyring: Keyring, actor: Actor, a: SubjectId, b: SubjectId, reason: str) -> Merged:
    """From now on `a` and `b`, and all that each was merged with, are one. Raises Conflict, NotFound."""
    return _append(unit, keyring, actor, "merge", a, b, reason)


def unmerge(unit: Unit, keyring: Keyring, actor: Actor, a: SubjectId, b: SubjectId, reason: str) -> Merged:
    """Takes back the merge of exactly `a` and `b`. Raises Conflict, NotFound."""
    return _append(unit, keyring, actor, "unmerge", a, b, reason)


def _append(
    unit: Unit,
    keyring: Keyring,
    actor: Actor,
    kind: Literal["merge", "unmerge"],
    a: SubjectId,
    b: SubjectId,
    reason: str,
) -> Merged:
    if not _CODE.fullmatch(reason):
        # It stands in clear, for ever: a word from a list, never what somebody wrote.
        raise ValueError("the reason of a merge is a code: lower-case letters and underscores")
    first, second = sorted((a, b))
    people = subjects.lock_people(unit, (first, second))
    members = sorted({member for person in people for member in person.members})
    edges = subjects.edges_of(unit.connection, members)
    joined = frozenset((first, second)) in edges
    if kind == "merge" and (joined or first == second):
        raise Conflict("already_merged", "These two are one person already.")
    if kind == "unmerge" and not joined:
        raise Conflict("not_merged", "These two were not merged with each other.")
    proof = open_keys(unit.connection, keyring, [first])[first].proof
    entry = begin(
        unit,
        keyring,
        action=f"subject.{kind}d",
        actor=actor,
        subject_id=first,
        key=proof or keyring.audit(),
    )
    entry.insert(
        subjects.EDGES,
        {
            "id": new_id(),
            "kind": kind,
            "subject_a": first,
            "subject_b": second,
            "reason": reason,
            "at": unit.now,
        },
    )
    entry.close({"with": str(second)})
    subjects.decided(unit, first, second, "approved" if kind == "merge" else "refused")
    states_store.forget_states(unit, {person.group for person in people})
    edges ^= {frozenset((first, second))}
    groups = []
    for component in components(members, edges):
        group = GroupId(min(component))
        subjects.regroup(unit, component, group)
        refold(unit, group, component)
        groups.append(group)
    return Merged(entry.id, groups)
