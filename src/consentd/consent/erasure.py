"""Erasing a person: what goes at once, what the law orders kept, and until when (GDPR 17, docs/law.md 30).

Upholds promise 10. The certificate says what was destroyed and what stays, with its end date; it names
nobody. An objection that stood goes on as entries of the do-not-contact list; a suppression beyond
that is kept only if the person asked for it (docs/law.md 4).
"""

from collections import defaultdict
from typing import Any, Literal
from uuid import UUID

import msgspec

from consentd.consent import grouping_store, states_store, store
from consentd.consent.events import counting
from consentd.consent.kept_proofs import kept_by
from consentd.consent.rebuilding import folded
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import destroy_proof, restrict_proof
from consentd.db.unit import Unit
from consentd.evidence.journal import StopKind, line
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin, close_all
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import NOBODY, IdentifierId, SubjectId
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.proof import ProofDuty, proof_duty
from consentd.kernel.states import GRANTS, NOES, ConsentState
from consentd.subjects import service as subjects
from consentd.subjects.model import Known
from consentd.subjects.service import Found
from consentd.subjects.shredding import Stop, shred, suppress

ERASED = "subject.erased"


class Kept(msgspec.Struct, frozen=True):
    kind: Literal["log", "proof", "do_not_contact", "ledger"]
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
    stops = _stops(unit.connection, compiled, person, unit.now, keep_suppression=keep_suppression)
    channels = {id_: channel.schemes for id_, channel in compiled.channels.items()}
    suppressed = suppress(unit, keyring, contacts, channels, stops)
    duty = _proof_duty(unit.connection, compiled, person, unit.now)
    # One for each record of the person, under the audit key: the person's own keys may be gone, and nothing
    # in it is about them.
    entries = {
        member: begin(
            unit,
            keyring,
            action=ERASED,
            actor=actor,
            subject_id=member,
            key=keyring.audit(),
            policy=compiled.hash,
        )
        for member in person.members
    }
    removed = shred(unit, keyring, entries, contacts)
    states_store.forget_states(unit, [person.group])
    kept = _kept(duty, listed=bool(suppressed), noted=removed > 0)
    if duty is None:
        destroy_proof(unit, person.members)
    else:
        for member in person.members:
            restrict_proof(unit, member, unit.now, duty.until, kept_by(duty))
    entry = entries[subject]
    certificate = Certificate(
        entry_id=entry.id,
        erased_at=to_text(unit.now),
        subjects=tuple(person.members),
        identifiers_removed=removed,
        suppressions_added=len(suppressed),
        kept=kept,
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
            members=person.members,
            suppress=keep_suppression,
        )
    )
    # Which entries of the list they are is told sealed alone: in clear it would lead from an address that
    # comes back to the events of the one who was erased.
    told = {**msgspec.to_builtins(certificate), "suppressions": suppressed}
    others = {"certificate": str(entry.id)}
    close_all(unit, [(one, told if one is entry else others) for one in entries.values()])
    return certificate


def foreseen(
    connection: Any, compiled: CompiledPolicy, person: Found, now: Instant, *, keep_suppression: bool
) -> tuple[Kept, ...]:
    """Any: a database connection. What `erase` would leave of this person's, were it done now."""
    duty = _proof_duty(connection, compiled, person, now)
    stops = _stops(connection, compiled, person, now, keep_suppression=keep_suppression)
    return _kept(duty, listed=bool(stops), noted=True)


def _kept(duty: ProofDuty | None, *, listed: bool, noted: bool) -> tuple[Kept, ...]:
    """`listed`: on the do-not-contact list. `noted`: in the erasure ledger."""
    kept = [Kept("log", "the verifiable log, which names nobody", "GDPR 5(2)", None)]
    if duty is not None:
        what = "proof of consent and of its uses, sealed"
        kept.append(Kept("proof", what, "GDPR 7(1), 17(3)(b)", to_text(duty.until)))
    if listed:
        what = "do-not-contact list: keyed hashes of the identifiers"
        kept.append(Kept("do_not_contact", what, "GDPR 21(3)", None))
    if noted:
        what = "erasure ledger: keyed hashes of the identifiers and the day, by which an old file is noticed"
        kept.append(Kept("ledger", what, "GDPR 5(2)", None))
    return tuple(kept)


def _stops(
    connection: Any, compiled: CompiledPolicy, person: Known | Found, now: Instant, *, keep_suppression: bool
) -> list[Stop]:
    """What stays forbidden: the objections that stood, refusals where silence would allow, and all marketing
    if that was asked for.
    """
    found = folded(connection, person.members)
    stops = [
        Stop(one.purpose, one.channel, _point(one.contact_point), one.since, "objection")
        for one in found.objections.values()
    ]
    stops += [
        Stop(key.purpose, key.channel, _point(key.contact_point), state.effective, "refusal")
        for key, state in found.states.items()
        if state.state in NOES and _opt_out(compiled, key.purpose, key.channel)
    ]
    if keep_suppression:
        stops.append(Stop(None, None, None, now, "erasure"))
    return stops


def _point(id_: UUID) -> IdentifierId | None:
    return None if id_ == NOBODY else IdentifierId(id_)


def _opt_out(compiled: CompiledPolicy, purpose: str, channel: str) -> bool:
    """Whether something other than a yes could carry it: then a forgotten no would become a yes."""
    known = compiled.purposes.get(purpose)
    return known is not None and bool(
        {"legitimate_interest", "eprivacy_13_2"} & {*known.bases.get(channel, ())}
    )


def _proof_duty(
    connection: Any, compiled: CompiledPolicy, person: Known | Found, now: Instant
) -> ProofDuty | None:
    """Until when the proof of this person's consents must be kept, and by which rule; of several the one that
    keeps longest. None where they never gave one.
    """
    ever = grouping_store.ever_merged_with(connection, person.members)
    grants: defaultdict[tuple[str, str], list[Instant]] = defaultdict(list)
    noes: defaultdict[tuple[str, str], list[Instant]] = defaultdict(list)
    for row in counting(store.events_of(connection, ever), person.members):
        key, state = (row["purpose"], row["channel"]), ConsentState(row["state"])
        if state in GRANTS:
            grants[key].append(Instant(row["effective"]))
        elif state in NOES:
            noes[key].append(Instant(row["effective"]))
    uses = store.last_uses(connection, person.members)
    duties = []
    for (purpose, channel), given in grants.items():
        ended = max(noes[purpose, channel], default=None)
        if ended is None or ended < max(given):
            # What nobody withdrew ends with the erasure.
            ended = now
        duties.append(proof_duty(compiled, person.territory, channel, given, uses.get(channel), ended))
    known = [duty for duty in duties if duty is not None]
    return max(known, key=lambda duty: duty.until, default=None)
