"""Handing a copy out: a fresh proof gives a link, and the link gives the copy, once (promises 12 to 14).

Nothing leaves before the request's identity was proven and staff released it; and then again only to whoever
reads a code at the contact detail that proved them, or of whom staff say why they are the one. Every link
and every download is in the log before it is answered.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from consentd.base.i18n import choose
from consentd.callers import staff
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto import request_keys
from consentd.crypto.keyring import with_fresh_keys
from consentd.crypto.secrets import Key
from consentd.db.unit import Unit
from consentd.dsr import identity, unwritten
from consentd.dsr import store as requests
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.copies import SealedCopies
from consentd.dsr.copying import store
from consentd.dsr.copying.contact import proven_contact
from consentd.dsr.copying.places import archive_of
from consentd.dsr.copying.shapes import HandedOver, LinkMade
from consentd.dsr.identity import Sending, wrong_code
from consentd.dsr.package import links
from consentd.dsr.posting import Post
from consentd.dsr.states import State
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import BatchId
from consentd.kernel.instants import DAY, Instant, to_text
from consentd.kernel.policy import Controller
from consentd.subjects.doing import Doing
from consentd.subjects.model import Contact
from consentd.web.idempotency import Repeat, remembered
from consentd.web.pages.brand import Brand, brand_of

MOST_LINKS = 10
"""Of one copy, in a day."""
_BLOCK = 1 << 16
_SUBJECT = Actor(ActorKind.SUBJECT)
_GONE = frozenset({State.REFUSED, State.WITHDRAWN, State.LAPSED})


class Download(msgspec.Struct, frozen=True):
    content: BinaryIO
    size: int
    name: str

    async def blocks(self) -> AsyncIterator[bytes]:
        """The zip file, in pieces. A caller that goes away closes it."""
        try:
            while block := await asyncio.to_thread(self.content.read, _BLOCK):
                yield block
        finally:
            self.content.close()


class HandingOut:
    """All methods raise kernel errors only."""

    def __init__(self, doing: Doing, copies: SealedCopies, post: Post, public_url: str) -> None:
        self._doing = doing
        self._keyring = doing.keyring
        self._copies = copies
        self._post = post
        self._public_url = public_url

    async def send_code(self, caller: Caller, request: UUID, repeat: Repeat | None = None) -> None:
        """A code to the contact detail that proved who asked.

        Raises Conflict where nothing is released, or no such detail is theirs alone (any more); Unavailable
        where no mail can be sent.
        """
        self._post.require()

        def write(unit: Unit, actor: Actor) -> tuple[BatchId, tuple[Sending, Controller] | None]:
            case = self._case(unit, request)
            self._released(case)
            contact = self._proven(case)
            identity.require_codes_left(case)
            code = identity.new_code(case, contact.id)
            case.note("copy_code_sent", case.state, _SUBJECT)
            sending = Sending(contact.named.value, code, case.row["language"])
            return BatchId(case.id), (sending, case.compiled.policy.controller)

        def rebuild(connection: Any, batch: BatchId) -> None:  # Any: a database connection
            """The mail left with the first of these calls."""

        made = await self._doing.decide(caller, repeat, write, rebuild)
        if made is not None:
            self._post.send(*made)

    async def link_by_code(
        self, caller: Caller, request: UUID, code: str, repeat: Repeat | None = None
    ) -> LinkMade:
        """Raises Unprocessable in the same words whatever is wrong with the code, Conflict for a call whose
        link was made before.
        """

        def attempt(unit: Unit) -> Any:  # Any: a row, or None
            assert_live(unit.connection, caller)
            if remembered(unit, repeat) is not None:
                raise _made_before()
            return identity.count_try(unit, self._keyring, request, code.replace(" ", ""))

        found = await self._doing.database.housekeep(attempt)
        if found is None:
            raise wrong_code()

        def write(unit: Unit, actor: Actor) -> tuple[BatchId, LinkMade]:
            case = self._case(unit, request)
            package = self._released(case)
            # A code of the identification before is no fresh proof.
            if (
                found["identifier_id"] != self._proven(case).id
                or found["created_at"] < package["released_at"]
            ):
                raise wrong_code()
            identity.use_up(unit, found)
            return BatchId(case.id), self._link(case, package, "copy_link_made", _SUBJECT, {"by": "code"})

        return await self._doing.decide(caller, repeat, write, _not_again)

    async def hand_over(
        self, caller: Caller, request: UUID, asked: HandedOver, repeat: Repeat | None = None
    ) -> LinkMade:
        """Staff decide that whoever is there is the person. Raises NotFound, Conflict."""

        def write(unit: Unit, _: Actor) -> tuple[BatchId, LinkMade]:
            staff.colleague(unit.connection, self._keyring, asked.by)
            case = self._case(unit, request)
            package = self._released(case)
            actor = Actor(ActorKind.STAFF, asked.by)
            # Who has it was told that it is there.
            told = _told_now(case, f"copy:{package['id']}")
            grounds = {"grounds": asked.grounds}
            return BatchId(case.id), self._link(case, package, "copy_handed_over", actor, grounds, told)

        return await self._doing.decide(caller, repeat, write, _not_again)

    def link_in(self, case: RequestCase) -> str:
        """A link for somebody whose session shows that they are the person: its token, for `take`.

        Raises Conflict where nothing is released, or the copy had its links for a day.
        """
        package = self._released(case)
        told = _told_now(case, f"copy:{package['id']}")
        made = self._link(case, package, "copy_link_made", _SUBJECT, {"by": "portal"}, told)
        return made.url.rpartition("/")[2]

    async def take(self, token: str) -> Download:
        """The copy, once. Raises NotFound in the same words for a link that is wrong, used or over."""
        shown = links.read(token)
        if shown is None:
            raise dead_link()
        package = await self._doing.database.housekeep(lambda unit: self._tried(unit, shown))
        if package is None:
            raise dead_link()
        # Opened before the link is used up: a disk that fails costs nobody their link.
        content = await self._open(package)
        try:
            name = await self._change(lambda unit: self._used_up(unit, shown, package))
        except Conflict:
            content.close()
            raise dead_link() from None
        except BaseException:
            content.close()
            raise
        return Download(content, package["size"], name)

    def _used_up(self, unit: Unit, shown: links.Shown, package: Any) -> str:  # Any: a row
        """Ends the link, and logs that the copy was fetched; by which name it is saved."""
        case = self._case(unit, package["request_id"])
        row = store.link(unit.connection, shown.id, lock=True)
        if not links.opens(self._keyring, _stored(row), shown, Instant(unit.now)):
            raise dead_link()
        self._released(case, package["id"])
        store.change_link(unit, shown.id, {"used_at": unit.now})
        case.note("copy_fetched", case.state, _SUBJECT)
        return "copie.zip" if choose(case.row["language"], None) == "fr" else "copy.zip"

    async def brand(self) -> Brand:
        """In whose name the page is that a link leads to."""
        compiled = await self._doing.database.read(self._doing.policies.active)
        return brand_of(compiled.policy)

    def _tried(self, unit: Unit, shown: links.Shown) -> Any:  # Any: a row of `packages`, or None
        """Counts a wrong try; the package that the link opens."""
        row = store.link(unit.connection, shown.id, lock=True)
        if links.opens(self._keyring, _stored(row), shown, Instant(unit.now)):
            package = store.package(unit.connection, row["package_id"]) if row else None
            return package if package is not None and _live(package, unit.now) else None
        if row is not None:
            store.change_link(unit, shown.id, {"attempts": row["attempts"] + 1})
        return None

    async def _open(self, package: Any) -> BinaryIO:  # Any: a row
        request, id_ = package["request_id"], package["id"]

        def read(connection: Any) -> Key | None:  # Any: a connection
            return request_keys.open_key(connection, self._keyring, request, "archive", of=id_)

        database = self._doing.database
        key = await with_fresh_keys(self._keyring, database, lambda: database.read(read))
        if key is None:
            raise dead_link()
        try:
            return await asyncio.to_thread(archive_of(self._copies.folder(request), id_, key).open)
        except FileNotFoundError:
            raise dead_link() from None

    def _link(
        self,
        case: RequestCase,
        package: Any,
        event: str,
        actor: Actor,
        detail: object,
        clear: Mapping[str, str] | None = None,
    ) -> LinkMade:  # Any: a row
        unit = case.unit
        if store.links_since(unit.connection, [package["id"]], unit.now - DAY) >= MOST_LINKS:
            raise Conflict("too_many_links", "This copy had its links for a day: go on tomorrow.")
        issued = links.issue(self._keyring, Instant(unit.now))
        # One at a time: an older one that nobody used is worth nothing to the person.
        store.end_links(unit, package["id"])
        expires = min(issued.stored.expires_at, package["expires_at"])
        store.add_link(
            unit,
            {
                "id": issued.stored.id,
                "package_id": package["id"],
                "digest": issued.stored.digest,
                "attempts": 0,
                "created_at": unit.now,
                "expires_at": expires,
            },
        )
        case.note(event, case.state, actor, detail, clear=clear)
        return LinkMade(f"{self._public_url}/v1/packages/{issued.text}", to_text(expires))

    def _released(self, case: RequestCase, id_: UUID | None = None) -> Any:  # Any: a row
        """The copy that can be fetched now: the newest, or this one. Raises Conflict."""
        found = [
            row
            for row in store.packages(case.unit.connection, case.id)
            if _live(row, case.unit.now) and id_ in (None, row["id"])
        ]
        if case.state in _GONE or not found:
            raise Conflict(
                "copy_not_released", "No copy of this request can be fetched: none is released, or no more."
            )
        return found[-1]

    def _proven(self, case: RequestCase) -> Contact:
        found = proven_contact(case)
        if found is None:
            raise Conflict(
                "no_proven_contact",
                "No contact detail proved who asked, or it is not theirs alone any more: staff hand over a "
                "link.",
            )
        return found

    def _case(self, unit: Unit, request: UUID) -> RequestCase:
        return RequestCase.locked(unit, self._keyring, self._doing.policies.active(unit.connection), request)

    async def _change(self, work: Callable[[Unit], Any]) -> Any:  # Any: what the work gives
        database = self._doing.database
        return await with_fresh_keys(self._keyring, database, lambda: database.change(work))


def _not_again(connection: Any, batch: BatchId) -> LinkMade:  # Any: a database connection
    raise _made_before()


def _made_before() -> Conflict:
    """What is kept of a link is a hash: unlike any other answer it cannot be told once more."""
    return Conflict(
        "link_made_before",
        "This very call, with its Idempotency-Key, made a link, which is told once and kept nowhere. If its "
        "answer was lost, ask for another with a new key: that ends the one before.",
    )


def _told_now(case: RequestCase, moment: str) -> Mapping[str, str] | None:
    """What the step says, where staff were to tell the person this by hand."""
    waiting = unwritten.by_hand(requests.steps(case.unit.connection, case.id))
    if all(one.moment != moment for one in waiting):
        return None
    return {"moment": moment, "on_day": local_day(case.unit.now, case.compiled.policy).isoformat()}


def _live(package: Any, now: int) -> bool:  # Any: a row
    """Whether it can be fetched; past its time it cannot, whether it was swept or not."""
    released, over = package["released_at"], package["destroyed_at"]
    return released is not None and over is None and now < package["expires_at"]


def _stored(row: Any) -> links.Stored | None:  # Any: a row, or None
    if row is None:
        return None
    return links.Stored(row["id"], bytes(row["digest"]), row["expires_at"], row["used_at"], row["attempts"])


def dead_link() -> NotFound:
    """In the same words whatever is wrong with it: nobody learns that there was one."""
    return NotFound("dead_link", "This link does not open anything: it was used, is over, or is wrong.")
