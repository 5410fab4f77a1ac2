"""What a request does in consentd itself. What only restricts is done when it comes in (promise 5)."""

from zoneinfo import ZoneInfo

from consentd.base.ids import new_id
from consentd.consent.erasure import Certificate, erase
from consentd.consent.wholesale import objected, withdrawn_of
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
from consentd.subjects.requests import SubjectNamed


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
    if asked.right in (Right.RESTRICTION, Right.OBJECTION):
        found = subjects.look_up(
            unit.connection, keyring, compiled.policy, asked.identifiers, asked.territory
        )
        for person in subjects.lock_present(unit, [one.id for one in found]):
            restricting.restrict(unit, keyring, actor, person, compiled.hash, ground=asked.right.value)
        return [one.id for one in found]
    return []


def _act(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, actor: Actor, asked: RequestAsked, action: str
) -> list[SubjectId]:
    batch = BatchId(new_id())
    act = Act(unit, keyring, compiled.policy, batch, action=action, caller=None, actor=actor)
    subject = SubjectNamed(asked.identifiers, asked.territory)
    zone = ZoneInfo(compiled.policy.controller.zone)
    if asked.right is Right.MARKETING_OBJECTION:
        people = objected(act, subject, asked.words, zone)
    else:
        people = withdrawn_of(act, compiled, subject, zone)
    act.close()
    return people


def lifted(unit: Unit, keyring: Keyring, compiled: CompiledPolicy, actor: Actor, subject: SubjectId) -> None:
    for person in subjects.lock_present(unit, [subject]):
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
