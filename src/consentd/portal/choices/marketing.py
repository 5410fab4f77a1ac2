"""Stopping all marketing: one use case, from whichever page it is pressed.

Upholds promises 3 (objection, withdrawals, request and their entries commit together) and 5 (the next check
denies). What is stopped counts here at once; tools that keep choices of their own are told by the tasks of a
request (docs/requests.md), which the person follows like any other.
"""

from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from consentd.base.ids import new_id
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents, RecordObjection
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr import by_session
from consentd.dsr.by_session import Wish
from consentd.dsr.rights import Proof, Right
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import BatchId
from consentd.kernel.instants import to_text
from consentd.portal.choices.pressing import marketing_ended, marketing_stops_at
from consentd.portal.choices.showing import Read, read_about
from consentd.portal.sessions import Session
from consentd.portal.visits import THEMSELVES
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import SubjectNamed

METHOD = "portal"
PLACE = "portal"
UTC = ZoneInfo("UTC")
NOBODY_NAMED = SubjectNamed(())
_MOST = 100
"""Events of one recording."""


class AllStopped(NamedTuple):
    receipt: BatchId
    request: UUID


def stop_marketing(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, session: Session, wish: Wish
) -> AllStopped:
    """An objection to all marketing on every channel (GDPR 21(2)), and a withdrawal of every yes to it.

    It is recorded each time it is asked for: an objection cannot be refused, and nobody should have to wonder
    whether an earlier one still counts. The request is asked once: while one is open, it tells the tools.
    """
    assert wish.right is Right.MARKETING_OBJECTION
    read = locked(unit, keyring, session)
    act, resolution = act_of(unit, keyring, compiled, read, "marketing.stopped")
    states = read.known.person.states
    when = to_text(marketing_stops_at(compiled.policy, states, unit.now))
    events = tuple(
        ConsentEvent(
            purpose=purpose,
            channel=channel,
            state="withdrawn",
            occurred_at=when,
            method=METHOD,
            collection_point=PLACE,
        )
        for purpose, channel in marketing_ended(compiled.policy, states)
    )
    for start in range(0, len(events), _MOST):
        some = RecordConsents(NOBODY_NAMED, events[start : start + _MOST])
        record(act, compiled, some, UTC, resolution)
    reason = wish.words[:2000] if wish.words else None
    asked = RecordObjection(subject=NOBODY_NAMED, occurred_at=when, method=METHOD, reason=reason)
    record_objection(act, asked, UTC, resolution)
    act.close()
    request = by_session.open_one(unit.connection, read.person.members, wish.right)
    if request is None:
        by, person = session.identifier, read.person
        request = by_session.ask(unit, keyring, compiled, person, Proof.NONE, by, wish, done=True).id
    return AllStopped(act.batch, request)


def locked(unit: Unit, keyring: Keyring, session: Session) -> Read:
    """Read once the person is locked: of two presses at once the second sees what the first recorded."""
    if session.subject is not None:
        subjects.lock_present(unit, [session.subject])
    return read_about(unit.connection, keyring, session, unit.now)


def begun(unit: Unit, keyring: Keyring, compiled: CompiledPolicy, action: str) -> Act:
    batch = BatchId(new_id())
    return Act(unit, keyring, compiled.policy, batch, action=action, caller=None, actor=THEMSELVES)


def act_of(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, read: Read, action: str
) -> tuple[Act, Resolution]:
    act = begun(unit, keyring, compiled, action)
    everyone = act.everyone([contact.named for contact in read.contacts])
    person = Known(read.person.group, read.person.members, read.person.territory)
    return act, Resolution(everyone.named, (person,), everyone.holders)
