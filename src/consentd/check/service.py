"""Deciding: one question on the event loop, many in slices off it; always by the same pure function.

Upholds promise 5 (nothing in an answer can be stale: see `plain` and `statement`) and 17. Checks are
counted, not logged one by one (docs/log.md).
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import msgspec

from consentd.base.clock import Clock
from consentd.base.counts import Cell, Counts
from consentd.base.ids import new_id
from consentd.callers.model import Caller, Scope
from consentd.check.answers import Answer, answer
from consentd.check.asking import Asking, PolicyChanged
from consentd.check.questions import CheckAsked, Ready, Way, instant_of, make_ready
from consentd.check.store import Ask, Gatherer, Rows
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database
from consentd.kernel.case import Decision
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import Instant
from consentd.policy.service import PolicyBook
from consentd.subjects.acts import check_limits

BLOCK = 1024
"""Questions made ready and decided between two looks at the event loop's other work."""


class BatchAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: Annotated[tuple[CheckAsked, ...], msgspec.Meta(min_length=1, max_length=10_000)]


class BatchAnswer(msgspec.Struct, frozen=True):
    answers: tuple[Answer, ...]
    """In the order of the items."""


class _Slice(msgspec.Struct, frozen=True):
    """Questions that one statement answers, and which of a block they are."""

    indexes: list[int]
    ready: list[Ready]
    ask: Ask


class CheckService:
    def __init__(
        self,
        database: Database,
        gatherer: Gatherer,
        keyring: Keyring,
        policies: PolicyBook,
        clock: Clock,
        counts: Counts | None = None,
    ) -> None:
        self._database = database
        self._gatherer = gatherer
        self._keyring = keyring
        self._policies = policies
        self._clock = clock
        self._asking = Asking(keyring)
        self._latest: CompiledPolicy | None = None
        self._counts = counts or Counts()

    async def check(self, caller: Caller, asked: CheckAsked, language: str = "en") -> Answer:
        """Raises Forbidden for what was not given to this system, Unprocessable for a wrong `at`."""
        check_limits(caller, asked.purpose, asked.channel, "")
        at = instant_of(asked.at, self._clock())
        compiled = self._latest or await self._load(None)
        self._counts.add(Cell.CHECKS_ASKED)
        while True:
            ready = make_ready(compiled.policy, asked, at)
            try:
                decision = await with_fresh_keys(
                    self._keyring, self._database, partial(self._decide, compiled, caller, ready)
                )
            except PolicyChanged as changed:
                compiled = await self._load(changed.policy)
                continue
            self._counts.add(Cell.CHECKS_ALLOWED if decision.allow else Cell.CHECKS_DENIED)
            return answer(decision, new_id(), detailed=Scope.REASONS in caller.scopes, language=language)

    async def _decide(self, compiled: CompiledPolicy, caller: Caller, ready: Ready) -> Decision:
        ask = self._asking.ask(compiled, caller, [ready])
        (decision,) = self._asking.decisions(compiled, ask, [ready], await self._gatherer.one(ask))
        if decision is None:
            ask = self._asking.ask(compiled, caller, [ready], "chosen")
            (decision,) = self._asking.decisions(compiled, ask, [ready], await self._gatherer.one(ask))
        assert decision is not None  # the general statement answers every question
        return decision

    async def batch(self, caller: Caller, asked: BatchAsked, language: str = "en") -> BatchAnswer:
        """Answers in order. What this system may not ask about raises Forbidden for the whole batch."""
        now = self._clock()
        instants = {item.at: instant_of(item.at, now) for item in asked.items}
        for index, item in enumerate(asked.items):
            if not caller.may_use(item.purpose, item.channel):
                check_limits(caller, item.purpose, item.channel, f"/items/{index}")
        self._counts.add(Cell.CHECKS_ASKED, len(asked.items))
        answers: list[Answer] = []
        for start in range(0, len(asked.items), BLOCK):
            block = [(item, instants[item.at]) for item in asked.items[start : start + BLOCK]]
            answers += await self._block(caller, block, language)
        self.count(0, sum(one.allow for one in answers), len(answers))
        return BatchAnswer(tuple(answers))

    def count(self, asked: int, allowed: int, answered: int) -> None:
        """Counts what was asked and answered, here or in the process of large batches."""
        self._counts.add(Cell.CHECKS_ASKED, asked)
        self._counts.add(Cell.CHECKS_ALLOWED, allowed)
        self._counts.add(Cell.CHECKS_DENIED, answered - allowed)

    async def _block(
        self, caller: Caller, items: Sequence[tuple[CheckAsked, Instant]], language: str
    ) -> list[Answer]:
        compiled = self._latest or await self._load(None)
        while True:
            try:
                return await with_fresh_keys(
                    self._keyring,
                    self._database,
                    partial(self._answer_block, compiled, caller, items, language),
                )
            except PolicyChanged as changed:
                compiled = await self._load(changed.policy)

    async def _answer_block(
        self,
        compiled: CompiledPolicy,
        caller: Caller,
        items: Sequence[tuple[CheckAsked, Instant]],
        language: str,
    ) -> list[Answer]:
        detailed = Scope.REASONS in caller.scopes
        answers: dict[int, Answer] = {}
        slices = await asyncio.to_thread(self._prepare, compiled, caller, items)
        while slices:
            left: list[tuple[int, Ready]] = []

            def conclude(number: int, rows: Rows, slices: list[_Slice] = slices) -> list[tuple[int, Ready]]:
                again: list[tuple[int, Ready]] = []
                one = slices[number]
                decisions = self._asking.decisions(compiled, one.ask, one.ready, rows)
                for index, ready, decision in zip(one.indexes, one.ready, decisions, strict=True):
                    if decision is None:
                        again.append((index, ready))
                        continue
                    answers[index] = answer(decision, new_id(), detailed=detailed, language=language)
                return again

            for again in await self._gatherer.many([one.ask for one in slices], conclude):
                left += again
            slices = self._sliced(compiled, caller, left, "chosen")
        return [answers[index] for index in range(len(items))]

    def _prepare(
        self, compiled: CompiledPolicy, caller: Caller, items: Sequence[tuple[CheckAsked, Instant]]
    ) -> list[_Slice]:
        ready = [(index, make_ready(compiled.policy, item, at)) for index, (item, at) in enumerate(items)]
        return self._sliced(compiled, caller, ready)

    def _sliced(
        self,
        compiled: CompiledPolicy,
        caller: Caller,
        ready: Sequence[tuple[int, Ready]],
        way: Way | None = None,
    ) -> list[_Slice]:
        groups: defaultdict[tuple[str, str, Way], list[tuple[int, Ready]]] = defaultdict(list)
        for index, one in ready:
            groups[one.question.purpose, one.question.channel, way or one.way].append((index, one))
        size = self._gatherer.slice
        found: list[_Slice] = []
        for (_, _, way_), group in groups.items():
            for start in range(0, len(group), size):
                indexes, questions = zip(*group[start : start + size], strict=True)
                ask = self._asking.ask(compiled, caller, questions, way_)
                found.append(_Slice(list(indexes), list(questions), ask))
        return found

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
