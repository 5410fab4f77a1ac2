"""Evaluations (AuthZEN 1.0, sections 6 and 7), by the service and the statements of `POST /v1/check`.

Upholds promise 5: each decision rests on a statement of its own, also where the call stops at the first of a
kind. What a system may not ask about is denied and not refused: the standard keeps HTTP's errors for what is
wrong with the request, and one such question must not cost a whole array its answers (docs/decisions).
"""

from collections.abc import Sequence

from consentd.callers.model import Caller
from consentd.check.answers import Answer
from consentd.check.authzen import AccessEvaluation, AccessEvaluations, Semantic
from consentd.check.authzen_answers import (
    AccessDecision,
    AccessDecisions,
    outside_limits,
    told,
    undecided,
)
from consentd.check.authzen_questions import (
    defaults_of,
    error_of,
    evaluation_of,
    merged,
    question_of,
)
from consentd.check.questions import CheckAsked
from consentd.check.service import BLOCK, CheckService
from consentd.kernel.errors import Malformed, Unprocessable
from consentd.kernel.instants import Instant

_STOPS: dict[Semantic, bool | None] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}


class Evaluations:
    def __init__(self, checks: CheckService) -> None:
        self._checks = checks

    async def one(self, caller: Caller, asked: AccessEvaluation, language: str = "en") -> AccessDecision:
        """Never an error for what was asked: a wrong instant denies, and `context.error` says so."""
        (decision,) = await self._decided(caller, [asked], language)
        return decision

    async def many(self, caller: Caller, asked: AccessEvaluations, language: str = "en") -> AccessDecisions:
        """Raises Malformed where only one question came and it is none."""
        defaults = defaults_of(asked)
        if not asked.evaluations:
            one = await self.one(caller, evaluation_of(defaults), language)
            return AccessDecisions(one.decision, one.context)
        stop = _STOPS[asked.options.evaluations_semantic]
        found: list[AccessDecision] = []
        for start in range(0, len(asked.evaluations), BLOCK):
            block = [merged(defaults, one) for one in asked.evaluations[start : start + BLOCK]]
            decisions = await self._decided(caller, block, language)
            ends = [n for n, one in enumerate(decisions) if one.decision is stop]
            if ends:
                found += decisions[: ends[0] + 1]
                break
            found += decisions
        return AccessDecisions(evaluations=tuple(found))

    async def _decided(self, caller: Caller, block: Sequence[object], language: str) -> list[AccessDecision]:
        found: list[AccessDecision | None] = []
        asked: list[tuple[CheckAsked, Instant]] = []
        for value in block:
            try:
                evaluation = value if isinstance(value, AccessEvaluation) else evaluation_of(value)
                question = question_of(evaluation)
                at = self._checks.instant(question.at)
            except (Malformed, Unprocessable) as fault:
                found.append(undecided(error_of(fault)))
                continue
            if caller.may_use(question.purpose, question.channel):
                asked.append((question, at))
                found.append(None)
            else:
                found.append(outside_limits(language))
        answers = iter(await self._answers(caller, asked, language))
        return [told(next(answers)) if one is None else one for one in found]

    async def _answers(
        self, caller: Caller, asked: Sequence[tuple[CheckAsked, Instant]], language: str
    ) -> list[Answer]:
        if not asked:
            # Nothing was looked up, so nothing has said yet whether the caller still may call.
            await self._checks.require_live(caller)
            return []
        if len(asked) == 1:
            return [await self._checks.answer(caller, *asked[0], language)]
        return await self._checks.answers(caller, asked, language)
