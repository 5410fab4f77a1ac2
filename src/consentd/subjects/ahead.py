"""Looking ahead: asking once for many rows who holds what, where nobody else writes while a unit does.

What was found holds for the first row that names somebody. Whoever was named once is asked about anew: so
only people are told of whom nothing else can be reached, because nobody else holds any of their identifiers.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.kernel.ids import GroupId, SubjectId
from consentd.kernel.policy import Policy
from consentd.subjects import identifiers_store, merging_store, store, suppression_store, ties_store
from consentd.subjects.identifiers_store import Holding
from consentd.subjects.merging_store import EdgeRow
from consentd.subjects.model import Known
from consentd.subjects.spelling import Named
from consentd.subjects.ties_store import Tie

Digests = Mapping[bytes, Named]


class Around(NamedTuple):
    """One person on record, who holds all that is held of what a row names, and everything about them."""

    person: Known
    holdings: list[Holding]
    """Of what the row names."""
    ties: list[Tie]
    """Of all that the person's records hold: nobody else holds any of it."""
    edges: list[EdgeRow]


class Ahead:
    """`listed`: whether the do-not-contact list has entries."""

    def __init__(
        self,
        digests: Mapping[Named, list[bytes]],
        holdings: Iterable[Holding],
        people: Mapping[GroupId, Around],
        *,
        listed: bool,
    ) -> None:
        self._digests = digests
        self._held: defaultdict[bytes, list[Holding]] = defaultdict(list)
        for row in holdings:
            self._held[row.digest].append(row)
        self._free = {digest for its in digests.values() for digest in its} - self._held.keys()
        self._people = dict(people)
        self.groups = list(people)
        self.listed = listed

    def digests(self, names: Iterable[Named]) -> dict[bytes, Named]:
        """Under which keyed hashes they are looked up; newest first for each."""
        return {digest: name for name in names for digest in self._digests[name]}

    def nobodys(self, digests: Digests) -> bool:
        """Whether all of these were looked for and found free, and nobody was linked to one since."""
        return digests.keys() <= self._free

    def around(self, digests: Digests) -> Around | None:
        """The one person who holds some of these; None where that must be asked."""
        held = [row for digest in digests if digest in self._held for row in self._held[digest]]
        groups = {row.group for row in held}
        if len(groups) != 1 or not all(digest in self._free or digest in self._held for digest in digests):
            return None
        (group,) = groups
        person = self._people.get(group) if group is not None else None
        if person is None:
            return None
        known = {row.subject for row in held} <= set(person.person.members)
        return person._replace(holdings=sorted(held, key=lambda row: row.id)) if known else None

    def taken(self, digests: Digests) -> None:
        """Somebody may hold these from now on, and what is known of who did may change."""
        for digest in digests:
            self._free.discard(digest)
            for row in self._held.pop(digest, ()):
                if row.group is not None:
                    self._people.pop(row.group, None)


def look_ahead(unit: Unit, keyring: Keyring, policy: Policy, names: Iterable[Named]) -> Ahead | None:
    """None where looking ahead would not be safe."""
    if unit.dialect != "sqlite":
        return None
    digests = {
        name: [digest for _, digest in keyring.blind_index(name.scheme, name.value)]
        for name in dict.fromkeys(names)
    }
    wanted = {digest: name.scheme for name, its in digests.items() for digest in its}
    found = identifiers_store.holdings(unit.connection, wanted) if wanted else []
    listed = suppression_store.count_suppressions(unit.connection) > 0
    return Ahead(digests, found, _people(unit, policy, found), listed=listed)


def _people(unit: Unit, policy: Policy, holdings: Iterable[Holding]) -> dict[GroupId, Around]:
    """Those of whom nobody else holds an identifier, nor was ever merged with them."""
    groups = list(dict.fromkeys(row.group for row in holdings if row.group is not None))
    if not groups:
        return {}
    members: defaultdict[GroupId, list[store.Member]] = defaultdict(list)
    for member in store.members(unit.connection, groups):
        members[member.group_id].append(member)
    whose = {member.id: group for group, its in members.items() for member in its}
    ties: defaultdict[GroupId, list[Tie]] = defaultdict(list)
    wide: set[GroupId | None] = set()
    for held, tie in _ties(unit, policy, whose):
        ties[held].append(tie)
        if tie.group != held:
            wide.add(held)
    edges: defaultdict[GroupId, list[EdgeRow]] = defaultdict(list)
    for edge in merging_store.edges_among(unit.connection, list(whose)):
        first, other = whose.get(edge.subject_a), whose.get(edge.subject_b)
        if first is None or first != other:
            wide |= {first, other}
        else:
            edges[first].append(edge)
    return {
        group: Around(_known(group, its), [], ties[group], edges[group])
        for group, its in members.items()
        if group not in wide and not any(one.erased_at for one in its)
    }


def _ties(unit: Unit, policy: Policy, whose: Mapping[SubjectId, GroupId]) -> Iterable[tuple[GroupId, Tie]]:
    """Everyone who holds an identifier of one of these, beside whose person that one is."""
    found = ties_store.ties(unit.connection, list(whose), naming_schemes(policy))
    holders: defaultdict[object, set[GroupId]] = defaultdict(set)
    for tie in found:
        if tie.subject in whose:
            holders[tie.identifier].add(whose[tie.subject])
    return ((group, tie) for tie in found for group in holders[tie.identifier])


def naming_schemes(policy: Policy) -> Collection[str]:
    """An opaque identifier (a postal address, a device) names nobody: a household has it in common."""
    return [name for name, scheme in policy.identifiers.items() if scheme.kind != "opaque"]


def _known(group: GroupId, members: Collection[store.Member]) -> Known:
    territory = next((one.territory for one in members if one.territory), None)
    return Known(group, tuple(one.id for one in members), territory)
