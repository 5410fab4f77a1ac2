"""Seeking: comparing all who bear the same name, for pairs that no shared identifier leads to.

Recording looks only at who holds what was just named, so that it stays cheap; a slip in an address makes two
people who share nothing. This opens every name, for the one who runs the service, and releases nothing: what
it finds are candidates. Flat in memory: names are known by a hash of one run, a part of them at a time, and
each pass over everybody's names takes those of one part.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Database, Unit
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.ids import SubjectId
from consentd.kernel.policy import Policy
from consentd.policy.service import PolicyBook
from consentd.subjects import service, store
from consentd.subjects.candidates import Portrait, likeness, own_keys, portraits, propose
from consentd.subjects.likeness import slips
from consentd.subjects.model import Known
from consentd.subjects.naming import keys_of, open_names

AT_ONCE = 100_000
"""People whose names are known at one time, about: some 20 MB."""
_PAGE = 500
_UNIT = 200
"""People compared in one unit, about."""
_MOST_ALIKE = 20
"""Namesakes who share one thing and are compared by it: what more of them share is a switchboard."""


class Sought(NamedTuple):
    people: int
    """Who have a name."""
    found: int
    """Pairs about which something is new."""


async def seek(
    database: Database, keyring: Keyring, policies: PolicyBook, actor: Actor, at_once: int = AT_ONCE
) -> Sought:
    """Proposes every pair of namesakes that has something else in common. May be run again at any time."""

    def begun(unit: Unit) -> int:
        count = store.count_named(unit.connection)
        begin(unit, keyring, action="candidates.sought", actor=actor, key=keyring.audit()).close(
            {"people": count}
        )
        return count

    people = await database.change(begun)
    # Of this run alone: kept nowhere, so that no name can be tested against it.
    salt = os.urandom(16)
    parts = max(1, -(-people // at_once))
    found = 0
    for part in range(parts):
        for some in _batches((await _namesakes(database, keyring, salt, part, parts)).values()):

            def work(unit: Unit, some: Sequence[Sequence[SubjectId]] = some) -> int:
                policy = policies.active(unit.connection).policy
                new = sum(_compare(unit, keyring, policy, namesakes) for namesakes in some)
                begin(unit, keyring, action="candidates.found", actor=actor, key=keyring.audit()).close(
                    {"new": new}
                )
                return new

            found += await database.change(work)
    return Sought(people, found)


async def _namesakes(
    database: Database, keyring: Keyring, salt: bytes, part: int, parts: int
) -> dict[int, list[SubjectId]]:
    """The people of each name of one part, where there are several."""
    named: defaultdict[int, list[SubjectId]] = defaultdict(list)
    after = SubjectId(UUID(int=0))
    while True:

        def page(connection: Any, behind: SubjectId = after) -> list[tuple[SubjectId, set[int]]]:
            sealed = store.named_page(connection, behind, _PAGE)
            return list(_hashed(connection, keyring, salt, sealed))

        rows = await database.read(page)
        if not rows:
            return {name: people for name, people in named.items() if len(people) > 1}
        for subject, names in rows:
            for name in names:
                if name % parts == part:
                    named[name].append(subject)
        after = rows[-1][0]


def _hashed(
    connection: Any, keyring: Keyring, salt: bytes, sealed: Mapping[SubjectId, bytes]
) -> Iterator[tuple[SubjectId, set[int]]]:
    keys = open_keys(connection, keyring, sealed.keys())
    for subject, name in sealed.items():
        content = keys[subject].content
        # Erased since the page was read, if there is none.
        known = keys_of(open_names(content, subject, name).values()) if content is not None else ()
        yield subject, {_number(salt, key) for key in known}


def _number(salt: bytes, name: tuple[str, ...]) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(name).encode(), digest_size=8, key=salt).digest())


def _batches(names: Iterable[list[SubjectId]]) -> Iterator[list[list[SubjectId]]]:
    some: list[list[SubjectId]] = []
    count = 0
    for namesakes in names:
        some.append(namesakes)
        count += len(namesakes)
        if count >= _UNIT:
            yield some
            some, count = [], 0
    if some:
        yield some


def _compare(unit: Unit, keyring: Keyring, policy: Policy, namesakes: Sequence[SubjectId]) -> int:
    """Proposes those of one name who have something else in common; how many pairs are new."""
    people = service.lock_present(unit, namesakes)
    if len(people) < 2:
        return 0
    opened = open_keys(unit.connection, keyring, [member for one in people for member in one.members])
    keys = {subject: own.content for subject, own in opened.items() if own.content is not None}
    drawn = portraits(unit.connection, {one: own_keys(keys, one) for one in people})
    holders: defaultdict[UUID, set[SubjectId]] = defaultdict(set)
    for one, portrait in drawn.items():
        for id_ in portrait.identifiers:
            holders[id_].update(one.members)
    new = 0
    for one, other in _near(drawn):
        evidence = likeness(policy, drawn[one], drawn[other])
        new += bool(evidence) and propose(unit, one, other, evidence, holders)
    return new


def _near(drawn: Mapping[Known, Portrait]) -> set[tuple[Known, Known]]:
    """Pairs that share an identifier or a slip of one: however many bear a name, few are compared."""
    sharing: defaultdict[tuple[str, str], list[Known]] = defaultdict(list)
    for person, portrait in drawn.items():
        for scheme, value in set(portrait.identifiers.values()):
            for slip in slips(value):
                sharing[scheme, slip].append(person)
    return {
        (one, other)
        for people in sharing.values()
        if len(people) <= _MOST_ALIKE
        for one, other in combinations(people, 2)
        if one != other
    }
