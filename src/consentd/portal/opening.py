"""Opening a session by a way in that was proven: whose it is, and how far it reaches.

Judged when it is used and not when it was asked for: who shares a contact detail may have changed meanwhile.
Each is in the log, under the person where it is one (promise 8).
"""

from typing import Any
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.evidence.recorder import Entry, begin
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import SubjectId
from consentd.portal import store
from consentd.portal.codes import wrong_code
from consentd.portal.reach import Reach, reach_by_code
from consentd.portal.sessions import Session, assert_live, open_session
from consentd.subjects import holding
from consentd.subjects.holding import Holder
from consentd.subjects.service import group_of


class Opened(msgspec.Struct, frozen=True):
    session: Session
    cookie: str
    """What the browser is given; it exists in clear here alone."""

    def __repr__(self) -> str:
        return "Opened(…)"


def open_by(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    way: store.Row,
    browser: str,
    before: Session | None,
) -> Opened:
    """`way`: a row that was used up in this unit. `before`: the session of this browser, which ends: whoever
    proves more gets another. Raises `wrong_code` where nobody holds the contact detail any more, or
    somebody else does too.
    """
    if way["subject_id"] is not None:
        return _opened(
            unit, keyring, compiled, browser, before, way, SubjectId(way["subject_id"]), Reach.PERSON
        )
    held_by = holding.holders(unit.connection, way["identifier_id"])
    if not held_by:
        raise wrong_code()
    if way["session_id"] is not None and before is not None:
        # It may have been ended since it was read, in another process.
        assert_live(unit.connection, before, unit.now)
    groups = {one.group for one in held_by}
    verified = any(one.strength != "weak" for one in held_by)
    reach = reach_by_code(holders=len(groups), verified=verified)
    # The record that has it, and not whoever it stands merged with: that may be undone.
    subject = min(one.subject for one in held_by) if reach is Reach.CHOICES else None
    if way["session_id"] is not None and before is not None and before.subject is not None:
        if reach is not Reach.CHOICES or group_of(unit.connection, before.subject) not in groups:
            raise wrong_code()
        subject = before.subject
        reach = Reach.PERSON
    return _opened(unit, keyring, compiled, browser, before, way, subject, reach, held_by)


def _opened(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    browser: str,
    before: Session | None,
    way: store.Row,
    subject: SubjectId | None,
    reach: Reach,
    held_by: list[Holder] | None = None,
) -> Opened:
    if before is not None:
        store.end_session(unit, before.id)
    identifier: UUID | None = way["identifier_id"] if way["subject_id"] is None else None
    if before is not None and way["session_id"] is not None:
        # What was proven first stays what the session is known by.
        identifier = before.identifier
    session, cookie = open_session(
        unit, keyring, browser, subject=subject, identifier=identifier, reach=reach
    )
    entry = _entry(unit, keyring, compiled, subject, way)
    if subject is not None and held_by:
        holding.note_control(held_by, way["identifier_id"], lambda _: entry, unit.now)
    entry.close(
        {
            "session": str(session.id),
            "reach": reach.name.lower(),
            "by": "login" if way["subject_id"] is not None else "code",
        }
    )
    return Opened(session, cookie)


def _entry(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, subject: SubjectId | None, way: Any
) -> Entry:  # Any: a row
    proof = open_keys(unit.connection, keyring, [subject])[subject].proof if subject is not None else None
    return begin(
        unit,
        keyring,
        action="portal.entered",
        actor=Actor(ActorKind.SUBJECT),
        subject_id=subject if proof is not None else None,
        key=proof or keyring.audit(),
        policy=compiled.hash,
    )
