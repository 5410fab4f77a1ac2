"""Showing somebody their choices: read from one transaction, and logged before they are shown (promise 8)."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.i18n import Language
from consentd.callers import service as callers
from consentd.check.everything import Everything, everything_about
from consentd.consent.confirming.waiting import lapsed, waiting
from consentd.consent.recalling import Recorded, recalled, recorded_in
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr import by_session, freezing
from consentd.dsr.rights import Right
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ending import on_consent
from consentd.kernel.instants import Instant, to_datetime
from consentd.kernel.places import Gazetteer
from consentd.kernel.policy import tool_name
from consentd.policy.service import file_of
from consentd.portal.choices.heard import Heard, heard, told_by
from consentd.portal.choices.model import Cell, Control, Grid, NoticeRef, Part, Why
from consentd.portal.choices.notices import notice_for
from consentd.portal.choices.rules import grid_of
from consentd.portal.masking import masks
from consentd.portal.notice_text import body
from consentd.portal.person import person_of
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session
from consentd.portal.visits import THEMSELVES, Visits
from consentd.subjects import service as subjects
from consentd.subjects.doing import log_reading
from consentd.subjects.model import Contact
from consentd.subjects.service import Found

ACTION = "choices.read"


class How(msgspec.Struct, frozen=True):
    """How a choice was made, as it was recorded; what is not known is None."""

    method: str | None
    place: str | None
    """The collection point; or who collected it, where no place is known."""
    parental: bool = False
    """Whether a holder of parental authority took part."""


class Waiting(msgspec.Struct, frozen=True):
    """A consent that waits to be confirmed."""

    to: str
    """The address that a mail went to, as `Shown.masked` has it."""
    asked: Instant
    sent: bool
    expires: Instant


class Notice(msgspec.Struct, frozen=True):
    """A text to agree to, and what of it is shown."""

    ref: NoticeRef
    text: str
    """Below the file's head."""


class Done(msgspec.Struct, frozen=True):
    """What one press did."""

    receipt: UUID | None
    """None: it was so already."""
    lines: tuple[Recorded, ...]
    heard: tuple[Heard, ...]
    """Tool by tool."""
    request: UUID | None = None
    """Of a stop of all marketing: the request that tells the tools which keep choices of their own."""

    @property
    def receipted(self) -> bool:
        """Whether there is a receipt to give: they are about consents given and withdrawn."""
        return any(line.state != "objected" for line in self.lines)

    @property
    def stops(self) -> bool:
        return all(line.state not in ("given", "renewed") for line in self.lines)


class Shown(msgspec.Struct, frozen=True):
    """All that the page of choices tells one person."""

    compiled: CompiledPolicy
    grid: Grid
    masked: dict[UUID, str]
    """Contact details by id: enough for their owner to know them; whole with the second proof."""
    hows: dict[UUID, How]
    """By consent event."""
    waiting: dict[tuple[str, str], Waiting]
    """By purpose and channel: the latest."""
    lapsed: frozenset[UUID]
    """Consent events whose time to be confirmed is over."""
    notices: dict[tuple[str, str], Notice]
    """By purpose and channel: wherever there is something to agree to."""
    held: dict[str, tuple[UUID, ...]]
    """Contact details by scheme."""
    done: Done | None = None
    """What the press did that led to the page."""

    def __repr__(self) -> str:
        return "Shown(…)"


class Read(msgspec.Struct, frozen=True):
    """What use cases of choices work with."""

    person: Found
    contacts: tuple[Contact, ...]
    known: Everything

    def __repr__(self) -> str:
        return "Read(…)"


class Showing:
    def __init__(self, visits: Visits) -> None:
        self._visits = visits

    async def choices(
        self, session: Session, language: Language, *, apart: bool = False, batch: UUID | None = None
    ) -> Shown:
        """`apart`: each contact detail on its own. `batch`: the number of what was just recorded.

        Raises SessionOver where there is nobody (any more), NeedsMore for a session that only stops.
        """
        session.require(Reach.CHOICES)
        keyring = self._visits.keyring

        def work(unit: Unit, compiled: CompiledPolicy) -> Shown:
            found = read_about(unit.connection, keyring, session, unit.now)
            about = [found.person.id]
            log_reading(unit, keyring, ACTION, THEMSELVES, about, compiled.hash, {"by": "portal"})
            person = session.reach is Reach.PERSON
            told = shown(
                unit.connection, keyring, compiled, found, unit.now, language, apart=apart, person=person
            )
            done = None if batch is None else _done(unit.connection, compiled, found, batch)
            return msgspec.structs.replace(told, done=done)

        return await self._visits.change(session, work)


def read_about(connection: Any, keyring: Keyring, session: Session, now: Instant) -> Read:
    """Any: a database connection. Raises SessionOver."""
    person = person_of(connection, session)
    contacts = {one.id: one for one in subjects.contacts_of(connection, keyring, person.members)}
    known = everything_about(connection, keyring, person.group, person.members)
    over = lapsed(connection, person.members, now)
    return Read(person, tuple(contacts.values()), msgspec.structs.replace(known, lapsed=over))


def shown(
    connection: Any,
    keyring: Keyring,
    compiled: CompiledPolicy,
    found: Read,
    now: Instant,
    language: Language,
    *,
    apart: bool = False,
    person: bool = False,
) -> Shown:
    """Any: a database connection. `person`: whether the second proof was given."""
    grid = grid_of(compiled, found.known, now, apart=apart)
    if found.person.restricted and freezing.by_objection(connection, found.person.members):
        grid = _examined(grid)
    masked = masks(one.named.value for one in found.contacts)
    shorter = {one.id: one.named.value if person else masked[one.named.value] for one in found.contacts}
    parts = [part for cell in grid.cells for part in cell.parts]
    hows = recalled(connection, keyring, {one.why.event for one in parts if one.why.event is not None})
    waits = reversed(waiting(connection, found.person.members, now))
    return Shown(
        compiled,
        grid,
        shorter,
        {id_: _how(compiled, event.detail) for id_, event in hows.items()},
        {
            (one.purpose, one.channel): Waiting(
                shorter.get(one.mailbox, "•••"), one.sent or one.asked, one.sent is not None, one.expires
            )
            for one in waits
        },
        found.known.lapsed,
        _notices(connection, compiled, grid, today(compiled, now), language),
        {
            scheme: tuple(one.id for one in found.known.held if one.scheme == scheme)
            for scheme in {one.scheme for one in found.known.held}
        },
    )


def _examined(grid: Grid) -> Grid:
    """Whoever objected did not ask to be frozen: it is said why they are."""

    def said(part: Part) -> Part:
        why = Why("examined") if part.why.code == "restricted" else part.why
        return msgspec.structs.replace(part, why=why)

    cells = (Cell(one.purpose, one.channel, tuple(said(part) for part in one.parts)) for one in grid.cells)
    return msgspec.structs.replace(grid, cells=tuple(cells))


def _done(connection: Any, compiled: CompiledPolicy, found: Read, batch: UUID) -> Done | None:
    """Any: a database connection. None for a number that is none of theirs."""
    lines = tuple(recorded_in(connection, batch))
    if not lines or any(line.subject not in found.person.members for line in lines):
        return None
    about = {(line.purpose, line.channel) for line in lines}
    systems = callers.live_systems(connection)
    if (None, None) not in about:
        return Done(batch, lines, heard(compiled.policy, systems, about))
    # Asked with it, or open before: the latest is the one that tells of it.
    asked = [
        one
        for one in by_session.own(connection, compiled.policy, found.person.members)
        if one.right == Right.MARKETING_OBJECTION.value
    ]
    if not asked:
        return Done(batch, lines, heard(compiled.policy, systems, about, {}))
    request = by_session.owned(connection, compiled.policy, found.person.members, asked[0].id)
    return Done(batch, lines, heard(compiled.policy, systems, about, told_by(request)), request.id)


def today(compiled: CompiledPolicy, now: Instant) -> dt.date:
    """Where the company is."""
    return to_datetime(now, Gazetteer.home(compiled.policy)).date()


def _how(compiled: CompiledPolicy, detail: dict[str, Any]) -> How:
    """Any: the sealed part of an event."""
    collector = detail.get("collector")
    by = tool_name(compiled.policy, collector) if collector else None
    return How(detail.get("method"), detail.get("collection_point") or by, detail.get("parental") is not None)


def _notices(
    connection: Any, compiled: CompiledPolicy, grid: Grid, day: dt.date, language: Language
) -> dict[tuple[str, str], Notice]:
    refs: dict[tuple[str, str], NoticeRef] = {}
    for cell in grid.cells:
        if any(part.control is Control.AGREE for part in cell.parts):
            purpose = compiled.purposes[cell.purpose]
            if not on_consent(purpose, cell.channel):
                continue
            ref = notice_for(compiled.policy, purpose, cell.channel, day, language)
            if ref is not None:
                refs[cell.purpose, cell.channel] = ref
    texts = {digest: file_of(connection, digest) for digest in {ref.digest for ref in refs.values()}}
    return {
        key: Notice(ref, body(text.decode()))
        for key, ref in refs.items()
        if (text := texts[ref.digest]) is not None
    }
