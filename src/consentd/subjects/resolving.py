"""Finding, locking, making and linking the people that one call names (docs/data.md)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal
from consentd.crypto.subject_keys import SubjectKeys, create_subject_keys, open_keys
from consentd.db.unit import Unit
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId, SystemId
from consentd.kernel.policy import Policy
from consentd.subjects import store, suppression_store
from consentd.subjects.linking import Hint, Meant, meant
from consentd.subjects.model import Known, Resolution
from consentd.subjects.spelling import Named


class Resolver:
    """Resolves identifiers inside one unit. After `resolve`, every row it depends on is locked."""

    def __init__(self, unit: Unit, keyring: Keyring, policy: Policy, system: SystemId | None) -> None:
        self._unit = unit
        self._keyring = keyring
        self._policy = policy
        self._system = system
        self.keys: dict[SubjectId, SubjectKeys] = {}

    def resolve(
        self, named: Sequence[Named], territory: str | None, *, bind: Collection[Named] = ()
    ) -> Resolution:
        """Who is meant; somebody new is created, what is unknown is linked to the one who is certain.

        `bind`: contact points that a restriction names. Where nobody can tell whose they are, they are tied
        to everyone meant: a no must not get lost for want of an owner.
        """
        ids, holdings = self._lock(list(dict.fromkeys(named)))
        groups = {row.group for row in holdings if row.group is not None}
        known = self._people(groups)
        holders: dict[IdentifierId, set[SubjectId]] = {id_: set() for id_ in ids}
        owners: dict[IdentifierId, set[GroupId]] = {id_: set() for id_ in ids}
        for row in holdings:
            if row.subject is not None and row.group in known:
                holders[row.id].add(row.subject)
                owners[row.id].add(row.group)
        outcome = self._meant(ids, owners)
        if outcome.people:
            people = [known[GroupId(group)] for group in outcome.people]
        else:
            people = [self._create(territory)]
        if len(people) == 1:
            link = [id_ for id_ in ids if not holders[id_] & set(people[0].members)]
            strength = "asserted"
        else:
            link = [id_ for id_, name in ids.items() if name in bind and not holders[id_]]
            strength = "weak"
        resolution = Resolution(ids, tuple(people), {k: frozenset(v) for k, v in holders.items()})
        for person in people:
            self._link(resolution.writer_of(person), {id_: ids[id_] for id_ in link}, strength)
        for id_ in link:
            holders[id_].update(resolution.writer_of(person) for person in people)
        self._note_candidates(outcome, people)
        return Resolution(ids, tuple(people), {k: frozenset(v) for k, v in holders.items()})

    def _lock(self, named: Sequence[Named]) -> tuple[dict[IdentifierId, Named], list[store.Holding]]:
        digests: dict[bytes, Named] = {}
        newest: dict[Named, tuple[int, bytes]] = {}
        for name in named:
            versions = self._keyring.blind_index(name.scheme, name.value)
            newest[name] = versions[0]
            digests.update((digest, name) for _version, digest in versions)
        wanted = {digest: name.scheme for digest, name in digests.items()}
        found = store.holdings(self._unit.connection, wanted, lock=True)
        missing = set(named) - {digests[row.digest] for row in found}
        if missing:
            rows = [
                {
                    "id": new_id(),
                    "scheme": name.scheme,
                    "key_version": newest[name][0],
                    "blind_index": newest[name][1],
                    "created_at": self._unit.now,
                }
                for name in missing
            ]
            store.add_identifiers(self._unit, rows)
            found = store.holdings(self._unit.connection, wanted, lock=True)
            for row in found:
                if (name := digests[row.digest]) in missing:
                    digests_on_list = [
                        d for _, d in self._keyring.suppression_digest(name.scheme, name.value)
                    ]
                    suppression_store.adopt_suppressions(self._unit, row.id, name.scheme, digests_on_list)
        return {row.id: digests[row.digest] for row in found}, found

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
        accounts: defaultdict[GroupId, defaultdict[str, set[IdentifierId]]] = defaultdict(
            lambda: defaultdict(set)
        )
        if unknown and everyone:
            for row in store.accounts_of(self._unit.connection, everyone, unknown):
                accounts[row.group_id][row.scheme].add(row.id)
        return meant(hints, {g: {s: frozenset(i) for s, i in held.items()} for g, held in accounts.items()})

    def _create(self, territory: str | None) -> Known:
        subject = SubjectId(new_id())
        store.add_subject(self._unit, subject, territory)
        self.keys[subject] = create_subject_keys(self._unit, self._keyring, subject)
        return Known(GroupId(subject), (subject,), territory, created=True)

    def _link(self, subject: SubjectId, named: Mapping[IdentifierId, Named], strength: str) -> None:
        if not named:
            return
        content = self.keys_of(subject).content
        rows = []
        for identifier, name in named.items():
            link = new_id()
            place = Place("identifier_links", "sealed", link)
            rows.append(
                {
                    "id": link,
                    "identifier_id": identifier,
                    "subject_id": subject,
                    "system_id": self._system,
                    "strength": strength,
                    "sealed": seal(content, canonical([name.scheme, name.value]), place),
                    "capacity": "consumer",
                    "created_at": self._unit.now,
                }
            )
        store.add_links(self._unit, rows)

    def keys_of(self, subject: SubjectId) -> SubjectKeys:
        known = self.keys.get(subject)
        if known is None:
            opened = open_keys(self._unit.connection, self._keyring, [subject])[subject]
            if opened.content is None or opened.proof is None:
                raise NotFound("unknown_subject", "This person was erased.")
            known = self.keys[subject] = SubjectKeys(opened.content, opened.proof)
        return known

    def _note_candidates(self, outcome: Meant, people: Sequence[Known]) -> None:
        if outcome.reason is None:
            return
        suspects = sorted({*outcome.suspects, *(person.group for person in people)})
        first, others = suspects[0], suspects[1:6]
        if len(people) == 1:
            first = people[0].group
            others = [suspect for suspect in suspects if suspect != first][:5]
        rows = [
            {
                "id": new_id(),
                "subject_a": min(first, other),
                "subject_b": max(first, other),
                "reason": outcome.reason,
                "identifier_ids": "[]",
                "status": "open",
                "created_at": self._unit.now,
            }
            for other in others
        ]
        store.add_candidates(self._unit, rows)
