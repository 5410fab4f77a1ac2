"""Finding, locking, making and linking the people that one call names (docs/data.md)."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal
from consentd.crypto.subject_keys import SubjectKeys, draw_keys, insert_keys, open_keys
from consentd.db.unit import Unit
from consentd.evidence.recorder import Entry
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId, SystemId
from consentd.kernel.policy import Policy
from consentd.subjects import identifiers_store, links_store, naming, store, ties_store
from consentd.subjects.adding import Adding
from consentd.subjects.ahead import Ahead, Around
from consentd.subjects.erased import Hits
from consentd.subjects.linking import Hint, Meant, meant
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import Name
from consentd.subjects.spelling import Named


class Resolver:
    """Resolves identifiers inside one unit. After `resolve`, every row it depends on is locked.

    `entry_of`: the entry under which what is written about a subject is recorded. `known_erased`: what the
    erasure ledger says of all that may be named, where it was asked once for many.
    """

    def __init__(
        self,
        unit: Unit,
        keyring: Keyring,
        policy: Policy,
        system: SystemId | None,
        entry_of: Callable[[SubjectId], Entry],
        ahead: Ahead | None = None,
        known_erased: Hits | None = None,
    ) -> None:
        self._unit = unit
        self._keyring = keyring
        self._policy = policy
        self._system = system
        self._entry_of = entry_of
        self._ahead = ahead
        self._adding = Adding(unit, keyring, policy.hash, system, ahead, known_erased)
        self._links: dict[tuple[IdentifierId, SubjectId], dict[str, Any]] = {}
        self.keys: dict[SubjectId, SubjectKeys] = {}
        self.around: Around | None = None
        """Beside whom a record was made, where everything about them is known already."""

    def resolve(
        self, named: Sequence[Named], territory: str | None, *, restricts: bool = False
    ) -> Resolution:
        """Who is meant; somebody new is created, what is unknown is linked to the one who is certain.

        `restricts`: the call holds a no. Where nobody can tell whose an unknown identifier is, it is tied to
        everyone meant: a no must not get lost for want of an owner.
        """
        names = list(dict.fromkeys(named))
        digests = self._digests(names)
        fresh, standing = self._lock(names, digests)
        ids, holdings, known = self._settled(digests, standing)
        holders: dict[IdentifierId, set[SubjectId]] = {id_: set() for id_ in ids}
        owners: dict[IdentifierId, set[GroupId]] = {id_: set() for id_ in ids}
        for row in holdings:
            if row.subject is not None and row.group in known:
                holders[row.id].add(row.subject)
                owners[row.id].add(row.group)
        outcome = self._meant(ids, owners)
        others: tuple[Known, ...] = ()
        if outcome.people:
            people = [known[GroupId(group)] for group in outcome.people]
        else:
            people = [self._create(territory)]
            others = tuple(known[GroupId(group)] for group in outcome.suspects)
        if len(people) == 1:
            link = [id_ for id_ in ids if not holders[id_] & set(people[0].members)]
            strength = "asserted"
        else:
            link = [id_ for id_ in ids if restricts and not holders[id_]]
            strength = "weak"
        found = Resolution(ids, tuple(people), {k: frozenset(v) for k, v in holders.items()})
        for person, own in self._fitting(people, {id_: ids[id_] for id_ in link}):
            writer = found.writer_of(person)
            self._link(writer, own, strength)
            for id_ in own:
                holders[id_].add(writer)
        # What nobody holds must not stay behind as a trace of a call that could not be attributed.
        ownerless = [id_ for id_ in ids if not holders[id_] and ids[id_] in fresh]
        identifiers_store.drop_identifiers(self._unit, ownerless)
        return Resolution(
            {id_: name for id_, name in ids.items() if id_ not in ownerless},
            tuple(people),
            {k: frozenset(v) for k, v in holders.items() if k not in ownerless},
            others,
            tuple(known.values()),
            outcome.reason,
            fresh=bool(link),
        )

    def record(
        self, named: Sequence[Named], territory: str | None, name: Name | None
    ) -> tuple[Resolution, bool]:
        """The one record that the system keeps under these identifiers, and whether it came to hold one that
        others hold too. A new one is named.

        It is found by what the system itself tells people apart by: a number of its own (any scheme that one
        person has one of), else the first identifier, among those of its records that have no such number. So
        it does not depend on who else is known: whose record it is, is another question (decision 0033).
        """
        names = list(dict.fromkeys(named))
        if self._ahead is not None:
            digests = self._ahead.digests(names)
            free, around = self._ahead.nobodys(digests), self._ahead.around(digests)
            self._ahead.taken(digests)
            if free:
                return self._record_anew({}, names, territory, name), False
            if around is not None and not self._keeps(around, digests, names):
                self.around = around
                theirs = {row.id: digests[row.digest] for row in around.holdings}
                return self._record_anew(theirs, names, territory, name), True
        digests = self._digests(names)
        _, standing = self._lock(names, digests)
        ids, holdings, known = self._settled(digests, standing)
        held: defaultdict[SubjectId, set[IdentifierId]] = defaultdict(set)
        for row in holdings:
            if row.subject is not None and row.group in known:
                held[row.subject].add(row.id)
        subject = self._record_of({name: id_ for id_, name in ids.items()}, names, held)
        if subject is None:
            person = self._create(territory, name)
            (subject,) = person.members
        else:
            group = next(one for one in known.values() if subject in one.members)
            person = Known(group.group, (subject,), store.territory_of(self._unit.connection, subject))
        new = {id_: name for id_, name in ids.items() if id_ not in held[subject]}
        self._note_links(subject, new)
        shared = any(one != subject and its & new.keys() for one, its in held.items())
        return Resolution(ids, (person,), dict.fromkeys(ids, frozenset((subject,)))), shared

    def _record_anew(
        self,
        known: Mapping[IdentifierId, Named],
        names: Sequence[Named],
        territory: str | None,
        name: Name | None,
    ) -> Resolution:
        """A new record. `known`: those of its identifiers that somebody else holds."""
        missing = [one for one in names if one not in known.values()]
        rows = self._adding.add(missing)
        added = {IdentifierId(row["id"]): one for row, one in zip(rows, missing, strict=True)}
        for id_, one in added.items():
            self._adding.adopt(id_, one)
        ids = {**known, **added}
        person = self._create(territory, name)
        (subject,) = person.members
        self._note_links(subject, ids)
        return Resolution(ids, (person,), dict.fromkeys(ids, frozenset((subject,))))

    def _keeps(self, around: Around, digests: Mapping[bytes, Named], names: Sequence[Named]) -> bool:
        """Whether the system may have a record under these identifiers already. See `_record_of`."""
        own = {name for name in names if self._policy.identifiers[name.scheme].one_per_person}
        if own:
            return any(digests[row.digest] in own for row in around.holdings)
        return any(row.system == self._system for row in around.holdings)

    def _record_of(
        self,
        ids: Mapping[Named, IdentifierId],
        names: Sequence[Named],
        held: Mapping[SubjectId, set[IdentifierId]],
    ) -> SubjectId | None:
        numbers = {name for name, scheme in self._policy.identifiers.items() if scheme.one_per_person}
        own = {ids[name] for name in names if name.scheme in numbers}
        if own:
            return min((subject for subject, its in held.items() if its & own), default=None)
        if not held or self._system is None:
            return None
        return ties_store.unnumbered(self._unit.connection, ids[names[0]], self._system, numbers)

    def find(self, named: Sequence[Named]) -> Resolution:
        """Who is meant by what is on record; nothing is created or linked. Nobody: no people."""
        everyone = self.everyone(named)
        owners = {
            id_: {person.group for person in everyone.people if holders & set(person.members)}
            for id_, holders in everyone.holders.items()
        }
        meant_ = self._meant(everyone.named, owners).people
        by_group = {person.group: person for person in everyone.people}
        return Resolution(
            everyone.named, tuple(by_group[GroupId(group)] for group in meant_), everyone.holders
        )

    def everyone(self, named: Sequence[Named]) -> Resolution:
        """Everyone on record who holds any of these, locked: those meant and who shares a contact point."""
        digests = self._digests(list(dict.fromkeys(named)))
        ids, holdings, known = self._settled(digests, self._holdings(digests))
        holders: dict[IdentifierId, set[SubjectId]] = {id_: set() for id_ in ids}
        for row in holdings:
            if row.subject is not None and row.group in known:
                holders[row.id].add(row.subject)
        return Resolution(ids, tuple(known.values()), {k: frozenset(v) for k, v in holders.items()})

    def _digests(self, names: Sequence[Named]) -> dict[bytes, Named]:
        return {
            digest: name
            for name in names
            for _version, digest in self._keyring.blind_index(name.scheme, name.value)
        }

    def _holdings(self, digests: Mapping[bytes, Named]) -> list[identifiers_store.Holding]:
        wanted = {digest: name.scheme for digest, name in digests.items()}
        return identifiers_store.holdings(self._unit.connection, wanted)

    def _lock(
        self, names: Sequence[Named], digests: Mapping[bytes, Named]
    ) -> tuple[set[Named], list[identifiers_store.Holding]]:
        """Locks these identifiers and adds those that are missing; which were, and who holds all of them."""
        wanted = {digest: name.scheme for digest, name in digests.items()}
        locked = identifiers_store.lock_identifiers(self._unit, wanted)
        holdings = self._holdings(digests)
        present = locked if locked is not None else [row.digest for row in holdings]
        missing = set(names) - {digests[digest] for digest in present}
        if not missing:
            return missing, holdings
        added = self._adding.add(missing)
        if self._unit.dialect == "sqlite":
            # Nobody else can have added them meanwhile.
            for new in added:
                id_, digest = IdentifierId(new["id"]), new["blind_index"]
                holdings.append(identifiers_store.Holding(id_, new["scheme"], digest, None, None))
                self._adding.adopt(id_, digests[digest])
            return missing, holdings
        identifiers_store.lock_identifiers(self._unit, wanted)
        holdings = self._holdings(digests)
        for row in holdings:
            if (name := digests[row.digest]) in missing:
                self._adding.adopt(row.id, name)
        return missing, holdings

    def _settled(
        self, digests: Mapping[bytes, Named], holdings: list[identifiers_store.Holding]
    ) -> tuple[dict[IdentifierId, Named], list[identifiers_store.Holding], dict[GroupId, Known]]:
        """Who holds what, with the people locked. While waiting for a lock they may have been merged or
        unmerged: then what was read before is read again.
        """
        while True:
            known = self._people({row.group for row in holdings if row.group is not None})
            # On SQLite there is one writer, and nothing changes under its hands.
            again = holdings
            if self._unit.dialect == "postgresql":
                again = self._holdings(digests)
            if again == holdings:
                return {row.id: digests[row.digest] for row in holdings}, holdings, known
            holdings = again

    def _people(self, groups: Iterable[GroupId]) -> dict[GroupId, Known]:
        rows = store.members(self._unit.connection, list(groups), lock=True) if groups else []
        by_group: defaultdict[GroupId, list[tuple[SubjectId, str | None]]] = defaultdict(list)
        for row in rows:
            if row.erased_at is None:
                by_group[row.group_id].append((row.id, row.territory))
        return {
            group: Known(
                group,
                tuple(id_ for id_, _ in found),
                next((territory for _, territory in found if territory), None),
            )
            for group, found in by_group.items()
        }

    def _meant(self, ids: Mapping[IdentifierId, Named], owners: Mapping[IdentifierId, set[GroupId]]) -> Meant:
        schemes = self._policy.identifiers
        hints = [
            Hint(id_, name.scheme, schemes[name.scheme].one_per_person, frozenset(owners[id_]))
            for id_, name in ids.items()
        ]
        unknown = {hint.scheme for hint in hints if hint.one_per_person and not hint.holders}
        everyone = {owner for held in owners.values() for owner in held}
        return meant(hints, self._accounts(everyone, unknown))

    def _accounts(
        self, groups: Collection[GroupId], schemes: Collection[str]
    ) -> dict[UUID, dict[str, frozenset[UUID]]]:
        """What these people hold in these schemes."""
        accounts: dict[UUID, dict[str, frozenset[UUID]]] = {}
        if groups and schemes:
            for row in links_store.accounts_of(self._unit.connection, groups, schemes):
                held = accounts.setdefault(row.group_id, {})
                held[row.scheme] = held.get(row.scheme, frozenset()) | {row.id}
        return accounts

    def _fitting(
        self, people: Sequence[Known], link: Mapping[IdentifierId, Named]
    ) -> Iterator[tuple[Known, Mapping[IdentifierId, Named]]]:
        """What is to be tied to each. Where several are meant, a customer number is not tied to somebody who
        has another: named once more, beside what they share, it would be theirs for certain.
        """
        if len(people) == 1:
            yield people[0], link
            return
        schemes = self._policy.identifiers
        single = {name.scheme for name in link.values() if schemes[name.scheme].one_per_person}
        accounts = self._accounts([person.group for person in people], single)
        for person in people:
            held = accounts.get(person.group, {})
            yield person, {id_: name for id_, name in link.items() if name.scheme not in held}

    def _create(self, territory: str | None, name: Name | None = None) -> Known:
        subject = SubjectId(new_id())
        # Drawn first: the entry under which the subject is recorded is sealed by them.
        keys = self.keys[subject] = draw_keys()
        names = naming.with_name({}, self._system, name) if name is not None else None
        sealed = naming.seal_names(keys.content, subject, names) if names is not None else None
        store.add_subject(self._entry_of(subject), subject, territory, os.urandom(16), self._unit.now, sealed)
        insert_keys(self._unit, self._keyring, {subject: keys})
        return Known(GroupId(subject), (subject,), territory, created=True)

    def _link(self, subject: SubjectId, named: Mapping[IdentifierId, Named], strength: str) -> None:
        rows = [self._new_link(subject, identifier, name, strength) for identifier, name in named.items()]
        if rows:
            links_store.add_links(self._entry_of(subject), rows)

    def _note_links(self, subject: SubjectId, named: Mapping[IdentifierId, Named]) -> None:
        for identifier, name in named.items():
            self._links[identifier, subject] = self._new_link(subject, identifier, name, "asserted")

    def noted_link(self, identifier: IdentifierId, subject: SubjectId) -> dict[str, Any] | None:
        """A link of a record that is still to be written: what is learnt of it meanwhile is put into it."""
        return self._links.get((identifier, subject))

    def write_links(self) -> None:
        """Writes what `record` linked: before anybody asks who holds what, and at the end."""
        links, self._links = self._links, {}
        by_subject: defaultdict[SubjectId, list[dict[str, Any]]] = defaultdict(list)
        for (_, subject), row in links.items():
            by_subject[subject].append(row)
        for subject, rows in by_subject.items():
            links_store.add_links(self._entry_of(subject), rows)

    def _new_link(
        self, subject: SubjectId, identifier: IdentifierId, name: Named, strength: str
    ) -> dict[str, Any]:
        link = new_id()
        place = Place("identifier_links", "sealed", link)
        return {
            "id": link,
            "identifier_id": identifier,
            "subject_id": subject,
            "system_id": self._system,
            "strength": strength,
            "sealed": seal(self.keys_of(subject).content, name.value.encode(), place),
            "capacity": "consumer",
            "created_at": self._unit.now,
        }

    def keys_of(self, subject: SubjectId) -> SubjectKeys:
        known = self.keys.get(subject)
        if known is None:
            opened = open_keys(self._unit.connection, self._keyring, [subject])[subject]
            if opened.content is None or opened.proof is None:
                raise NotFound("unknown_subject", "This person was erased.")
            known = self.keys[subject] = SubjectKeys(opened.content, opened.proof)
        return known
