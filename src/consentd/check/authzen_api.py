"""AuthZEN 1.0 over HTTP, beside the native check: the standard's addresses, names and errors.

Upholds promise 8 by the same means as every route; what the standard orders otherwise than we do elsewhere
(unknown members ignored, 400 for what is wrong in a body) is asked for by `lenient`, by name.
"""

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from consentd.base.described import described
from consentd.callers.access import PUBLIC, needs
from consentd.callers.model import Scope
from consentd.check import authzen_examples as examples
from consentd.check.api import language_of
from consentd.check.authzen import (
    AccessEvaluation,
    AccessEvaluations,
    ActionSearch,
    ResourceSearch,
    SubjectSearch,
)
from consentd.check.authzen_answers import (
    AccessDecision,
    AccessDecisions,
    ActionsFound,
    ContactsFound,
    ResourcesFound,
)
from consentd.check.authzen_contacts import ContactSearch
from consentd.check.authzen_evaluating import Evaluations
from consentd.check.authzen_pages import PageTokens
from consentd.check.authzen_searching import PersonSearch
from consentd.check.beside import SMALL, Batches
from consentd.check.pipe import Asked
from consentd.check.service import CheckService
from consentd.subjects.doing import Doing
from consentd.web.answer import encoded
from consentd.web.call import Call, lenient, reads

_FEW = 100
"""Evaluations that are decided where they came in."""
_STANDARD = lenient("OpenID Authorization API 1.0")
_PATHS = {
    "access_evaluation_endpoint": "/access/v1/evaluation",
    "access_evaluations_endpoint": "/access/v1/evaluations",
    "search_subject_endpoint": "/access/v1/search/subject",
    "search_resource_endpoint": "/access/v1/search/resource",
    "search_action_endpoint": "/access/v1/search/action",
}


def routes(checks: CheckService, doing: Doing, batches: Batches, public_url: str) -> list[HTTPRouteHandler]:
    evaluations = Evaluations(checks)
    tokens = PageTokens(doing.keyring)
    person, contacts = PersonSearch(checks, tokens), ContactSearch(checks, doing, tokens)

    @post(
        _PATHS["access_evaluation_endpoint"],
        opt=needs(Scope.CHECK)
        | _STANDARD
        | described(examples=examples.EVALUATION, answer=examples.DECISION),
        status_code=200,
        tags=["authzen"],
        operation_id="accessEvaluation",
        summary="AuthZEN: may I contact this person?",
    )
    async def evaluation(request: Call, data: JSONBody[AccessEvaluation]) -> AccessDecision:
        """The question of `POST /v1/check` in the standard's words; whatever is unknown is denied.

        `subject` is a person by one identifier (`type` is its scheme), `action` the purpose, `resource` a
        channel.
        """
        return await evaluations.one(request.caller, data, language_of(request))

    @post(
        _PATHS["access_evaluations_endpoint"],
        opt=needs(Scope.CHECK)
        | _STANDARD
        | reads(AccessEvaluations)
        | described(examples=examples.EVALUATIONS, answer=examples.DECISIONS),
        status_code=200,
        tags=["authzen"],
        operation_id="accessEvaluations",
        summary="AuthZEN: may I contact these people?",
    )
    async def many(request: Call) -> Response[AccessDecisions]:
        """Up to 10,000 questions, answered in order; what stands at the top is the default of each.

        Each of `evaluations` takes the members of an evaluation. One that cannot be read is denied in its
        place, with `context.error`. `options.evaluations_semantic` stops at the first denial or permission.
        """
        body = await request.body()
        if len(body) <= SMALL:
            asked = await request.json()
            # An evaluation that is all defaults takes three bytes: the size alone does not bound the work.
            if len(asked.evaluations) <= _FEW:
                return Response(await evaluations.many(request.caller, asked, language_of(request)))
        told = await batches.answer(Asked(request.caller, language_of(request), body, "authzen"))
        checks.count(told.count, told.allowed)
        return encoded(told.content)

    @post(
        _PATHS["search_subject_endpoint"],
        opt=needs(Scope.CHECK, Scope.CONSENT_READ)
        | _STANDARD
        | described(examples=examples.SUBJECT, answer=examples.CONTACTS),
        status_code=200,
        tags=["authzen"],
        operation_id="searchSubjects",
        summary="AuthZEN: whom may I contact?",
    )
    async def subjects(request: Call, data: JSONBody[SubjectSearch]) -> ContactsFound:
        """The identifiers of the scheme `subject.type` of everybody who may be contacted, in pages.

        A page may hold fewer results than `limit`, even none, and still lead on: go on until `next_token` is
        empty. Each page is logged before it is answered.
        """
        return await contacts.page(request.caller, data)

    @post(
        _PATHS["search_resource_endpoint"],
        opt=needs(Scope.CHECK) | _STANDARD | described(examples=examples.RESOURCE, answer=examples.CHANNELS),
        status_code=200,
        tags=["authzen"],
        operation_id="searchResources",
        summary="AuthZEN: through which channels may I contact this person?",
    )
    async def resources(request: Call, data: JSONBody[ResourceSearch]) -> ResourcesFound:
        """The channels that are allowed for this purpose, among those that this system may ask about."""
        return await person.channels(request.caller, data)

    @post(
        _PATHS["search_action_endpoint"],
        opt=needs(Scope.CHECK) | _STANDARD | described(examples=examples.ACTION, answer=examples.PURPOSES),
        status_code=200,
        tags=["authzen"],
        operation_id="searchActions",
        summary="AuthZEN: for what may I contact this person?",
    )
    async def actions(request: Call, data: JSONBody[ActionSearch]) -> ActionsFound:
        """The purposes that are allowed through this channel, among those that this system may ask about."""
        return await person.purposes(request.caller, data)

    metadata = {
        "policy_decision_point": public_url,
        **{name: public_url + path for name, path in _PATHS.items()},
    }

    @get(
        "/.well-known/authzen-configuration",
        opt={**PUBLIC, **described(answer=metadata)},
        tags=["authzen"],
        operation_id="getAuthzenConfiguration",
    )
    async def configuration() -> dict[str, Any]:  # Any: a document of the standard, not of ours
        """Where what of AuthZEN 1.0 is offered (section 9)."""
        return metadata

    return [evaluation, many, subjects, resources, actions, configuration]
