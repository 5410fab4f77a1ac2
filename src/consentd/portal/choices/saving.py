"""Changing choices on the page: one press, one unit, one receipt.

Upholds promises 3 (events, entries and states commit together), 5 (the next check denies; a stop is in the
synced journal before it is acknowledged) and 2 as far as a page needs it: pressing twice records once.
"""

from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.i18n import Language
from consentd.base.ids import new_id
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, NoticeShown, RecordConsents, RecordObjection
from consentd.db.unit import Unit
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ending import on_consent
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import NOBODY, BatchId, IdentifierId
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.policy import Purpose
from consentd.policy.service import file_of
from consentd.portal.choices import supposing
from consentd.portal.choices.model import Control, NoticeRef
from consentd.portal.choices.notices import notice_for
from consentd.portal.choices.pressing import (
    Agreeing,
    Stopping,
    marketing_ended,
    marketing_stops_at,
    pressed,
)
from consentd.portal.choices.rules import grid_of
from consentd.portal.choices.showing import Read, read_about, today
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session
from consentd.portal.visits import THEMSELVES, Visits
from consentd.subjects import holding
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import Identifier, SubjectNamed

METHOD = "portal"
PLACE = "portal"
_UTC = ZoneInfo("UTC")
_NOBODY = SubjectNamed(())
_MOST = 100
"""Events of one recording."""


class Press(msgspec.Struct, frozen=True):
    """What a form says. `shown`: digest of the text that the page showed, as hexadecimal; `wording`: that of
    the button.
    """

    purpose: str
    channel: str
    point: UUID | None
    wish: Control
    language: Language
    shown: str = ""
    wording: str = ""


class Saved(msgspec.Struct, frozen=True):
    receipt: BatchId | None
    """None where it was so already."""


class Saving:
    def __init__(self, visits: Visits) -> None:
        self._visits = visits
        self._keyring = visits.keyring

    async def press(self, session: Session, press: Press) -> Saved:
        """Raises SessionOver, NeedsMore; NotFound for what is no choice; Conflict where the page was old."""
        session.require(Reach.CHOICES)

        def work(unit: Unit, compiled: CompiledPolicy) -> Saved:
            read = self._locked(unit, session)
            purpose = compiled.purposes.get(press.purpose)
            if purpose is None:
                raise NotFound("no_such_choice", "There is no such choice on your page.")
            grid = grid_of(compiled, read.known, unit.now)
            todo = pressed(grid, purpose, press.channel, press.point, press.wish)
            if todo is None:
                return Saved(None)
            act, resolution = self._act(unit, compiled, read, "choice.recorded")
            if isinstance(todo, Agreeing):
                by_consent = on_consent(purpose, press.channel)
                notice = self._notice(unit, compiled, purpose, press) if by_consent else None
                _agree(act, compiled, resolution, todo, purpose, press, notice)
            else:
                at = supposing.stops_at(read.known.person, purpose.id, press.channel, unit.now)
                _stop(act, compiled, resolution, todo, press, at)
            act.close()
            return Saved(act.batch)

        return await self._visits.change(session, work)

    async def stop_all(self, session: Session) -> Saved:
        """An objection to all marketing on every channel (GDPR 21(2)), and a withdrawal of every yes to it.

        It is recorded each time it is asked for: an objection cannot be refused, and nobody should have to
        wonder whether an earlier one still counts.
        """
        session.require(Reach.CHOICES)

        def work(unit: Unit, compiled: CompiledPolicy) -> Saved:
            read = self._locked(unit, session)
            act, resolution = self._act(unit, compiled, read, "marketing.stopped")
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
                some = RecordConsents(_NOBODY, events[start : start + _MOST])
                record(act, compiled, some, _UTC, resolution)
            asked = RecordObjection(subject=_NOBODY, occurred_at=when, method=METHOD)
            record_objection(act, asked, _UTC, resolution)
            act.close()
            return Saved(act.batch)

        return await self._visits.change(session, work)

    async def stop_here(self, session: Session) -> None:
        """All marketing to the contact detail that the session came in by, for everyone who holds it.

        Returns alike whoever that is, also where nobody holds it any more.
        """

        def work(unit: Unit, compiled: CompiledPolicy) -> None:
            if session.identifier is None:
                return
            held_by = holding.holders(unit.connection, session.identifier)
            about = [one.subject for one in held_by]
            contacts = subjects.contacts_of(unit.connection, self._keyring, about)
            point = next((one.named for one in contacts if one.id == session.identifier), None)
            if point is None:
                return
            act = self._begin(unit, compiled, "marketing.stopped")
            resolution = act.everyone([point])
            asked = RecordObjection(
                subject=_NOBODY,
                contact_point=Identifier(point.scheme, point.value),
                occurred_at=to_text(unit.now),
                method=METHOD,
            )
            if resolution.people:
                record_objection(act, asked, _UTC, resolution)
                act.close()

        await self._visits.change(session, work)

    def _locked(self, unit: Unit, session: Session) -> Read:
        """Read once the person is locked: of two presses at once the second sees what the first recorded."""
        if session.subject is not None:
            subjects.lock_present(unit, [session.subject])
        return read_about(unit.connection, self._keyring, session, unit.now)

    def _begin(self, unit: Unit, compiled: CompiledPolicy, action: str) -> Act:
        batch = BatchId(new_id())
        return Act(unit, self._keyring, compiled.policy, batch, action=action, caller=None, actor=THEMSELVES)

    def _act(self, unit: Unit, compiled: CompiledPolicy, read: Read, action: str) -> tuple[Act, Resolution]:
        act = self._begin(unit, compiled, action)
        everyone = act.everyone([contact.named for contact in read.contacts])
        person = Known(read.person.group, read.person.members, read.person.territory)
        return act, Resolution(everyone.named, (person,), everyone.holders)

    def _notice(self, unit: Unit, compiled: CompiledPolicy, purpose: Purpose, press: Press) -> NoticeRef:
        """The text that they read. Raises Conflict where another is in force by now, or none can be shown."""
        day = today(compiled, unit.now)
        notice = notice_for(compiled.policy, purpose, press.channel, day, press.language)
        if notice is None or notice.digest != press.shown or not self._kept(unit, notice):
            raise Conflict(
                "notice_changed", "The text to agree to is another one by now: read it, and press again."
            )
        return notice

    def _kept(self, unit: Unit, notice: NoticeRef) -> bool:
        return file_of(unit.connection, notice.digest) is not None


def _agree(
    act: Act,
    compiled: CompiledPolicy,
    resolution: Resolution,
    todo: Agreeing,
    purpose: Purpose,
    press: Press,
    notice: NoticeRef | None,
) -> None:
    """`notice`: None for what rests on no consent, where the press ends an objection."""
    now = to_text(act.unit.now)
    read = None if notice is None else NoticeShown(notice.id, notice.version, notice.language, notice.digest)
    events = tuple(
        ConsentEvent(
            purpose=press.purpose,
            channel=press.channel,
            state="given",
            occurred_at=now,
            contact_point=_identifier(resolution, point),
            notice=read,
            method=METHOD,
            collector=compiled.policy.controller.name[:200],
            collection_point=PLACE,
            evidence={"wording": press.wording, **({"title": notice.title} if notice else {})},
            proof="held" if notice else None,
            explicit=supposing.expressly(purpose, press.channel),
        )
        for point in todo.points
    )
    record(act, compiled, RecordConsents(_NOBODY, events), _UTC, resolution)


def _stop(
    act: Act,
    compiled: CompiledPolicy,
    resolution: Resolution,
    todo: Stopping,
    press: Press,
    at: Instant,
) -> None:
    when = to_text(at)
    if todo.withdraws:
        events = tuple(
            ConsentEvent(
                purpose=press.purpose,
                channel=press.channel,
                state="withdrawn",
                occurred_at=when,
                contact_point=_identifier(resolution, point),
                method=METHOD,
                collection_point=PLACE,
                evidence={"wording": press.wording} if press.wording else None,
            )
            for point in todo.points
        )
        record(act, compiled, RecordConsents(_NOBODY, events), _UTC, resolution)
    if todo.objects is None:
        return
    for point in todo.points:
        asked = RecordObjection(
            subject=_NOBODY,
            ground=todo.objects.value,
            purposes=(press.purpose,),
            channels=(press.channel,),
            contact_point=_identifier(resolution, point),
            occurred_at=when,
            method=METHOD,
        )
        record_objection(act, asked, _UTC, resolution)


def _identifier(resolution: Resolution, point: UUID) -> Identifier | None:
    if point == NOBODY:
        return None
    named = resolution.named[IdentifierId(point)]
    return Identifier(named.scheme, named.value)
