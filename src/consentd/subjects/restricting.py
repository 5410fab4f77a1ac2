"""Freezing what is held of a person, and ending that (GDPR 18): every check reads it (docs/law.md 31)."""

from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Unit
from consentd.evidence.journal import StopKind, line
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.subjects import store
from consentd.subjects.model import Known
from consentd.subjects.service import contacts_of


def restrict(unit: Unit, keyring: Keyring, actor: Actor, person: Known, policy: str, *, ground: str) -> None:
    """From now on every purpose denies, but for those that the law lets go on (promise 5). `ground`: why."""
    contacts = contacts_of(unit.connection, keyring, person.members)
    keys = open_keys(unit.connection, keyring, person.members)
    for member in person.members:
        proof = keys[member].proof
        assert proof is not None
        entry = begin(
            unit,
            keyring,
            action="subject.restricted",
            actor=actor,
            subject_id=member,
            key=proof,
            policy=policy,
        )
        store.set_restricted(entry, member, unit.now)
        entry.close({"ground": ground})
        unit.stops.append(
            line(
                keyring,
                kind=StopKind.RESTRICTED,
                at=unit.now,
                subject=member,
                identifiers=[(contact.named.scheme, contact.named.value) for contact in contacts],
                purpose=None,
                channel=None,
                ground=ground,
                entry=entry.id,
            )
        )


def lift(unit: Unit, keyring: Keyring, actor: Actor, person: Known, policy: str) -> None:
    """Ends it. The person was told before (18(3))."""
    keys = open_keys(unit.connection, keyring, person.members)
    for member in person.members:
        proof = keys[member].proof
        assert proof is not None
        entry = begin(
            unit,
            keyring,
            action="subject.released",
            actor=actor,
            subject_id=member,
            key=proof,
            policy=policy,
        )
        store.set_restricted(entry, member, None)
        entry.close(None)
