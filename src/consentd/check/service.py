"""Deciding: one question on the event loop, many in slices off it; always by the same pure function.

Upholds promise 5 (nothing in an answer can be stale: see `statement`) and 17. Checks are counted, not
logged one by one (DESIGN §6).
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec

from consentd.base.clock import Clock
from consentd.base.ids import new_id
from consentd.callers.model import Caller, Scope
from consentd.check.answers import Answer, answer
from consentd.check.caps import reaches
from consentd.check.gathering import Gathered
from consentd.check.questions import CheckAsked, Ready, instant_of, lookups_of, make_ready
from consentd.check.store import Ask, Gatherer, Rows
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_wrapped
from consentd.db.unit import Database
from consentd.kernel.case import Case, Facts
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.decide import decide
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.instants import Instant
from consentd.policy.service import PolicyBook
from consentd.subjects.acts import check_limits
from consentd.subjects.service import open_fact_state

BLOCK = 1024
"""Questions made ready at once."""
SLICE = 256
"""Questions per statement: a few milliseconds of work, so that single checks are not kept waiting."""


class BatchAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: Annotated[tuple[CheckAsked, ...], msgspec.Meta(min_length=1, max_length=10_000)]


class BatchAnswer(msgspec.Struct, frozen=True):
    answers: tuple[Answer, ...]
    """In the order of the items."""


class _Retry(Exception):
    """The policy changed between preparing the question and asking it: prepare it anew."""

    def __init__(self, policy: str) -> None:
        self.policy = policy


class CheckService:
    def __init__(
        self, database: Database, gatherer: Gatherer, keyring: Keyring, policies: PolicyBook, clock: Clock
    ) -> None:
        self._database = database
        self._gatherer = gatherer
        self._keyring = keyring
        self._policies = policies
        self._clock = clock
        self._latest: CompiledPolicy | None = None
        self._reaches: tuple[str, dict[tuple[str, str], int]] = "", {}
        self.asked = 0

    async def check(self, caller: Caller, asked: CheckAsked, language: str = "en") -> Answer:
        """Raises Forbidden for a purpose or channel not given to this system, Unprocessable for a wrong `at`."""
        check_limits(caller, asked.purpose, asked.channel, "")
        at = instant_of(asked.at, self._clock())
        compiled = self._latest or await self._load(None)
        self.asked += 1
        while True:
            ready = make_ready(compiled.policy, asked, at)
            ask = self._ask(compiled, caller, [ready])
            rows = await self._gatherer.one(ask)
            try:
                case = self._cases(compiled, caller, ask, rows, [ready])[0]
            except _Retry as changed:
                compiled = await self._load(changed.policy)
                continue
            decision = decide(compiled, ready.question, case)
            return answer(decision, new_id(), detailed=Scope.REASONS in caller.scopes, language=language)

    async def batch(self, caller: Caller, asked: BatchAsked, language: str = "en") -> BatchAnswer:
        """Answers in order. What this system may not ask about raises Forbidden for the whole batch."""
        now = self._clock()
        instants = {item.at: instant_of(item.at, now) for item in asked.items}
        for index, item in enumerate(asked.items):
            if not caller.may_use(item.purpose, item.channel):
                check_limits(caller, item.purpose, item.channel, f"/items/{index}")
        self.asked += len(asked.items)
        answers: list[Answer | None] = [None] * len(asked.items)
        for start in range(0, len(asked.items), BLOCK):
            block = [(item, instants[item.at]) for item in asked.items[start : start + BLOCK]]
            for index, one in await self._block(caller, block, language):
                answers[start + index] = one
        return BatchAnswer(tuple(one for one in answers if one is not None))

    async def _block(
        self, caller: Caller, items: Sequence[tuple[CheckAsked, Instant]], language: str
    ) -> list[tuple[int, Answer]]:
        compiled = self._latest or await self._load(None)
        while True:
            try:
                return await self._answer_block(compiled, caller, items, language)
            except _Retry as changed:
                compiled = await self._load(changed.policy)

    async def _answer_block(
        self,
        compiled: CompiledPolicy,
        caller: Caller,
        items: Sequence[tuple[CheckAsked, Instant]],
        language: str,
    ) -> list[tuple[int, Answer]]:
        told: list[tuple[int, Answer]] = []
        for indexes, ready, ask in await asyncio.to_thread(self._prepare, compiled, caller, items):
            conclude = partial(self._conclude, compiled, caller, ask, ready, language)
            told += zip(indexes, await self._gatherer.many(ask, conclude), strict=True)
        return told

    def _prepare(
        self, compiled: CompiledPolicy, caller: Caller, items: Sequence[tuple[CheckAsked, Instant]]
    ) -> list[tuple[list[int], list[Ready], Ask]]:
        """Slices that one statement each can answer: same purpose, channel and way of naming."""
        groups: defaultdict[tuple[str, str, bool], list[tuple[int, Ready]]] = defaultdict(list)
        for index, (item, at) in enumerate(items):
            ready = make_ready(compiled.policy, item, at)
            groups[item.purpose, item.channel, bool(ready.points)].append((index, ready))
        slices = [group[at : at + SLICE] for group in groups.values() for at in range(0, len(group), SLICE)]
        return [
            (
                [index for index, _ in one],
                [ready for _, ready in one],
                self._ask(compiled, caller, [r for _, r in one]),
            )
            for one in slices
        ]

    def _conclude(
        self,
        compiled: CompiledPolicy,
        caller: Caller,
        ask: Ask,
        ready: list[Ready],
        language: str,
        rows: Rows,
    ) -> list[Answer]:
        detailed = Scope.REASONS in caller.scopes
        cases = self._cases(compiled, caller, ask, rows, ready)
        return [
            answer(decide(compiled, one.question, case), new_id(), detailed=detailed, language=language)
            for one, case in zip(ready, cases, strict=True)
        ]

    def _ask(self, compiled: CompiledPolicy, caller: Caller, ready: list[Ready]) -> Ask:
        question = ready[0].question
        channel = compiled.channels.get(question.channel)
        reach = self._reach(compiled).get((question.purpose, question.channel))
        return Ask(
            question.purpose,
            question.channel,
            caller.system_id,
            caller.secret_id,
            None if reach is None else min(one.question.at for one in ready) - reach,
            lookups_of(self._keyring, ready),
            () if channel is None else channel.schemes,
            bool(ready[0].points) or channel is None or not channel.schemes,
        )

    def _reach(self, compiled: CompiledPolicy) -> dict[tuple[str, str], int]:
        if self._reaches[0] != compiled.hash:
            self._reaches = compiled.hash, reaches(compiled.policy)
        return self._reaches[1]

    def _cases(
        self, compiled: CompiledPolicy, caller: Caller, ask: Ask, rows: Rows, ready: list[Ready]
    ) -> list[Case]:
        gathered = Gathered(rows, ask.purpose, ask.channel, self._open_facts)
        if not gathered.live:
            raise Unauthenticated(
                "token_revoked",
                "This system's access was revoked. Ask whoever runs consentd for a new secret.",
            )
        if gathered.policy != compiled.hash:
            raise _Retry(gathered.policy or "")
        return [gathered.case(index, one) for index, one in enumerate(ready)]

    def _open_facts(self, subject: Any, key: Any, wrapper: Any, sealed: bytes, wrapped: bytes) -> Facts:
        content = open_wrapped(self._keyring, _uuid(key), _uuid(wrapper), wrapped)
        return open_fact_state(content, _uuid(subject), sealed)

    async def _load(self, hash_: str | None) -> CompiledPolicy:
        """The policy of a hash, or the active one. An unknown one is loaded before anything is answered."""
        compiled = self._policies.get(hash_) if hash_ else None
        if compiled is None:
            compiled = await self._database.read(
                lambda connection: (
                    self._policies.load(connection, hash_) if hash_ else self._policies.active(connection)
                )
            )
        self._latest = compiled
        return compiled


def _uuid(raw: Any) -> UUID:  # Any: bytes from SQLite, UUID from PostgreSQL
    return UUID(bytes=raw) if isinstance(raw, bytes) else raw
