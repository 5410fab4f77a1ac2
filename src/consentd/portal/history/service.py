"""The use cases of the history: every choice with what was shown, and everybody who looked.

Upholds promises 8 (a look is logged before it is answered, and is in the next list of looks) and 13: what is
somebody else's is not found, in the words of what there is not.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from consentd.base.i18n import Language
from consentd.consent import whole as consent
from consentd.consent.answers import EventWritten
from consentd.dsr.package.who import Called
from consentd.dsr.package.words import action_in_words
from consentd.evidence import service as log
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import NOBODY, SubjectId
from consentd.kernel.instants import Instant
from consentd.portal.history.model import Happened, Looked, NoticeRef, Page, Position
from consentd.portal.person import person_of
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session
from consentd.portal.visits import Visits
from consentd.subjects import whole
from consentd.subjects.service import Found

PAGE = 20
FileOf = Callable[[Any, str], bytes | None]
"""Any: a database connection. The bytes of a SHA-256 in hexadecimal, as they were shown; None where they were
not kept."""

T = TypeVar("T", Happened, Looked)


class HistoryService:
    """All methods raise kernel errors only: NeedsMore without the second proof, SessionOver."""

    def __init__(self, visits: Visits, file_of: FileOf) -> None:
        self._visits = visits
        self._keyring = visits.keyring
        self._file_of = file_of

    async def history(
        self, session: Session, language: Language, after: Position | None = None
    ) -> Page[Happened]:
        session.require(Reach.PERSON)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], Page[Happened]]:
            person = person_of(connection, session)
            told = _Telling(connection, self._visits, compiled, person, language)
            return person.members, _page(told.all(), after, told.opened)

        return await self._visits.read(session, "history.read", read)

    async def looks(
        self, session: Session, language: Language, after: Position | None = None
    ) -> Page[Looked]:
        """Who consulted their data, when and what for."""
        session.require(Reach.PERSON)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], Page[Looked]]:
            person = person_of(connection, session)
            called = Called(connection, compiled.policy, language)
            found = [
                Looked(
                    id=one.id,
                    at=one.at,
                    what=action_in_words(one.action, language),
                    by=called.who(one.actor_kind, one.actor_id),
                )
                for one in log.entries_about(connection, person.members)
                if one.reading
            ]
            return person.members, _page(found, after, lambda page: page)

        return await self._visits.read(session, "readings.read", read)

    async def notice(self, session: Session, event: UUID) -> tuple[NoticeRef, str | None]:
        """The text that was shown with a choice of theirs, to the letter; None where it was not kept.

        Raises NotFound where there is no such choice of theirs, or none that names a text.
        """
        session.require(Reach.PERSON)

        def read(
            connection: Any, compiled: CompiledPolicy
        ) -> tuple[tuple[SubjectId, ...], tuple[NoticeRef, str | None]]:
            person = person_of(connection, session)
            about = consent.events_about(connection, person.members)
            rows = [row for row in about.choices if row["id"] == event]
            for one in consent.choices(connection, self._keyring, consent.Events(rows, [])):
                shown = _notice(one)
                if shown is not None:
                    kept = self._file_of(connection, shown.sha256)
                    return person.members, (shown, None if kept is None else kept.decode(errors="replace"))
            raise NotFound("unknown_text", "There is no choice of this number that names a text.")

        return await self._visits.read(session, "history.read", read)


class _Telling:
    """Any: a database connection, and rows."""

    def __init__(
        self, connection: Any, visits: Visits, compiled: CompiledPolicy, person: Found, language: Language
    ) -> None:
        self._connection = connection
        self._keyring = visits.keyring
        self._keys = whole.keys_of(connection, visits.keyring, person.members)
        self._called = Called(connection, compiled.policy, language)
        details = whole.details_of(connection, person, self._keys)
        self._points = {one.id: one.named.value for one in details}
        self._events = consent.events_about(connection, person.members)

    def all(self) -> list[Happened]:
        """With what stands clear alone: of a page, no more than that page is opened."""
        return [
            *(self._told(row, "choice") for row in self._events.choices),
            *(self._told(row, "objection") for row in self._events.objections),
        ]

    def opened(self, page: Sequence[Happened]) -> list[Happened]:
        ids = {one.id for one in page}
        choices, objections = ([row for row in rows if row["id"] in ids] for rows in self._events)
        wanted = consent.Events(choices, objections)
        found = {
            one.row["id"]: self._told(one.row, "choice", one.detail, notice=_notice(one))
            for one in consent.choices(self._connection, self._keyring, wanted)
        }
        for one in consent.objections(self._connection, self._keyring, wanted, self._keys):
            found[one.row["id"]] = self._told(one.row, "objection", one.detail, words=one.reason)
        return [found[one.id] for one in page]

    def _told(self, row: Any, kind: Any, detail: dict[str, Any] | None = None, **more: Any) -> Happened:
        detail, choice = detail or {}, kind == "choice"
        point = row["contact_point_id"]
        last = Instant(row["happened_last"] if choice else row["effective"])
        return Happened(
            kind=kind,
            id=row["id"],
            receipt=row["batch_id"] if choice else None,
            at=Instant(row["happened"]),
            until=None if last == row["happened"] else last,
            recorded=Instant(row["arrived"]),
            purpose=row["purpose"],
            channel=row["channel"],
            point=None if point is None or point == NOBODY else self._points.get(point),
            state=row["state"] if choice else None,
            claim=row["claim"] if choice else None,
            ground=None if choice else row["ground"],
            by=self._called.tool(row["system_id"]),
            method=detail.get("method"),
            collector=detail.get("collector"),
            place=detail.get("collection_point"),
            proof=row["proof"] if choice else None,
            notice=more.get("notice"),
            words=more.get("words"),
            parental=detail.get("parental") is not None,
        )


def _notice(event: EventWritten) -> NoticeRef | None:
    said = event.detail.get("notice")
    if not said or not said.get("sha256"):
        return None
    return NoticeRef(said["id"], said["version"], said["language"], said["sha256"])


def _page(
    found: Iterable[T], after: Position | None, opened: Callable[[Sequence[T]], Sequence[T]]
) -> Page[T]:
    """Newest first, behind a position."""
    ordered = sorted(found, key=lambda one: (one.at, one.id), reverse=True)
    if after is not None:
        ordered = [one for one in ordered if (one.at, one.id) < (after.at, after.id)]
    page = ordered[:PAGE]
    following = Position(page[-1].at, page[-1].id) if len(ordered) > PAGE else None
    return Page(tuple(opened(page)), following)
