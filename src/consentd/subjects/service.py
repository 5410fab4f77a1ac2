"""What other slices, the API and the command line do with people."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Unit
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy
from consentd.subjects import (
    identifiers_store,
    links_store,
    merging_store,
    store,
    suppression_store,
    ties_store,
)
from consentd.subjects.ahead import naming_schemes
from consentd.subjects.candidates import read_evidence
from consentd.subjects.model import Contact, Known
from consentd.subjects.requests import Identifier, spell
from consentd.subjects.spelling import Named

EDGES = merging_store.EDGES


class Found(msgspec.Struct, frozen=True):
    """A person that was looked up; `id` names them in every other call."""

    group: GroupId
    members: tuple[SubjectId, ...]
    territory: str | None
    restricted: bool = False

    @property
    def id(self) -> SubjectId:
        """A group is named by one of its members."""
        return SubjectId(self.group)


def look_up(
    connection: Any,
    keyring: Keyring,
    policy: Policy,
    identifiers: Iterable[Identifier],
    territory: str | None,
) -> list[Found]:  # Any: a database connection
    """Everyone who holds any of these identifiers. Empty where nobody is known."""
    digests: dict[bytes, str] = {}
    for index, identifier in enumerate(identifiers):
        name = spell(policy, identifier, territory, f"/identifiers/{index}")
        digests.update((d, name.scheme) for _, d in keyring.blind_index(name.scheme, name.value))
    groups = {row.group for row in identifiers_store.holdings(connection, digests) if row.group is not None}
    return [person_of(connection, group) for group in sorted(groups)]


def person_of(connection: Any, group: GroupId) -> Found:  # Any: a database connection
    """The person of a group. Raises NotFound where there is none, or none any more."""
    rows = [row for row in store.members(connection, [group]) if row.erased_at is None]
    if not rows:
        raise not_found()
    territory = next((row.territory for row in rows if row.territory), None)
    restricted = any(row.restricted_at is not None for row in rows)
    return Found(group, tuple(row.id for row in rows), territory, restricted)


def group_of(connection: Any, subject: SubjectId) -> GroupId | None:  # Any: a database connection
    """None for unknown and erased subjects."""
    return store.group_of(connection, subject)


def person_by_id(connection: Any, subject: UUID) -> Found:  # Any: a database connection
    """The person that a subject id belongs to. Unknown and erased alike raise NotFound (promise 13)."""
    group = store.group_of(connection, SubjectId(subject))
    if group is None:
        raise not_found()
    return person_of(connection, group)


def recorded_at(connection: Any, members: Collection[SubjectId]) -> Instant:
    """Any: a database connection. When the latest of these, who are on record, came there."""
    return store.latest_created(connection, members)


def schemes_of(connection: Any, members: Collection[SubjectId]) -> frozenset[str]:
    """Any: a database connection. By which kinds of identifiers these are known; opens none."""
    return frozenset(row.scheme for row in links_store.links_of(connection, members))


def live_subjects(connection: Any) -> list[SubjectId]:  # Any: a database connection
    """Everybody who was not erased; all in memory, which is for commands alone."""
    return store.live(connection)


def not_found() -> NotFound:
    return NotFound("unknown_subject", "There is no person with this id.")


def contacts_of(connection: Any, keyring: Keyring, subjects: Iterable[SubjectId]) -> list[Contact]:
    """The identifiers of these subjects, opened. Subjects whose content key is gone have none."""
    ids = list(subjects)
    keys = open_keys(connection, keyring, ids)
    found: list[Contact] = []
    for row in links_store.links_of(connection, ids):
        content = keys[row.subject_id].content
        if content is None:
            continue
        opened = unseal(content, row.sealed, Place("identifier_links", "sealed", row.id))
        named = Named(row.scheme, opened.decode())
        unreachable = row.unreachable_since is not None
        found.append(Contact(row.identifier_id, named, row.strength, row.capacity, unreachable))
    return found


def holders_of(
    connection: Any, keyring: Keyring, names: Iterable[Named]
) -> dict[Named, set[GroupId]]:  # Any: a database connection
    """Who holds each of these identifiers; those that are not on record are left out."""
    named = {digest: name for name in names for _, digest in keyring.blind_index(name.scheme, name.value)}
    found: dict[Named, set[GroupId]] = {}
    digests = {digest: name.scheme for digest, name in named.items()}
    for row in identifiers_store.holdings(connection, digests) if digests else ():
        groups = found.setdefault(named[row.digest], set())
        if row.group is not None:
            groups.add(row.group)
    return found


class Holder(NamedTuple):
    """That somebody holds an identifier: random ids alone."""

    identifier: IdentifierId
    subject: SubjectId
    group: GroupId


def holders_by_name(
    connection: Any, keyring: Keyring, names: Collection[Named]
) -> dict[Named, list[Holder]]:  # Any: a database connection
    """Who holds each of these identifiers, by one statement for all; who are held by nobody are left out."""
    by_scheme: defaultdict[str, list[Named]] = defaultdict(list)
    for name in names:
        by_scheme[name.scheme].append(name)
    named: dict[bytes, Named] = {}
    for scheme, own in by_scheme.items():
        for digests in keyring.blind_indexes(scheme, [name.value.encode() for name in own]):
            named.update(zip(digests, own, strict=True))
    found: defaultdict[Named, list[Holder]] = defaultdict(list)
    wanted = {digest: name.scheme for digest, name in named.items()}
    for row in identifiers_store.holdings(connection, wanted) if wanted else ():
        if row.subject is not None and row.group is not None:
            found[named[row.digest]].append(Holder(row.id, row.subject, row.group))
    return dict(found)


def count_parted(connection: Any) -> int:  # Any: a database connection
    """How often records that had been one person were made two again."""
    return merging_store.count_unmerges(connection)


class Held(msgspec.Struct, frozen=True):
    """A contact detail, as those who hold it have it."""

    id: UUID
    scheme: str
    consumer: bool
    reachable: bool


def held(connection: Any, keyring: Keyring, name: Named) -> Held | None:  # Any: a database connection
    """A contact detail that somebody holds; None where nobody does."""
    digests = {digest: name.scheme for _, digest in keyring.blind_index(name.scheme, name.value)}
    ids = {row.id for row in identifiers_store.holdings(connection, digests) if row.group is not None}
    if not ids:
        return None
    rows = links_store.held_as(connection, ids)
    return Held(
        min(ids),
        name.scheme,
        any(row.capacity == "consumer" for row in rows),
        all(row.unreachable_since is None for row in rows),
    )


def listed_by(connection: Any, members: Sequence[SubjectId]) -> list[Any]:  # Any: a connection, and rows
    """What the do-not-contact list says of these people: identifier, scheme, since, purpose, channel."""
    identifiers = {row.identifier_id for row in links_store.links_of(connection, members)}
    return suppression_store.suppressions_of(connection, identifiers)


class Candidate(msgspec.Struct, frozen=True):
    """Two people who may be one, and why; deciding is a person's business."""

    id: UUID
    subject_a: SubjectId
    subject_b: SubjectId
    reason: str
    status: str
    created_at: int
    evidence: dict[str, set[UUID]]
    """For each reason, the identifiers by which it was found."""


def merge_candidates(connection: Any, after: UUID, limit: int, status: str = "open") -> list[Candidate]:
    """Any: a database connection. Candidates of a status behind `after`, in a stable order."""
    return [_candidate(row) for row in merging_store.candidates(connection, status, after, limit)]


def merge_candidate(connection: Any, id_: UUID, *, lock: bool = False) -> Candidate:
    """Any: a database connection. Raises NotFound, also where one of the two was erased since."""
    row = merging_store.candidate_by_id(connection, id_, lock=lock)
    if row is None:
        raise NotFound(
            "unknown_candidate", "There is no such pair; if one of the two was erased, it went with them."
        )
    return _candidate(row)


def _candidate(row: Any) -> Candidate:  # Any: a row
    return Candidate(
        row.id,
        SubjectId(row.subject_a),
        SubjectId(row.subject_b),
        row.reason,
        row.status,
        row.created_at,
        read_evidence(row),
    )


def lock_people(unit: Unit, named: Iterable[SubjectId]) -> list[Known]:
    """The people of these subjects, locked in the order of their ids. Raises NotFound.

    Groups may change between finding and locking them: what was locked is looked at again.
    """
    wanted = list(named)
    while True:
        groups = {store.group_of(unit.connection, subject) for subject in wanted}
        if None in groups:
            raise not_found()
        found = sorted(group for group in groups if group is not None)
        rows = store.members(unit.connection, found, lock=True)
        if {store.group_of(unit.connection, subject) for subject in wanted} == groups:
            break
    return [
        Known(
            group,
            tuple(row.id for row in rows if row.group_id == group),
            next((row.territory for row in rows if row.group_id == group and row.territory), None),
        )
        for group in found
    ]


def lock_present(unit: Unit, named: Iterable[SubjectId]) -> list[Known]:
    """The people of those of these subjects who were not erased, locked."""
    present = [one for one in named if store.group_of(unit.connection, one) is not None]
    try:
        return lock_people(unit, present) if present else []
    except NotFound:
        # One of them was erased while waiting for the lock.
        return lock_present(unit, present)


def edges_of(connection: Any, members: Iterable[SubjectId]) -> set[frozenset[UUID]]:
    """Any: a database connection. The pairs of subjects that stand merged."""
    standing: set[frozenset[UUID]] = set()
    for row in merging_store.edges_among(connection, list(members)):
        pair = frozenset((row.subject_a, row.subject_b))
        if row.kind == "merge":
            standing.add(pair)
        else:
            standing.discard(pair)
    return standing


def decisions_about(connection: Any, members: Iterable[SubjectId]) -> dict[frozenset[UUID], tuple[str, str]]:
    """Any: a database connection. The last word on each pair of subjects: merge or unmerge, and why."""
    return decisions_of(merging_store.edges_among(connection, list(members)))


def decisions_of(edges: Iterable[merging_store.EdgeRow]) -> dict[frozenset[UUID], tuple[str, str]]:
    """The last word on each pair, out of merges and unmerges in their order."""
    return {frozenset((row.subject_a, row.subject_b)): (row.kind, row.reason) for row in edges}


def ties_of(connection: Any, policy: Policy, subjects: Collection[SubjectId]) -> list[ties_store.Tie]:
    """Any: a database connection. Everyone who shares an identifier with one of these, and by which."""
    return ties_store.ties(connection, subjects, naming_schemes(policy))


def members_of(connection: Any, groups: Collection[GroupId]) -> dict[GroupId, list[SubjectId]]:
    """Any: a database connection. Who was not erased, by group."""
    found: dict[GroupId, list[SubjectId]] = {}
    for row in store.members(connection, groups, lock=True) if groups else ():
        if row.erased_at is None:
            found.setdefault(row.group_id, []).append(row.id)
    return found


def regroup(unit: Unit, members: Collection[SubjectId], group: GroupId) -> None:
    merging_store.set_group(unit, members, group)


def decided(unit: Unit, a: SubjectId, b: SubjectId, status: str) -> None:
    """Closes the candidate of two people about whom somebody decided."""
    merging_store.close_candidate(unit, a, b, status)
