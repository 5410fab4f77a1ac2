"""Changing choices on the page: one press, one unit, one receipt.

Upholds promises 3 (events, entries and states commit together), 5 (the next check denies; a stop is in the
synced journal before it is acknowledged) and 2 as far as a page needs it: pressing twice records once.
"""

from collections.abc import Callable
from uuid import UUID

import msgspec

from consentd.base.i18n import Language
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, NoticeShown, RecordConsents, RecordObjection
from consentd.db.unit import Unit
from consentd.dsr.by_session import Wish
from consentd.dsr.rights import Right
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ending import on_consent
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import NOBODY, BatchId, IdentifierId
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.policy import Purpose
from consentd.policy.service import file_of
from consentd.portal.choices import supposing
from consentd.portal.choices.marketing import (
    METHOD,
    NOBODY_NAMED,
    PLACE,
    UTC,
    act_of,
    begun,
    locked,
    stop_marketing,
)
from consentd.portal.choices.model import Control, NoticeRef
from consentd.portal.choices.notices import notice_for
from consentd.portal.choices.pressing import Agreeing, Stopping, pressed
from consentd.portal.choices.rules import grid_of
from consentd.portal.choices.showing import today
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session
from consentd.portal.visits import Visits
from consentd.subjects import holding
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.model import Resolution
from consentd.subjects.requests import Identifier


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
    """`wake`: told when there is something to carry to the tools."""

    def __init__(self, visits: Visits, wake: Callable[[], None] = lambda: None) -> None:
        self._visits = visits
        self._wake = wake
        self._keyring = visits.keyring

    async def press(self, session: Session, press: Press) -> Saved:
        """Raises SessionOver, NeedsMore; NotFound for what is no choice; Conflict where the page was old."""
        session.require(Reach.CHOICES)

        def work(unit: Unit, compiled: CompiledPolicy) -> Saved:
            read = locked(unit, self._keyring, session)
            purpose = compiled.purposes.get(press.purpose)
            if purpose is None:
                raise NotFound("no_such_choice", "There is no such choice on your page.")
            grid = grid_of(compiled, read.known, unit.now)
            todo = pressed(grid, purpose, press.channel, press.point, press.wish)
            if todo is None:
                return Saved(None)
            act, resolution = act_of(unit, self._keyring, compiled, read, "choice.recorded")
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

    async def stop_all(self, session: Session, language: Language) -> Saved:
        """As `marketing.stop_marketing` says. `language`: that of the request by which tools are told."""
        session.require(Reach.CHOICES)
        wish = Wish(right=Right.MARKETING_OBJECTION, language=language)

        def work(unit: Unit, compiled: CompiledPolicy) -> Saved:
            return Saved(stop_marketing(unit, self._keyring, compiled, session, wish).receipt)

        saved = await self._visits.change(session, work)
        self._wake()
        return saved

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
            act = begun(unit, self._keyring, compiled, "marketing.stopped")
            resolution = act.everyone([point])
            asked = RecordObjection(
                subject=NOBODY_NAMED,
                contact_point=Identifier(point.scheme, point.value),
                occurred_at=to_text(unit.now),
                method=METHOD,
            )
            if resolution.people:
                record_objection(act, asked, UTC, resolution)
                act.close()

        await self._visits.change(session, work)

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
    record(act, compiled, RecordConsents(NOBODY_NAMED, events), UTC, resolution)


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
        record(act, compiled, RecordConsents(NOBODY_NAMED, events), UTC, resolution)
    if todo.objects is None:
        return
    for point in todo.points:
        asked = RecordObjection(
            subject=NOBODY_NAMED,
            ground=todo.objects.value,
            purposes=(press.purpose,),
            channels=(press.channel,),
            contact_point=_identifier(resolution, point),
            occurred_at=when,
            method=METHOD,
        )
        record_objection(act, asked, UTC, resolution)


def _identifier(resolution: Resolution, point: UUID) -> Identifier | None:
    if point == NOBODY:
        return None
    named = resolution.named[IdentifierId(point)]
    return Identifier(named.scheme, named.value)
