"""Getting in: a code or a link to a contact detail on record, and what it opens (promises 12 to 14).

Whoever asks is answered in the same words and the same time whether anybody is known: for a stranger the same
is looked up, drawn and written, no answer comes before its time, and what is sent goes out behind it.
Attempts are counted in the database, so that several processes give no more.
"""

import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.kernel.errors import TooMany
from consentd.kernel.instants import DAY, HOUR
from consentd.kernel.policy import Controller
from consentd.portal import codes, store
from consentd.portal.opening import Opened, open_by
from consentd.portal.sessions import Session
from consentd.portal.typed import names_by
from consentd.subjects import holding
from consentd.subjects.doing import Doing
from consentd.subjects.spelling import Named

A = TypeVar("A")

MOST_AN_HOUR = 5
"""Codes for one contact detail, asked for from one place: a stranger elsewhere uses up nobody's own."""
MOST_OF_ALL_AN_HOUR = 20
"""The same from all places together: nobody gets mail without end."""
MOST_FROM_ONE_PLACE = 300
"""An hour, from one address of the network: behind a proxy all come from one."""


class Sending(msgspec.Struct, frozen=True):
    """A code and a link, and where they go. They exist in clear here alone."""

    to: Named
    code: str
    link: str
    language: str
    controller: Controller

    def __repr__(self) -> str:
        return "Sending(…)"


class OpenWay(msgspec.Struct, frozen=True):
    """A way in that still opens something. `session`: whose second proof it is, if it is one."""

    id: UUID
    identifier: UUID | None
    session: UUID | None

    def is_for(self, session: Session | None) -> bool:
        """A second proof is for the session that asked for it; a first one opens one of its own."""
        return self.session is None or (session is not None and self.session == session.id)


class Entering:
    """`phones`: whether text messages can be sent."""

    def __init__(self, doing: Doing, *, phones: bool) -> None:
        self._doing = doing
        self._keyring = doing.keyring
        self.phones = phones

    async def ask(self, typed: str, source: str, language: str) -> tuple[UUID, Sending | None]:
        """The way in that was made, and what to send, if there is anybody. Raises Unprocessable for what is
        no contact detail, TooMany where too much comes from one place.
        """

        def work(unit: Unit) -> tuple[UUID, Sending | None]:
            policy = self._doing.policies.active(unit.connection).policy
            names = names_by(policy, typed, phones=self.phones)
            identifier = holding.identifier_of(unit.connection, self._keyring, *names)
            return self._made(unit, names[0], identifier, source, language, policy.controller)

        return await self._housekeep(work)

    async def ask_for(
        self, identifier: UUID, named: Named, source: str, language: str, session: Session | None = None
    ) -> tuple[UUID, Sending | None]:
        """The same for a contact detail that is on record. `session`: whose second proof it is."""

        def work(unit: Unit) -> tuple[UUID, Sending | None]:
            policy = self._doing.policies.active(unit.connection).policy
            return self._made(unit, named, identifier, source, language, policy.controller, session)

        return await self._housekeep(work)

    def _made(
        self,
        unit: Unit,
        named: Named,
        identifier: UUID | None,
        source: str,
        language: str,
        controller: Controller,
        session: Session | None = None,
    ) -> tuple[UUID, Sending | None]:
        about = self._keyring.digest("portal-named", f"{named.scheme}\0{named.value}".encode())
        place = self._keyring.digest("portal-source", source.encode())
        made = store.count_entries(unit.connection, unit.now - HOUR, named=about, source=place)
        # Who is in already asks for themselves, whatever others at the same place do.
        if session is None and made.from_there >= MOST_FROM_ONE_PLACE:
            raise TooMany(
                "too_many_codes_asked",
                "Too many codes were asked for from here: try again in an hour.",
                retry_after=3600,
            )
        # Beyond the bound a way is made that leads nowhere: nobody is told.
        few = made.for_it_from_there < MOST_AN_HOUR and made.for_it < MOST_OF_ALL_AN_HOUR
        reached = identifier if few else None
        way = codes.draw(
            self._keyring,
            unit.now,
            named=about,
            source=place,
            identifier=reached,
            session=session.id if session else None,
        )
        store.add_entry(unit, way.row)
        sending = Sending(named, way.code, way.link, language, controller)
        return way.id, sending if reached is not None else None

    async def enter(self, way: UUID | None, typed: str, browser: str, session: Session | None) -> Opened:
        """What the code of a way opens. `session`: the one that it adds a proof to. Raises Unprocessable
        (wrong_code) in the same words whatever is wrong.
        """
        code = codes.read_code(typed)
        if way is None or code is None:
            raise codes.wrong_code()

        def attempt(unit: Unit) -> bool:
            row = store.entry(unit.connection, way, lock=True)
            if row is None or not _usable(row, unit.now, session) or row["tries"] >= codes.MOST_TRIES:
                return False
            # Counted before it is judged, in a unit of its own: a guess that fails counts too.
            store.count_try(unit, way)
            digest = codes.code_digest(self._keyring, way, code)
            return secrets.compare_digest(bytes(row["code"]), digest) and row["identifier_id"] is not None

        if not await self._housekeep(attempt):
            raise codes.wrong_code()
        return await self._opened(lambda connection: store.entry(connection, way), browser, session)

    async def follow(self, link: str, browser: str, session: Session | None) -> Opened:
        """What a link opens, once. Raises Unprocessable (wrong_code)."""
        if not codes.is_link(link):
            raise codes.wrong_code()
        digest = codes.link_digest(self._keyring, link)
        return await self._opened(
            lambda connection: store.entry_by_link(connection, digest), browser, session
        )

    async def way_by(self, link: str) -> OpenWay | None:
        """What a link leads to. Looking uses nothing up."""
        if not codes.is_link(link):
            return None
        digest = codes.link_digest(self._keyring, link)
        return await self._way(lambda connection: store.entry_by_link(connection, digest))

    async def way(self, id_: UUID | None) -> OpenWay | None:
        """The same by its number."""
        if id_ is None:
            return None
        return await self._way(lambda connection: store.entry(connection, id_))

    async def _way(self, find: Callable[[Any], store.Row | None]) -> OpenWay | None:
        def read(unit: Unit) -> OpenWay | None:
            row = find(unit.connection)
            if row is None or row["used_at"] is not None or unit.now >= row["expires_at"]:
                return None
            return OpenWay(row["id"], row["identifier_id"], row["session_id"])

        return await self._housekeep(read)

    async def _opened(
        self, find: Callable[[Any], store.Row | None], browser: str, session: Session | None
    ) -> Opened:
        def work(unit: Unit) -> Opened:
            row = find(unit.connection)
            if row is None or not _usable(row, unit.now, session) or not store.use_entry(unit, row["id"]):
                raise codes.wrong_code()
            compiled = self._doing.policies.active(unit.connection)
            return open_by(unit, self._keyring, compiled, row, browser, session)

        database = self._doing.database
        opened = await with_fresh_keys(self._keyring, database, lambda: database.change(work))
        self._doing.wake()
        return opened

    async def _housekeep(self, work: Callable[[Unit], A]) -> A:
        database = self._doing.database
        return await with_fresh_keys(self._keyring, database, lambda: database.housekeep(work))


def _usable(row: store.Row, now: int, session: Session | None) -> bool:
    if row["used_at"] is not None or now >= row["expires_at"]:
        return False
    return OpenWay(row["id"], row["identifier_id"], row["session_id"]).is_for(session)


def forget(unit: Unit) -> None:
    """Ways in and sessions that are over, a day later: till then they bound what is tried."""
    store.purge(unit, unit.now - DAY)
