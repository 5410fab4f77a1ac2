"""Deciding: one question on the event loop, many in slices off it; always by the same pure function.

Upholds promise 5 (nothing in an answer can be stale: see `plain` and `statement`) and 17. Checks are
counted, not logged one by one (docs/log.md).
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, TypeVar

import msgspec

from consentd.base.clock import Clock
from consentd.base.counts import Cell, Counts
from consentd.base.ids import new_id
from consentd.callers.model import Caller, Scope
from consentd.callers.service import assert_live
from consentd.check.answers import Answer, answer
from consentd.check.asking import Asking, PolicyChanged
from consentd.check.questions import CheckAsked, Ready, Way, instant_of, make_ready, ready_by_entry
from consentd.check.store import Ask, Gatherer, Rows
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database
from consentd.kernel.case import Decision, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unprocessable, wrong
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy
from consentd.policy.service import PolicyBook
from consentd.subjects.acts import check_limits

S = TypeVar("S")
T = TypeVar("T")

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
        self.asked = 0
        self.allows = 0
        """How many decisions were made here, and how many of them allowed."""

    async def check(self, caller: Caller, asked: CheckAsked, language: str = "en") -> Answer:
        """Raises Forbidden for what was not given to this system, Unprocessable for a wrong `at`."""
        check_limits(caller, asked.purpose, asked.channel, "")
        return await self.answer(caller, asked, self.instant(asked.at), language)

    async def answer(self, caller: Caller, asked: CheckAsked, at: Instant, language: str = "en") -> Answer:
        """The same for what this system may ask about, at an instant found right (`instant`)."""

        async def decided(compiled: CompiledPolicy) -> Decision:
            return await self._decide(compiled, caller, make_ready(compiled.policy, asked, at))

        decision = await self._under_policy(decided)
        self.count(1, decision.allow)
        return answer(decision, new_id(), detailed=Scope.REASONS in caller.scopes, language=language)

    def count(self, asked: int, allowed: int) -> None:
        """Counts what was decided, here or in the process of large batches."""
        self.asked += asked
        self.allows += allowed
        self._counts.add(Cell.CHECKS_ASKED, asked)
        self._counts.add(Cell.CHECKS_ALLOWED, allowed)
        self._counts.add(Cell.CHECKS_DENIED, asked - allowed)

    def instant(self, at: str | None) -> Instant:
        """Raises Unprocessable for what is no time, in the past, or more than 31 days ahead."""
        return instant_of(at, self._clock())

    async def vocabulary(self) -> CompiledPolicy:
        """The policy in force. What is asked by it may be answered by a newer one, which `policy` tells."""
        return await self._load(None)

    async def require_live(self, caller: Caller) -> None:
        """Raises Unauthenticated if the caller was revoked: for answers that rest on no statement."""
        await self._database.read(lambda connection: assert_live(connection, caller))

    async def _decide(self, compiled: CompiledPolicy, caller: Caller, ready: Ready) -> Decision:
        ask = self._asking.ask(compiled, caller, [ready])
        (decision,) = self._asking.decisions(compiled, ask, [ready], await self._gatherer.one(ask))
        if decision is None:
            ask = self._asking.ask(compiled, caller, [ready], "chosen")
            (decision,) = self._asking.decisions(compiled, ask, [ready], await self._gatherer.one(ask))
        assert decision is not None  # the general statement answers every question
        return decision

    async def batch(self, caller: Caller, asked: BatchAsked, language: str = "en") -> BatchAnswer:
        """Answers in order. What this system may not ask about raises Forbidden for the whole batch, and
        asking for a permit Unprocessable.
        """
        now = self._clock()
        instants = {item.at: instant_of(item.at, now) for item in asked.items}
        for index, item in enumerate(asked.items):
            if item.permit:
                raise _no_permit(index)
            if not caller.may_use(item.purpose, item.channel):
                check_limits(caller, item.purpose, item.channel, f"/items/{index}")
        pairs = [(item, instants[item.at]) for item in asked.items]
        return BatchAnswer(tuple(await self.answers(caller, pairs, language)))

    async def answers(
        self, caller: Caller, items: Sequence[tuple[CheckAsked, Instant]], language: str = "en"
    ) -> list[Answer]:
        """The same for what this system may ask about, at instants found right (`instant`)."""
        detailed = Scope.REASONS in caller.scopes
        answers: list[Answer] = []
        for start in range(0, len(items), BLOCK):
            answers += await self._block(
                caller,
                items[start : start + BLOCK],
                lambda policy, item: make_ready(policy, *item),
                lambda decision: answer(decision, new_id(), detailed=detailed, language=language),
            )
        self.count(len(answers), sum(one.allow for one in answers))
        return answers

    async def allowed(
        self, caller: Caller, scheme: str, entries: Sequence[bytes], question: Question
    ) -> list[bool]:
        """Whether the question is allowed for each of at most BLOCK identifiers of a scheme, told by their
        look-up entries, as if each were asked about by that identifier alone.
        """
        found = await self._block(
            caller,
            entries,
            lambda policy, entry: ready_by_entry(policy, scheme, entry, question),
            lambda decision: decision.allow,
        )
        self.count(len(found), sum(found))
        return found

    async def _under_policy(self, work: Callable[[CompiledPolicy], Awaitable[T]]) -> T:
        """Runs `work` under the policy in force, and again where another came into force meanwhile."""
        compiled = self._latest or await self._load(None)
        while True:
            try:
                return await with_fresh_keys(self._keyring, self._database, partial(work, compiled))
            except PolicyChanged as changed:
                compiled = await self._load(changed.policy)

    async def _block(
        self,
        caller: Caller,
        items: Sequence[S],
        ready_of: Callable[[Policy, S], Ready],
        told: Callable[[Decision], T],
    ) -> list[T]:
        """Decides on at most BLOCK items off the event loop, and tells each decision there too."""

        async def decided(compiled: CompiledPolicy) -> list[T]:
            def prepare() -> list[_Slice]:
                ready = [(index, ready_of(compiled.policy, item)) for index, item in enumerate(items)]
                return self._sliced(compiled, caller, ready)

            found: dict[int, T] = {}
            slices = await asyncio.to_thread(prepare)
            while slices:
                left: list[tuple[int, Ready]] = []

                def conclude(
                    number: int, rows: Rows, slices: list[_Slice] = slices
                ) -> list[tuple[int, Ready]]:
                    again: list[tuple[int, Ready]] = []
                    one = slices[number]
                    decisions = self._asking.decisions(compiled, one.ask, one.ready, rows)
                    for index, ready, decision in zip(one.indexes, one.ready, decisions, strict=True):
                        if decision is None:
                            again.append((index, ready))
                        else:
                            found[index] = told(decision)
                    return again

                for again in await self._gatherer.many([one.ask for one in slices], conclude):
                    left += again
                slices = self._sliced(compiled, caller, left, "chosen")
            return [found[index] for index in range(len(items))]

        return await self._under_policy(decided)

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


def _no_permit(index: int) -> Unprocessable:
    """A permit is a change about one person, made right before one contact; a batch writes nothing."""
    return wrong(
        "permit_in_batch",
        f"/items/{index}/permit",
        "A permit is asked for one contact at a time, with /v1/check.",
    )
