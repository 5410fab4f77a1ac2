"""Erasing a person: what goes at once, what the law orders kept, and until when (GDPR 17, docs/law.md 30).

Upholds promise 10. The certificate says what was destroyed and what stays, with its end date; it names
nobody. An objection that stood goes on as entries of the do-not-contact list; a suppression beyond
that is kept only if the person asked for it (docs/law.md 4).
"""

from collections import defaultdict
from uuid import UUID

import msgspec

from consentd.consent import store
from consentd.consent.events import counting
from consentd.consent.rebuilding import folded
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import destroy_proof, restrict_proof
from consentd.db.unit import Unit
from consentd.evidence.journal import StopKind, line
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import NOBODY, IdentifierId, SubjectId
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.proof import proof_until
from consentd.kernel.states import GRANTS, NOES, ConsentState, Ground
from consentd.subjects import service as subjects
from consentd.subjects.model import Known
from consentd.subjects.shredding import Stop, shred, suppress


class Kept(msgspec.Struct, frozen=True):
    what: str
    because: str
    until: str | None


class Certificate(msgspec.Struct, frozen=True):
    """What an erasure did. Holds no personal data, so that it may be handed to anyone."""

    entry_id: UUID
    erased_at: str
    subjects: tuple[UUID, ...]
    identifiers_removed: int
    suppressions_added: int
    kept: tuple[Kept, ...]


def erase(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    actor: Actor,
    subject: SubjectId,
    *,
    keep_suppression: bool,
) -> Certificate:
    """Erases the whole person that `subject` belongs to. Raises NotFound for unknown and erased people."""
    person = subjects.lock_people(unit, [subject])[0]
    contacts = subjects.contacts_of(unit.connection, keyring, person.members)
    stops = _stops(unit, person, keep_suppression=keep_suppression)
    schemes = {scheme for channel in compiled.channels.values() for scheme in channel.schemes}
    suppressed = suppress(unit, keyring, contacts, schemes, stops)
    purge_at = _proof_duty(unit, compiled, person)
    removed = shred(unit, person.members)
    store.forget_states(unit, [person.group])
    kept = [Kept("the verifiable log, which names nobody", "GDPR 5(2)", None)]
    if purge_at is None:
        destroy_proof(unit, person.members)
    else:
        for member in person.members:
            restrict_proof(unit, member, unit.now, purge_at)
        kept.append(
            Kept("proof of consent and of its uses, sealed", "GDPR 7(1), 17(3)(b)", to_text(purge_at))
        )
    if stops:
        kept.append(Kept("do-not-contact list: keyed hashes of the contact details", "GDPR 21(3)", None))
    # Under the audit key: the person's own keys may be gone, and nothing in it is about them.
    entry = begin(
        unit,
        action="subject.erased",
        actor=actor,
        subject_id=subject,
        key=keyring.audit(),
        policy=compiled.hash,
    )
    certificate = Certificate(
        entry_id=entry.id,
        erased_at=to_text(unit.now),
        subjects=tuple(person.members),
        identifiers_removed=removed,
        suppressions_added=suppressed,
        kept=tuple(kept),
    )
    unit.stops.append(
        line(
            keyring,
            kind=StopKind.ERASED,
            at=unit.now,
            subject=subject,
            identifiers=[(contact.named.scheme, contact.named.value) for contact in contacts],
            purpose=None,
            channel=None,
            entry=entry.id,
        )
    )
    entry.close(msgspec.to_builtins(certificate))
    return certificate


def _stops(unit: Unit, person: Known, *, keep_suppression: bool) -> list[Stop]:
    """What stays forbidden: the objections that stood, and all marketing if that was asked for."""
    stops = [
        Stop(
            objection.purpose,
            objection.channel,
            None if objection.contact_point == NOBODY else IdentifierId(objection.contact_point),
            objection.since,
            "objection",
        )
        for objection in folded(unit.connection, person.members).objections.values()
        if objection.ground is Ground.MARKETING
    ]
    if keep_suppression:
        stops.append(Stop(None, None, None, unit.now, "erasure"))
    return stops


def _proof_duty(unit: Unit, compiled: CompiledPolicy, person: Known) -> Instant | None:
    """Until when the proof of this person's consents must be kept; None where they never gave one."""
    ever = store.ever_merged_with(unit.connection, person.members)
    grants: defaultdict[str, list[Instant]] = defaultdict(list)
    ended: dict[str, Instant] = {}
    for row in counting(store.events_of(unit.connection, ever), person.members):
        state, channel = ConsentState(row["state"]), row["channel"]
        if state in GRANTS:
            grants[channel].append(Instant(row["effective"]))
        elif state in NOES:
            ended[channel] = max(ended.get(channel, Instant(0)), Instant(row["effective"]))
    uses = store.last_uses(unit.connection, person.members)
    until = [
        proof_until(
            compiled,
            person.territory,
            channel,
            given,
            uses.get(channel),
            # What nobody withdrew ends with the erasure, unless the law ended it before.
            max(ended.get(channel, unit.now), unit.now),
        )
        for channel, given in grants.items()
    ]
    return max((date for date in until if date is not None), default=None)
