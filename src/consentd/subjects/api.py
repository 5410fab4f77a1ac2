"""People over HTTP: looking up, and the pairs that may be one person. No identifier is ever in a URL."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, QueryParameter

from consentd.base.described import described, leads_to
from consentd.base.i18n import choose
from consentd.callers.access import needs
from consentd.callers.model import Scope
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import SubjectId
from consentd.subjects import examples, proposals, service
from consentd.subjects.doing import Doing
from consentd.subjects.proposals import MergeCandidate
from consentd.subjects.requests import Identifier, Territory
from consentd.web.call import Call
from consentd.web.cursors import decode_cursor, encode_cursor

_PAGE = 100
_LINKS = {
    "consents": leads_to("getConsents", subject_id="$response.body#/subjects/0/id"),
    "history": leads_to("getHistory", subject_id="$response.body#/subjects/0/id"),
}


class Lookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identifiers: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=20)]
    territory: Territory | None = None


class SubjectFound(msgspec.Struct, frozen=True):
    id: UUID
    territory: str | None


class SubjectsFound(msgspec.Struct, frozen=True):
    """Everyone who holds one of the identifiers: none, one, or the several who share it."""

    subjects: tuple[SubjectFound, ...]


class MergeCandidates(msgspec.Struct, frozen=True):
    candidates: tuple[MergeCandidate, ...]
    next: str | None
    """Pass it as `cursor` for the next page; null on the last."""


def routes(doing: Doing) -> list[HTTPRouteHandler]:
    @post(
        "/v1/subjects/lookup",
        opt=needs(Scope.CONSENT_READ)
        | described(examples=examples.LOOKUP, links=_LINKS, answer=examples.FOUND),
        status_code=200,
        tags=["people"],
        operation_id="lookupSubjects",
        summary="Find a person by identifiers",
    )
    async def lookup(request: Call, data: JSONBody[Lookup]) -> SubjectsFound:
        """The ids by which the other calls name people. Logged before it is answered."""

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], SubjectsFound]:
            found = service.look_up(
                connection, doing.keyring, compiled.policy, data.identifiers, data.territory
            )
            about = [one.id for one in found]
            return about, SubjectsFound(tuple(SubjectFound(one.id, one.territory) for one in found))

        return await doing.read(request.caller, "subject.looked_up", read)

    @get(
        "/v1/merge-candidates",
        opt=needs(Scope.CONSENT_READ) | described(answer=examples.CANDIDATES),
        tags=["people"],
        operation_id="listMergeCandidates",
        summary="Pairs that may be one person",
    )
    async def candidates(
        request: Call,
        status: FromQuery[Literal["open", "approved", "refused"]] = "open",
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = _PAGE,
    ) -> MergeCandidates:
        """Records that may be one person, with what speaks for it; a person decides on each.

        What the identifiers say needs the scope `people:write` too, and is then logged about each person.
        """
        after = decode_cursor(cursor, UUID) if cursor else UUID(int=0)
        opened = Scope.PEOPLE_WRITE in request.caller.scopes
        language = choose(None, request.headers.get("accept-language"))

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[list[SubjectId], MergeCandidates]:
            found = service.merge_candidates(connection, after, limit + 1, status)
            page = found[:limit]
            following = encode_cursor(page[-1].id) if len(found) > limit else None
            told = proposals.told(connection, doing.keyring, page, language, opened=opened)
            return proposals.about(page) if opened else [], MergeCandidates(told, following)

        return await doing.read(request.caller, "merge_candidates.listed", read)

    return [lookup, candidates]
