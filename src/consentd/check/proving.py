"""Why was this person contacted that day? What was consented, shown, decided and attempted, with its proofs.

Upholds promises 8 (it is logged before it is told), 9 (each statement names its entry in the log, with the
proof that it is in it) and 13 (a contact detail that nobody holds is told like an erased one).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.callers.service import list_systems
from consentd.check import proof_store
from consentd.check.answers import ReasonTold, told
from consentd.check.proof_asked import ProofAsked, channels_of, day_of
from consentd.check.then import Past, decided, past_of
from consentd.consent.dossier import choices_of
from consentd.consent.views import HistoryEvent
from consentd.crypto.keyring import Keyring
from consentd.evidence import checkpoint
from consentd.evidence import service as log
from consentd.kernel.case import Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import Instant, to_text
from consentd.policy.service import PolicyBook
from consentd.subjects import service as subjects
from consentd.subjects.requests import Identifier, spell

May = Callable[[str | None, str | None], bool]


class InLog(msgspec.Struct, frozen=True):
    """Where the log holds it; `proof` is null while the entry waits to be sequenced."""

    entry_id: UUID
    proof: dict[str, Any] | None
    """RFC 9162 §2.1.3, as GET /v1/log/proofs/inclusion tells it."""


class Verdict(msgspec.Struct, frozen=True):
    """What the service answers for that instant: made again from what was on record by then."""

    at: str
    purpose: str
    channel: str
    allow: bool
    reasons: tuple[ReasonTold, ...]
    cites: tuple[str, ...]
    basis: str | None
    policy: str


class ChoiceProved(msgspec.Struct, frozen=True):
    event: HistoryEvent
    system: str | None
    wording: str | None
    """The words that were agreed to, where the evidence holds them."""
    log: InLog


class ObjectionProved(msgspec.Struct, frozen=True):
    purpose: str | None
    channel: str | None
    ground: str
    since: str
    recorded_at: str
    log: InLog


class ContactMade(msgspec.Struct, frozen=True):
    """An attempt that a system reported."""

    at: str
    purpose: str
    channel: str
    outcome: str
    system: str | None
    decision_id: UUID | None
    verdict: Verdict | None
    """Null before any policy was in force."""
    log: InLog


class PersonProved(msgspec.Struct, frozen=True):
    subject_id: UUID
    choices: tuple[ChoiceProved, ...]
    """All that had arrived by the end of the day, oldest first."""
    objections: tuple[ObjectionProved, ...]


class ContactProof(msgspec.Struct, frozen=True):
    controller: str
    contact_point: Identifier
    on: str
    zone: str
    made_at: str
    people: tuple[PersonProved, ...]
    """Everyone who holds the contact detail."""
    contacts: tuple[ContactMade, ...]
    """What was reported of that day at this contact detail, or at none that was said. None: no system
    reported a contact, which does not prove that there was none."""
    verdicts: tuple[Verdict, ...]
    """At noon of that day by the company's clocks, or now where noon is still to come; for each purpose and
    channel of which anything is on record."""
    checkpoint: str | None
    """The signed note that the proofs lead to."""
    log_key: str


def prove(
    connection: Any,
    keyring: Keyring,
    policies: PolicyBook,
    asked: ProofAsked,
    language: str,
    now: Instant,
    may: May = lambda purpose, channel: True,
) -> tuple[list[SubjectId], ContactProof]:
    """Any: a database connection. Whom it is about, and the proof. Raises NotFound where nobody holds it.

    `may`: whether whoever asks was given a purpose and a channel (None: any of them); nothing is told of
    others.
    """
    compiled = policies.active(connection)
    policy = compiled.policy
    zone = ZoneInfo(policy.controller.zone)
    day = day_of(asked.on, zone, now)
    name = spell(policy, asked.contact_point, asked.territory, "/contact_point")
    channels = channels_of(policy, name)
    people = subjects.look_up(connection, keyring, policy, [asked.contact_point], asked.territory)
    point = subjects.held(connection, keyring, name)
    if not people or point is None:
        raise NotFound("unknown_subject", "Nobody is on record under this contact detail.")
    members = [member for person in people for member in person.members]
    attempts = proof_store.attempts_on(connection, members, point.id, day.end)
    reserved = proof_store.reservations_on(connection, members, point.id)
    past = past_of(connection, keyring, point, people, attempts, reserved)
    writing = _Writing(connection, policies, past, language, may)
    proof = ContactProof(
        policy.controller.name,
        asked.contact_point,
        asked.on,
        zone.key,
        to_text(now),
        tuple(writing.person(keyring, number, day.end) for number in range(len(people))),
        tuple(
            writing.contact(row)
            for row in attempts
            if row["happened"] >= day.start
            and may(row["purpose"], row["channel"])
            # Others count as attempts at the person, and were made at another detail.
            and (row["contact_point_id"] == point.id or _unsaid(row, channels))
        ),
        writing.verdicts([pair for pair in _asked_about(past, channels) if may(*pair)], min(day.noon, now)),
        writing.checkpoint,
        checkpoint.vkey(policy.controller.log_origin, keyring.signer("log").public),
    )
    return [person.id for person in people], proof


class _Writing:
    """Puts what was found into words, and each statement beside its entry in the log."""

    def __init__(
        self,
        connection: Any,
        policies: PolicyBook,
        past: Past,
        language: str,
        may: May,
    ) -> None:
        self._connection = connection
        self._policies = policies
        self._past = past
        self._language = language
        self._may = may
        self._systems = {one.system.id: one.system.name for one in list_systems(connection)}
        latest = log.latest_checkpoint(connection)
        self.checkpoint = latest.note if latest else None
        self._size = latest.size if latest else 0

    def person(self, keyring: Keyring, number: int, until: Instant) -> PersonProved:
        found = self._past.people[number]
        events = self._past.events[number].until(until)
        return PersonProved(
            found.id,
            tuple(
                ChoiceProved(
                    choice.event,
                    self._system(choice.row["system_id"]),
                    choice.wording,
                    self._log(choice.row["entry_id"]),
                )
                for choice in choices_of(
                    self._connection,
                    keyring,
                    [row for row in events.choices if self._may(row["purpose"], row["channel"])],
                )
            ),
            tuple(
                ObjectionProved(
                    row["purpose"],
                    row["channel"],
                    row["ground"],
                    to_text(row["effective"]),
                    to_text(row["arrived"]),
                    self._log(row["entry_id"]),
                )
                for row in events.objections
                if self._may(row["purpose"], row["channel"])
            ),
        )

    def contact(self, row: Any) -> ContactMade:  # Any: a row
        return ContactMade(
            to_text(row["happened"]),
            row["purpose"],
            row["channel"],
            row["outcome"],
            self._system(row["system_id"]),
            row["decision_id"],
            self._verdict(row["purpose"], row["channel"], Instant(row["happened"]), row),
            self._log(row["entry_id"]),
        )

    def verdicts(self, pairs: Iterable[tuple[str, str]], at: Instant) -> tuple[Verdict, ...]:
        made = (self._verdict(purpose, channel, at) for purpose, channel in pairs)
        return tuple(verdict for verdict in made if verdict is not None)

    def _verdict(self, purpose: str, channel: str, at: Instant, made: Any = None) -> Verdict | None:
        compiled: CompiledPolicy | None = self._policies.at(self._connection, at)
        if compiled is None:
            return None
        decision = decided(compiled, self._past, Question(purpose, channel, at), made)
        reasons, cites = told(decision.reasons, True, self._language)
        return Verdict(
            to_text(at), purpose, channel, decision.allow, reasons, cites, decision.basis, decision.policy
        )

    def _system(self, id_: Any) -> str | None:
        return self._systems.get(id_)

    def _log(self, entry: Any) -> InLog:
        """Proven by the checkpoint that is told: the log may grow while this is written."""
        index = log.index_of(self._connection, entry)
        if index is None or index >= self._size:
            return InLog(entry, None)
        return InLog(entry, log.inclusion_proof(self._connection, index, self._size).to_json())


def _unsaid(row: Any, channels: set[str]) -> bool:  # Any: a row
    """Whether it was made by a channel of the contact detail, and nobody said at which."""
    return row["contact_point_id"] is None and row["channel"] in channels


def _asked_about(past: Past, channels: set[str]) -> Sequence[tuple[str, str]]:
    """Purpose × channel of which anything is on record, by the channels of the contact detail."""
    pairs = {
        (row["purpose"], row["channel"])
        for rows in (*(events.choices for events in past.events), past.attempts)
        for row in rows
    }
    return sorted(pair for pair in pairs if pair[1] in channels)
