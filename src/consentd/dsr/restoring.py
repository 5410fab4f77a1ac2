"""After a restore: what the backup forgot of withdrawals, objections, restrictions, erasures and destroyed
copies, done again.

Upholds promise 5 across a restore, and GDPR 17: the service does not serve before (docs/erasure.md). The stop
journal lies outside the database and is newer than the backup. A line was lost where the log does not have
its entry and it is as new as the newest entry, or newer; an older one without an entry is an attempt that
was repeated, or undone. All lines are done again in one unit, whose entries are newer than they: so a kill in
between leaves all of it to be done, and once done nothing is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.consent.erasure import erase
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents, RecordObjection
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr.copying import destroyed
from consentd.evidence import journal
from consentd.evidence import service as evidence
from consentd.evidence.checkpoint import parse
from consentd.evidence.journal import Stop, StopKind, identifier_mac, subject_mac
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unavailable
from consentd.kernel.ids import BatchId, SubjectId
from consentd.kernel.instants import MINUTE, to_text
from consentd.subjects import restricting
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import Identifier, SubjectNamed
from consentd.subjects.spelling import Named

_SKEW = MINUTE
"""By how much the clocks of two processes may differ."""
_SLICE = 500


class Replayed(msgspec.Struct, frozen=True):
    """What was done again."""

    lines: int
    erased: int
    withdrawn: int
    objected: int
    restricted: int
    copies: int
    nobody: int
    """Lines about people or copies that the backup does not know, or that were done already."""


def lost(connection: Any, keyring: Keyring, path: Path) -> list[Stop]:
    """The stops that this database has forgotten, in their order. Reads the journal from its end, and no
    further than it must. Any: a database connection.
    """
    newest = evidence.newest_entry_at(connection)
    if newest is None:
        return []
    candidates = [
        stop
        for content in _tail(path, newest - _SKEW)
        if (stop := journal.read_line(keyring, content)) is not None and stop.at >= newest - _SKEW
    ]
    known = evidence.known_entries(connection, [stop.entry for stop in candidates])
    return [stop for stop in reversed(candidates) if stop.entry not in known]


def _tail(path: Path, since: int) -> Iterator[bytes]:
    """Lines from the last one back, until one that is certainly older."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        end = len(content)
        while end > 0:
            start = content.rfind(b"\n", 0, end - 1) + 1
            line = content[start:end]
            yield line
            # Lines of several processes are not quite in the order of their clocks.
            if (at := _at(line)) is not None and at < since - 10 * _SKEW:
                return
            end = start


def _at(line: bytes) -> int | None:
    try:
        return msgspec.json.decode(line, type=_At).at
    except msgspec.MsgspecError:
        return None


class _At(msgspec.Struct):
    at: int


def behind(connection: Any, keyring: Keyring, origin: str | None, note: str | None) -> bool:
    """Whether the log is shorter than what was signed: the database was put back. `note`: the checkpoint
    outside, read before this is asked. Any: a database connection. Raises Tampered.
    """
    if origin is None or note is None:
        return False
    return evidence.status(connection).size < parse(note, origin, keyring.public_keys("log")).size


def require_replayed(
    connection: Any, keyring: Keyring, origin: str | None, note: str | None, path: Path
) -> None:
    """Raises Unavailable where stops are to be done again first. Any: a database connection.

    Where the log is as long as was signed, a line without its entry is one of this moment, or was cut off
    by a crash before it was acknowledged.
    """
    if behind(connection, keyring, origin, note) and (stops := lost(connection, keyring, path)):
        raise Unavailable(
            "restore_not_replayed",
            f"The database is older than the stop journal beside it: {len(stops)} withdrawals, objections, "
            "restrictions, erasures or destroyed copies are in the journal and not in the database, as after "
            "a restore from a backup. Run `consentd restore replay`, which does them again; nothing is "
            "served before.",
        )


def replay(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, path: Path, checkpoint: str | None
) -> Replayed:
    """Does again what was lost, in this one unit. `checkpoint`: the last one that was signed before."""
    stops = lost(unit.connection, keyring, path)
    done: Counter[str] = Counter()
    again = _Again(unit, keyring, compiled)
    for stop in stops:
        done[stop.kind if again.do(stop) else "nobody"] += 1
    entry = begin(
        unit, keyring, action="restore.replayed", actor=OPERATOR, key=keyring.audit(), policy=compiled.hash
    )
    told = Replayed(
        lines=len(stops),
        erased=done[StopKind.ERASED],
        withdrawn=done[StopKind.WITHDRAWN],
        objected=done[StopKind.OBJECTED],
        restricted=done[StopKind.RESTRICTED],
        copies=done[StopKind.COPY_DESTROYED],
        nobody=done["nobody"],
    )
    entry.close({**msgspec.to_builtins(told), "checkpoint_before": checkpoint})
    return told


class _Again:
    def __init__(self, unit: Unit, keyring: Keyring, compiled: CompiledPolicy) -> None:
        self._unit = unit
        self._keyring = keyring
        self._compiled = compiled
        everyone = subjects.live_subjects(unit.connection)
        self._by_mac = {subject_mac(keyring, one): one for one in everyone}
        self._holders: dict[tuple[str, str], set[SubjectId]] | None = None

    def do(self, stop: Stop) -> bool:
        """Whether there was anybody to do it for."""
        if stop.kind is StopKind.COPY_DESTROYED:
            return destroyed.again(self._unit, self._keyring, self._compiled, stop)
        people = self._people(stop)
        for person in people:
            match stop.kind:
                case StopKind.ERASED:
                    erase(
                        self._unit,
                        self._keyring,
                        self._compiled,
                        OPERATOR,
                        person.members[0],
                        keep_suppression=stop.suppress,
                    )
                case StopKind.RESTRICTED:
                    ground = stop.ground or "restriction"
                    restricting.restrict(
                        self._unit, self._keyring, OPERATOR, person, self._compiled.hash, ground=ground
                    )
                case StopKind.OBJECTED:
                    self._object(stop, person)
                case StopKind.WITHDRAWN:
                    self._withdraw(stop, person)
        return bool(people)

    def _people(self, stop: Stop) -> list[Known]:
        """Those whom the line names. A stop that only restricts counts for whoever holds its identifiers too,
        where the backup does not know the one it was about; nobody is erased for that.
        """
        named = [self._by_mac[mac] for mac in {stop.subject, *stop.members} if mac in self._by_mac]
        if not named and stop.kind is not StopKind.ERASED:
            found = self._by_identifier()
            named = [one for pair in stop.identifiers for one in found.get(pair, ())]
        return subjects.lock_present(self._unit, sorted(set(named)))

    def _by_identifier(self) -> dict[tuple[str, str], set[SubjectId]]:
        """By the journal's name of each identifier, who holds it. Opens everybody's, once."""
        if self._holders is None:
            holders: defaultdict[tuple[str, str], set[SubjectId]] = defaultdict(set)
            for one in self._by_mac.values():
                for name in self._names([one]):
                    holders[name.scheme, identifier_mac(self._keyring, name.scheme, name.value)].add(one)
            self._holders = holders
        return self._holders

    def _names(self, members: list[SubjectId]) -> list[Named]:
        return [one.named for one in subjects.contacts_of(self._unit.connection, self._keyring, members)]

    def _object(self, stop: Stop, person: Known) -> None:
        act, resolution, point = self._begun(stop, person, "objection.recorded")
        request = RecordObjection(
            subject=SubjectNamed(()),
            ground="particular" if stop.ground == "particular" else "marketing",
            purposes=(stop.purpose,) if stop.purpose else (),
            channels=(stop.channel,) if stop.channel else (),
            contact_point=point,
            occurred_at=to_text(stop.since),
            method="restore",
        )
        record_objection(act, request, ZoneInfo("UTC"), resolution)
        act.close()

    def _withdraw(self, stop: Stop, person: Known) -> None:
        if stop.purpose not in self._compiled.purposes or stop.channel not in self._compiled.channels:
            return
        act, resolution, point = self._begun(stop, person, "consent.withdrawn")
        event = ConsentEvent(
            purpose=stop.purpose,
            channel=stop.channel,
            state="withdrawn",
            occurred_at=to_text(stop.since),
            contact_point=point,
            method="restore",
        )
        record(act, self._compiled, RecordConsents(SubjectNamed(()), (event,)), ZoneInfo("UTC"), resolution)
        act.close()

    def _begun(self, stop: Stop, person: Known, action: str) -> tuple[Act, Resolution, Identifier | None]:
        """The contact detail is the person's own; one that the backup does not know means the channel."""
        act = Act(
            self._unit,
            self._keyring,
            self._compiled.policy,
            BatchId(new_id()),
            action=action,
            caller=None,
            actor=OPERATOR,
        )
        names = self._names(list(person.members))
        everyone = act.everyone(names)
        point = next(
            (
                Identifier(name.scheme, name.value)
                for name in names
                if stop.contact_point == (name.scheme, identifier_mac(self._keyring, name.scheme, name.value))
            ),
            None,
        )
        return act, Resolution(everyone.named, (person,), everyone.holders), point


def set_aside(path: Path, at: int) -> Path | None:
    """Moves the checkpoint of before away, so that the log goes on: kept, because it is evidence of what the
    restore lost. None where there is none.
    """
    if not path.exists():
        return None
    when = to_text(at).replace(":", "").replace("-", "")
    kept = path.with_name(f"{path.name}.before-restore-{when}")
    path.rename(kept)
    return kept
