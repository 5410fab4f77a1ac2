"""What a request does in consentd itself. What only restricts is done when it comes in (promise 5)."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from consentd.base.ids import new_id
from consentd.consent.erasure import Certificate, erase
from consentd.consent.wholesale import objected, objected_to, withdrawn_of
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr.rights import Right
from consentd.dsr.shapes import RequestAsked
from consentd.evidence.model import Actor
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import BatchId, SubjectId
from consentd.subjects import restricting
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.model import Known
from consentd.subjects.requests import SubjectNamed

FREEZES = frozenset({Right.RESTRICTION, Right.OBJECTION, Right.POST_MORTEM, Right.POST_MORTEM_ERASURE})
"""Rights that freeze what is held: for good, while an objection is examined, or because its person died."""


def at_once(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, actor: Actor, asked: RequestAsked
) -> list[SubjectId]:
    """Objections, withdrawals and restrictions: for everyone who may be meant. Whom it was done for.

    A right that shows, changes or erases does nothing here.
    """
    if asked.right is Right.MARKETING_OBJECTION:
        return _act(unit, keyring, compiled, actor, asked, "objection.recorded")
    if asked.right is Right.WITHDRAWAL:
        return _act(unit, keyring, compiled, actor, asked, "consent.withdrawn")
    if asked.right in FREEZES:
        people = named(unit, keyring, compiled, asked)
        for person in people:
            restricting.restrict(unit, keyring, actor, person, compiled.hash, ground=asked.right.value)
        return [SubjectId(person.group) for person in people]
    return []


def named(unit: Unit, keyring: Keyring, compiled: CompiledPolicy, asked: RequestAsked) -> list[Known]:
    """Everyone who may be meant, locked."""
    found = subjects.look_up(unit.connection, keyring, compiled.policy, asked.identifiers, asked.territory)
    return subjects.lock_present(unit, [one.id for one in found])


def _act(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, actor: Actor, asked: RequestAsked, action: str
) -> list[SubjectId]:
    batch = BatchId(new_id())
    act = Act(unit, keyring, compiled.policy, batch, action=action, caller=None, actor=actor)
    subject = SubjectNamed(asked.identifiers, asked.territory)
    zone = ZoneInfo(compiled.policy.controller.zone)
    if asked.right is Right.MARKETING_OBJECTION:
        people = objected(act, subject, asked.words, zone)
    elif asked.right is Right.OBJECTION:
        people = objected_to(act, subject, asked.purposes, asked.words, zone)
    else:
        people = withdrawn_of(act, compiled, subject, zone)
    act.close()
    return people


def upheld(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, actor: Actor, asked: RequestAsked
) -> list[SubjectId]:
    """An objection under 21(1) that staff found no compelling grounds against: it stands from now on."""
    return _act(unit, keyring, compiled, actor, asked, "objection.upheld")


def lifted(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, actor: Actor, people: Iterable[Known]
) -> None:
    for person in people:
        restricting.lift(unit, keyring, actor, person, compiled.hash)


def forgotten(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    actor: Actor,
    subject: SubjectId,
    *,
    keep_suppression: bool,
) -> Certificate | None:
    """consentd's own part of an erasure; None where it was done before."""
    if subjects.group_of(unit.connection, subject) is None:
        return None
    return erase(unit, keyring, compiled, actor, subject, keep_suppression=keep_suppression)
