"""One recording act: what every call that writes about a person has in common.

It runs inside one unit: resolves the person, opens one audit entry per person (promise 3), gives the
system's own event ids one effect for ever and the Idempotency-Key one effect for its days (promise 2), and
writes the stop journal's lines.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from consentd.callers.model import Caller
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.subject_keys import SubjectKeys, open_keys
from consentd.db.unit import Unit
from consentd.evidence.journal import StopKind, line
from consentd.evidence.model import Actor
from consentd.evidence.recorder import Entry, begin, close_all
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import Conflict, Forbidden
from consentd.kernel.ids import BatchId, IdentifierId, SubjectId
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy
from consentd.subjects import candidates, links_store, naming, reported_store, store
from consentd.subjects.ahead import Ahead, Around
from consentd.subjects.erased import Hits
from consentd.subjects.facts import Payload
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import Name, SubjectNamed, spell
from consentd.subjects.resolving import Resolver
from consentd.subjects.spelling import Named


class Act:
    """`batch` numbers all that this act writes; it is also the number of its receipt."""

    def __init__(
        self,
        unit: Unit,
        keyring: Keyring,
        policy: Policy,
        batch: BatchId,
        *,
        action: str,
        caller: Caller | None,
        actor: Actor,
        ahead: Ahead | None = None,
        known_erased: Hits | None = None,
    ) -> None:
        self.unit = unit
        self.keyring = keyring
        self.policy = policy
        self.batch = batch
        self.caller = caller
        self._action = action
        self._actor = actor
        system = caller.system_id if caller else None
        self._resolver = Resolver(unit, keyring, policy, system, self.entry, ahead, known_erased)
        self._entries: dict[SubjectId, tuple[Entry, dict[str, Any]]] = {}
        self._last: tuple[SubjectId, tuple[Entry, dict[str, Any]]] | None = None
        """The subject whose entry was asked for last, and that: most acts are about one."""
        self._told: dict[str, tuple[bytes, bytes]] = {}
        self._reported: list[reported_store.Row] = []
        self._scattered: tuple[object, str] = (None, "")
        self.told_facts: dict[SubjectId, list[Payload]] = {}
        """All facts of those about whom this act told one."""
        self.new: Mapping[str, bytes] = MappingProxyType({})
        """Event ids that are known not to be on record, with their keyed hashes: `already` need not look for
        them. They are numbers made of the content itself, which so cannot differ.
        """

    def resolve(
        self, subject: SubjectNamed, points: Sequence[Named] = (), *, restricts: bool = False
    ) -> Resolution:
        """The people meant by `subject` and by the contact points that its events name; made if need be."""
        names = [*self._names(subject), *points]
        resolution = self._resolver.resolve(names, subject.territory, restricts=restricts)
        renamed = resolution.certain and self._describe(resolution, subject)
        candidates.note(self.unit, self.keyring, self.policy, resolution, renamed=renamed)
        return resolution

    def record(self, subject: SubjectNamed, names: Sequence[Named]) -> tuple[Resolution, bool]:
        """The one record that this system keeps under these identifiers, made if need be, and whether it now
        holds one that others hold too (`consent.joining` then says who it belongs to).

        `names`: the subject's identifiers, spelled.
        """
        return self._resolver.record(names, subject.territory, naming.name_of(subject.name))

    @property
    def around(self) -> Around | None:
        """Beside whom `record` made one, where all about them was looked up ahead."""
        return self._resolver.around

    def describe(self, resolution: Resolution, subject: SubjectNamed) -> None:
        """Territory and name of a record that was known before."""
        self._describe(resolution, subject)

    def find(self, subject: SubjectNamed, points: Sequence[Named] = ()) -> Resolution:
        """The same among people on record; nobody is made, linked or described."""
        return self._resolver.find([*self._names(subject), *points])

    def everyone(self, named: Sequence[Named]) -> Resolution:
        """Everyone on record who holds any of these identifiers, locked; who is meant is left open."""
        return self._resolver.everyone(named)

    def _names(self, subject: SubjectNamed) -> list[Named]:
        return [
            spell(self.policy, identifier, subject.territory, f"/subject/identifiers/{index}")
            for index, identifier in enumerate(subject.identifiers)
        ]

    def _describe(self, resolution: Resolution, subject: SubjectNamed) -> bool:
        """Notes what the call says of its one person. True where they bear a name that is new."""
        person = resolution.people[0]
        writer = resolution.writer_of(person)
        if subject.territory and subject.territory != person.territory:
            store.set_territory(self.entry(writer), writer, subject.territory)
            self.detail(writer)["territory"] = subject.territory
        name = naming.name_of(subject.name)
        return name is not None and self._name(writer, name, known=not person.created)

    def _name(self, subject: SubjectId, name: Name, *, known: bool) -> bool:
        content = self._resolver.keys_of(subject).content
        sealed = store.sealed_names(self.unit.connection, [subject]).get(subject) if known else None
        before = naming.open_names(content, subject, sealed)
        names = naming.with_name(before, self.caller.system_id if self.caller else None, name)
        if names == before:
            return False
        store.set_name(self.entry(subject), subject, naming.seal_names(content, subject, names))
        self.detail(subject)["name"] = "set"
        return True

    def verify(self, resolution: Resolution, person: Known, point: IdentifierId, at: Instant) -> None:
        """Notes that this person proved, at this instant, that a contact detail is theirs. The first proof
        stays.
        """
        for holder in sorted(resolution.holders[point] & set(person.members)):
            noted = self._resolver.noted_link(point, holder)
            if noted is not None:
                first = min(at, noted.get("verified_at") or at)
                noted |= {"strength": "verified", "verified_at": first}
                continue
            before = links_store.verified_before(self.unit.connection, point, holder)
            if before is None or at < before:
                links_store.set_verified(self.entry(holder), point, holder, at)

    def write_links(self) -> None:
        """Writes the links of a record, which wait until the end: before anything asks who holds what."""
        self._resolver.write_links()

    def put_into_link(self, point: IdentifierId, holder: SubjectId, values: Mapping[str, Any]) -> None:
        """Changes what is known of a contact detail as this subject has it."""
        noted = self._resolver.noted_link(point, holder)
        if noted is not None:
            noted |= values
        else:
            links_store.change_link(self.entry(holder), point, holder, values)

    def entry(self, subject: SubjectId) -> Entry:
        return self._opened(subject)[0]

    def detail(self, subject: SubjectId) -> dict[str, Any]:
        """What the entry about `subject` will say, sealed, beyond the rows that it lists."""
        return self._opened(subject)[1]

    def _opened(self, subject: SubjectId) -> tuple[Entry, dict[str, Any]]:
        if self._last is not None and subject is self._last[0]:
            return self._last[1]
        if subject not in self._entries:
            entry = begin(
                self.unit,
                self.keyring,
                action=self._action,
                actor=self._actor,
                subject_id=subject,
                key=self._resolver.keys_of(subject).proof,
                policy=self.policy.hash,
            )
            self._entries[subject] = entry, {"batch": str(self.batch)}
        self._last = subject, self._entries[subject]
        return self._last[1]

    def seal_proof(self, subject: SubjectId, table: str, row: UUID, content: object) -> tuple[UUID, bytes]:
        key = self._resolver.keys_of(subject).proof
        return key.id, seal(key, canonical(content), Place(table, "sealed", row))

    def seal_content(self, subject: SubjectId, table: str, row: UUID, content: bytes) -> tuple[UUID, bytes]:
        key = self._resolver.keys_of(subject).content
        return key.id, seal(key, content, Place(table, "sealed", row))

    def keys_of(self, subject: SubjectId) -> SubjectKeys:
        return self._resolver.keys_of(subject)

    def open_proof(self, row: Any, table: str) -> dict[str, Any]:  # Any: a row mapping
        """The sealed part of an event's row; empty where the person was erased since."""
        subject = row["subject_id"]
        proof = open_keys(self.unit.connection, self.keyring, [subject])[subject].proof
        if proof is None:
            return {}
        found: dict[str, Any] = msgspec.json.decode(
            unseal(proof, row["sealed"], Place(table, "sealed", row["id"]))
        )
        return found

    def scattering(self, resolution: Resolution, person: Known) -> dict[str, Any]:
        """The columns by which a row written while people are merged finds its owner after an unmerge."""
        if self._scattered[0] is not resolution.named:
            self._scattered = resolution.named, canonical(sorted(resolution.named)).decode()
        named = self._scattered[1]
        if len(person.members) == 1:
            return {"named": named, "members": None, "holders": None}
        return {
            "named": named,
            "members": canonical(sorted(person.members)).decode(),
            "holders": canonical(sorted(resolution.holding(person))).decode(),
        }

    def already(self, source_event_id: str | None, content: object) -> reported_store.Reported | None:
        """What this system's event did, if it was reported before. Raises Conflict if its content differs."""
        if source_event_id is None or self.caller is None:
            return None
        if (new := self.new.get(source_event_id)) is not None:
            self._told[source_event_id] = new, new
            return None
        source = self.keyring.digest("source-event", source_event_id.encode())
        told = self.keyring.digest("source-content", canonical(msgspec.to_builtins(content)))
        self._told[source_event_id] = source, told
        found = reported_store.reported(self.unit.connection, self.caller.system_id, source)
        if found is not None and found.content != told:
            raise Conflict(
                "source_event_conflict",
                "This system reported another event under the same source_event_id. Give each event a number "
                "of its own; to correct one, report a new event.",
            )
        return found

    def report(self, source_event_id: str | None, rows: Sequence[UUID]) -> None:
        """Notes what an event that was asked about with `already` did."""
        if source_event_id is None or self.caller is None:
            return
        source, told = self._told[source_event_id]
        self._reported.append(
            reported_store.reported_row(self.caller.system_id, source, told, self.batch, rows)
        )

    def stop(
        self,
        kind: StopKind,
        subject: SubjectId,
        identifiers: Sequence[Named],
        *,
        purpose: str | None,
        channel: str | None,
        contact_point: Named | None,
        since: int,
        ground: str | None = None,
    ) -> None:
        """Notes a withdrawal, objection or restriction for the stop journal."""
        self.unit.stops.append(
            line(
                self.keyring,
                kind=kind,
                at=self.unit.now,
                subject=subject,
                identifiers=[(name.scheme, name.value) for name in identifiers],
                purpose=purpose,
                channel=channel,
                contact_point=(contact_point.scheme, contact_point.value) if contact_point else None,
                since=Instant(since),
                ground=ground,
                entry=self.entry(subject).id,
            )
        )

    def close(self) -> list[UUID]:
        """Appends the entries, and what systems reported. Returns the entries' ids."""
        self.write_links()
        reported_store.add_reported(self.unit, self._reported)
        self._reported = []
        close_all(self.unit, self._entries.values())
        return [entry.id for entry, _ in self._entries.values()]


def not_reported(unit: Unit, keyring: Keyring, caller: Caller, ids: Sequence[str]) -> dict[str, bytes]:
    """Those of these events that the system never reported, with their keyed hashes."""
    if not ids:
        return {}
    digests = dict(zip(ids, keyring.digests("source-event", [one.encode() for one in ids]), strict=True))
    known = set(reported_store.known(unit.connection, caller.system_id, list(digests.values())))
    return {one: digest for one, digest in digests.items() if digest not in known}


def check_limits(caller: Caller, purpose: str, channel: str, pointer: str) -> None:
    """Raises Forbidden if this system was not given the purpose or the channel."""
    if not caller.may_use(purpose, channel):
        raise Forbidden(
            "outside_limits",
            "This system may not act for this purpose by this channel: it was registered with other purposes "
            "or channels. Ask whoever runs consentd.",
            errors=[{"pointer": pointer, "code": "outside_limits", "detail": "not given to this system"}],
        )
