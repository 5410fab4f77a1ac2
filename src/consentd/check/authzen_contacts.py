"""Subject search (AuthZEN 1.0, section 8.4): who may be contacted for this, through this channel, now?

Goes through everybody's identifiers of one scheme, a page at a time: look-up entries are read, each is
decided on as if that identifier alone had been asked about, by the same statements and the same function as
any check (promise 5), in slices off the event loop; only those allowed are opened. Memory does not grow with
the population, and a page looks at so many identifiers at most, so that one call ends soon though nobody may
be contacted: it may hold few results, or none, and still lead on.

Upholds promise 8: identifiers are personal data released, so an entry with the keyed digest of the page is
in the log before the page is answered; it is a list's entry, about nobody by name.
"""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

import msgspec
from msgspec import UNSET

from consentd.callers.model import Caller
from consentd.check.authzen import SubjectSearch
from consentd.check.authzen_answers import (
    AccessError,
    AccessPageTold,
    ContactsFound,
    FoundContext,
    FoundSubject,
)
from consentd.check.authzen_pages import PageTokens, most
from consentd.check.authzen_questions import CHANNEL, NOTHING, error_of, word
from consentd.check.service import BLOCK, CheckService
from consentd.crypto.keyring import with_fresh_keys
from consentd.kernel.case import Question
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import IdentifierId
from consentd.kernel.instants import Instant
from consentd.subjects.doing import Doing
from consentd.subjects.listing import FIRST, Entry, entries_after, open_identifiers

ACTION = "contacts.listed"
"""What the log calls it."""
LOOKED_AT = 20 * BLOCK
"""Identifiers, of all schemes, that one page looks at."""
OPENED = 128
"""Identifiers opened between two looks at the event loop's other work."""
_FEWEST = 64

_NO_POINT = AccessError(
    400,
    "contact_point_in_search",
    "A search finds the contact points: leave it out.",
    "/context/contact_point",
)


class _Walk(msgspec.Struct):
    """One page under way. `after`: the last identifier that was decided on and is not the next page's."""

    after: UUID
    ended: bool = False
    allowed: list[IdentifierId] = []


class ContactSearch:
    def __init__(self, checks: CheckService, doing: Doing, tokens: PageTokens) -> None:
        self._checks = checks
        self._doing = doing
        self._tokens = tokens

    async def page(self, caller: Caller, asked: SubjectSearch) -> ContactsFound:
        """Raises Malformed for a token that is not of this query. What nobody knows finds nobody."""
        scheme, at_text = asked.subject.type, None if asked.context.at is UNSET else asked.context.at
        query = ("subject", scheme, asked.action.name, asked.resource.type, asked.resource.id, at_text)
        position = self._tokens.position(caller, query, asked.page.token)
        walk = _Walk(UUID(position) if position else FIRST)
        context: FoundContext | msgspec.UnsetType = UNSET
        try:
            at = self._checks.instant(at_text)
        except Unprocessable as fault:
            walk.ended, context = True, FoundContext(error_of(fault))
        else:
            if asked.context.contact_point is not UNSET:
                walk.ended, context = True, FoundContext(_NO_POINT)
            question = await self._question(caller, asked, at)
            if question is None:
                walk.ended = True
            else:
                await self._walk(caller, scheme, question, most(asked.page), walk)
        results = await self._opened(scheme, walk.allowed)
        token = "" if walk.ended else self._tokens.token(caller, query, str(walk.after))
        found = ContactsFound(results=results, page=AccessPageTold(token, len(results)), context=context)
        return await self._logged(caller, asked, found)

    async def _question(self, caller: Caller, asked: SubjectSearch, at: Instant) -> Question | None:
        """None where the answer is nobody, whoever there is: nobody need be looked at."""
        policy = (await self._checks.vocabulary()).policy
        purpose = word(asked.action.name)
        channel = word(asked.resource.id) if asked.resource.type == CHANNEL else NOTHING
        known = purpose in policy.purposes and channel in policy.channels
        if not known or asked.subject.type not in policy.identifiers or not caller.may_use(purpose, channel):
            return None
        return Question(purpose, channel, at)

    async def _walk(self, caller: Caller, scheme: str, question: Question, limit: int, walk: _Walk) -> None:
        """Ends at the first who is one too many: whether anybody follows is told as it is, where a page that
        is full might be the last.
        """
        looked_at = 0
        while not walk.ended and looked_at < LOOKED_AT:
            wanted = max(_FEWEST, min(BLOCK, 2 * (limit + 1 - len(walk.allowed))))
            entries = await self._entries(walk.after, wanted)
            looked_at += len(entries)
            ours = [entry for entry in entries if entry.scheme == scheme]
            allowed = await self._checks.allowed(caller, scheme, [one.digest for one in ours], question)
            yes = {one.id for one, may in zip(ours, allowed, strict=True) if may}
            for entry in entries:
                if entry.id in yes:
                    if len(walk.allowed) == limit:
                        return
                    walk.allowed.append(entry.id)
                walk.after = entry.id
            walk.ended = len(entries) < wanted

    async def _entries(self, after: UUID, limit: int) -> list[Entry]:
        return await self._doing.database.read(lambda connection: entries_after(connection, after, limit))

    async def _opened(self, scheme: str, identifiers: Sequence[IdentifierId]) -> tuple[FoundSubject, ...]:
        """In slices: opening costs some twenty microseconds each, on PostgreSQL on the event loop."""
        keyring, database = self._doing.keyring, self._doing.database
        values: dict[IdentifierId, str] = {}
        for start in range(0, len(identifiers), OPENED):
            some = identifiers[start : start + OPENED]
            read = partial(open_identifiers, keyring=keyring, identifiers=some)
            values |= await with_fresh_keys(keyring, database, partial(database.read, read))
        return tuple(FoundSubject(scheme, values[one]) for one in identifiers if one in values)

    async def _logged(self, caller: Caller, asked: SubjectSearch, found: ContactsFound) -> ContactsFound:
        """The page, once the log says that it was told. Raises Unauthenticated if the caller was revoked."""
        return await self._doing.read(
            caller,
            ACTION,
            lambda _connection, _compiled: ((), found),
            digest=page_digest(self._doing, found.results),
            count=len(found.results),
            scheme=word(asked.subject.type),
            purpose=word(asked.action.name),
            channel=word(asked.resource.id),
        )


def page_digest(doing: Doing, results: Sequence[FoundSubject]) -> str:
    """Of what was told, in its order. Keyed: who reads the log learns nobody by trying addresses."""
    return doing.keyring.digest("authzen-contacts", msgspec.json.encode(results)).hex()
