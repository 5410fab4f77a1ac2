"""Resource and action search (AuthZEN 1.0, sections 8.5 and 8.6): every channel, or every purpose, that the
policy knows and this system may ask about is asked about, by the same statements as any check (promise 5).
"""

from collections.abc import Callable, Sequence

from msgspec import UNSET, UnsetType

from consentd.callers.model import Caller
from consentd.check.authzen import AccessContext, AccessPage, AccessSubject, ActionSearch, ResourceSearch
from consentd.check.authzen_answers import (
    AccessPageTold,
    ActionsFound,
    FoundAction,
    FoundContext,
    FoundResource,
    ResourcesFound,
)
from consentd.check.authzen_pages import PageTokens, most
from consentd.check.authzen_questions import CHANNEL, error_of, question
from consentd.check.questions import CheckAsked
from consentd.check.service import CheckService
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable

Query = tuple[str | None, ...]


class PersonSearch:
    """What may be done about one person."""

    def __init__(self, checks: CheckService, tokens: PageTokens) -> None:
        self._checks = checks
        self._tokens = tokens

    async def channels(self, caller: Caller, asked: ResourceSearch) -> ResourcesFound:
        """Raises Malformed for a token that is not of this query."""
        query = ("resource", asked.resource.type, asked.action.name, *about(asked.subject, asked.context))

        def questions(compiled: CompiledPolicy) -> dict[str, CheckAsked]:
            if asked.resource.type != CHANNEL:
                return {}
            person = (asked.subject.type, asked.subject.id)
            return {
                channel: question(person, asked.action.name, (CHANNEL, channel), asked.context)
                for channel in compiled.policy.channels
            }

        names, page, context = await self._page(caller, asked.page, query, asked.context, questions)
        results = tuple(FoundResource(CHANNEL, name) for name in names)
        return ResourcesFound(results=results, page=page, context=context)

    async def purposes(self, caller: Caller, asked: ActionSearch) -> ActionsFound:
        """Raises Malformed for a token that is not of this query."""
        query = ("action", asked.resource.type, asked.resource.id, *about(asked.subject, asked.context))

        def questions(compiled: CompiledPolicy) -> dict[str, CheckAsked]:
            person, resource = (
                (asked.subject.type, asked.subject.id),
                (asked.resource.type, asked.resource.id),
            )
            return {
                purpose: question(person, purpose, resource, asked.context)
                for purpose in compiled.policy.purposes
            }

        names, page, context = await self._page(caller, asked.page, query, asked.context, questions)
        return ActionsFound(results=tuple(map(FoundAction, names)), page=page, context=context)

    async def _page(
        self,
        caller: Caller,
        page: AccessPage,
        query: Query,
        context: AccessContext,
        questions: Callable[[CompiledPolicy], dict[str, CheckAsked]],
    ) -> tuple[Sequence[str], AccessPageTold, FoundContext | UnsetType]:
        after = self._tokens.position(caller, query, page.token)
        try:
            at = self._checks.instant(None if context.at is UNSET else context.at)
        except Unprocessable as fault:
            await self._checks.require_live(caller)
            return (), AccessPageTold("", 0), FoundContext(error_of(fault))
        while True:
            compiled = await self._checks.vocabulary()
            asked = {
                name: one
                for name, one in sorted(questions(compiled).items())
                if caller.may_use(one.purpose, one.channel) and name > after
            }
            if not asked:
                await self._checks.require_live(caller)
                return (), AccessPageTold("", 0), UNSET
            answers = await self._checks.answers(caller, [(one, at) for one in asked.values()])
            if all(one.policy == compiled.hash for one in answers):
                break
            # Another policy came into force meanwhile, perhaps with other words: they are asked about too.
        allowed = [name for name, one in zip(asked, answers, strict=True) if one.allow]
        told = allowed[: most(page)]
        more = len(told) < len(allowed)
        token = self._tokens.token(caller, query, told[-1] if told else after) if more else ""
        return told, AccessPageTold(token, len(told)), UNSET


def about(subject: AccessSubject, context: AccessContext) -> Query:
    """Whom and when a token is bound to."""
    point = context.contact_point
    return (
        subject.type,
        subject.id,
        None if context.at is UNSET else context.at,
        None if point is UNSET else point.type,
        None if point is UNSET else point.id,
    )
