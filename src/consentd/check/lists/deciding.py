"""Deciding a slice of a list: by the class of case where that is the whole of it, else like any check.

All rows of a list are asked about for the same purpose, channel and instant. So whatever places a person in a
class (`statement`) decides, once for the whole list, as long as the answer does not depend on when the choice
was made. Facts are opened for whoever has some; where those that the decision looked at say nothing, the
class decides too. Whoever is out of the ordinary is asked about again by the statements of single checks.
`tests/check/test_lists_decide_alike.py` holds all of it to the single check.
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from consentd.callers.model import Caller
from consentd.check import plain
from consentd.check.asking import Asking, require
from consentd.check.lists import statement as st
from consentd.check.outcomes import GRANTED, Lapses
from consentd.check.questions import Way, ready_by_name
from consentd.check.raw import NOBODY_KNOWN, RawId
from consentd.check.store import AskList, Gatherer
from consentd.crypto.keyring import Keyring
from consentd.kernel.case import NO_FACTS, Decision, Facts, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.decide import decide
from consentd.kernel.ids import NOBODY, SecretId, SystemId
from consentd.subjects.facts import ALL_KINDS, BEHIND
from consentd.subjects.spelling import Named

SLICE = 32_768
"""Rows that one statement answers: few enough to be fresh, half a second old at most, and many enough that a
large population is read in its own order instead of at random, which is a fifth faster than with 8,192.
"""
_MOST = 4096


class Decided:
    """What came of a slice. `found`: the statement's row of whoever was decided by it alone. `others`:
    look-up entries of more who may be contacted; who they are is still to be found out.
    """

    __slots__ = ("decisions", "found", "others")

    def __init__(self, decisions: list[Decision]) -> None:
        self.decisions = decisions
        self.found: list[Sequence[Any] | None] = []
        self.others: list[bytes] = []

    def subjects(self) -> list[RawId]:
        """Who may be contacted, but for `others`."""
        rows = zip(self.found, self.decisions, strict=False)
        return [row[st.SUBJECT] for row, decision in rows if row is not None and decision.allow]


class ListDecider:
    """For one list. `caller`: None for the operator."""

    def __init__(
        self,
        gatherer: Gatherer,
        keyring: Keyring,
        compiled: CompiledPolicy,
        caller: Caller | None,
        question: Question,
        scheme: str,
    ) -> None:
        self._gatherer = gatherer
        self._keyring = keyring
        self._compiled = compiled
        self._caller = caller
        self._question = question
        self._scheme = scheme
        self._asking = Asking(keyring)
        self._few = True
        self._known: dict[Sequence[Any], Decision] = {}
        # Which kinds of facts each class looked at, and all of them together.
        self._looked_at: dict[Sequence[Any], int] = {}
        self._looked = 0
        # The first slice brings all of them: what will be looked at is not known yet.
        self._brought = ALL_KINDS
        self._nobody = decide(compiled, question, NOBODY_KNOWN)
        self._lapses = Lapses(compiled)
        channel = compiled.channels.get(question.channel)
        self._by_class = (
            channel is not None
            and scheme in channel.schemes
            and not self._asking.limited(compiled, question.purpose, question.channel)
        )

    async def decide(self, values: Sequence[str]) -> Decided:
        """On spelled identifiers, at most SLICE of them. Raises Unauthenticated if the caller was revoked,
        PolicyChanged if another policy came into force.
        """
        entries = self._keyring.blind_indexes(self._scheme, [value.encode() for value in values])
        decided = Decided([self._nobody] * len(values))
        odd: list[int] | range = range(len(values))
        if self._by_class:
            odd = await self._slice(entries, decided)
        if odd:
            await self._one_by_one(values, entries, odd, decided)
        return decided

    async def _slice(self, entries: list[list[bytes]], decided: Decided) -> list[int]:
        """Decides on all but those whose numbers it returns."""
        size = len(entries[0])
        digests = [digest for version in entries for digest in version]
        # In their order, so that neighbours in the index are read one after the other.
        order = sorted(range(len(digests)), key=digests.__getitem__)
        caller, question = self._caller, self._question
        rows = await self._gatherer.listed(
            AskList(
                [digests[number] for number in order],
                self._scheme,
                question.purpose,
                question.channel,
                question.at,
                caller.system_id if caller else SystemId(NOBODY),
                caller.secret_id if caller else SecretId(NOBODY),
                self._few,
                self._brought,
            )
        )
        control = next(row for row in rows if row[st.N] == st.CONTROL)
        require(self._compiled, live=caller is None or control[st.LIVE], policy=control[st.POLICY])
        self._few = st.held_of(control) <= st.FEW
        known, decisions = self._known, decided.decisions
        found: list[Sequence[Any] | None] = [None] * size
        again: set[int] = set()
        if len(entries) > 1:
            order = [number % size for number in order]
        for row in rows:
            if row is control:
                continue
            number = order[row[st.N]]
            before = found[number]
            if before is not None and before[1:] == row[1:]:
                # Several systems say that the address is this person's.
                continue
            if before is not None or row[st.MARKS] & st.ODD:
                # Two people, two choices, two capacities: not for a class to decide.
                again.add(number)
                continue
            found[number] = row
            kinds = row[st.KINDS]
            decision = None if kinds and kinds & self._looked else known.get(row[st.TERRITORY :])
            if decision is None:
                decision = self._of(row)
                if decision is None:
                    again.add(number)
                    continue
            decisions[number] = decision
        self._brought = self._looked
        for number in again:
            found[number] = None
        decided.found = found
        return sorted(again)

    def _of(self, row: Sequence[Any]) -> Decision | None:
        """None where that takes facts which were not brought. Raises UnknownKey where they are sealed under a
        key that another process made.
        """
        state, about, looked = row[st.STATE], None, ALL_KINDS
        lapses = state in GRANTED and self._lapses.any(self._question.purpose, self._question.channel)
        if not lapses and (state is None or row[st.MARKS] & st.CURRENT):
            about = row[st.TERRITORY :]
            if about not in self._known:
                self._learn(about, row)
            looked = self._looked_at[about]
        self._looked |= looked
        facts = NO_FACTS
        if (row[st.KINDS] or 0) & looked:
            if row[st.FACTS] is None:
                return None
            facts = self._facts(row)
        return self._known[about] if about and facts == NO_FACTS else self._decide(row, facts)

    def _learn(self, about: Sequence[Any], row: Sequence[Any]) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
            self._looked_at.clear()
        watched = _Watched()
        self._known[about] = self._decide(row, cast(Facts, watched))
        self._looked_at[about] = watched.kinds

    def _facts(self, row: Sequence[Any]) -> Facts:
        return self._asking.open_facts(
            row[st.SUBJECT], row[st.KEY], row[st.WRAPPER], row[st.FACTS], row[st.WRAPPED]
        )

    def _decide(self, row: Sequence[Any], facts: Facts) -> Decision:
        question = self._question
        known = _plain(row)
        case = plain.case_of([known], question.purpose, question.channel, lambda *_: facts)
        return decide(self._compiled, question, case)

    async def _one_by_one(
        self, values: Sequence[str], entries: list[list[bytes]], numbers: Sequence[int], decided: Decided
    ) -> None:
        """By the statements of single checks: the plain one where it will do, else the general one."""
        policy, question = self._compiled.policy, self._question
        ready = {
            number: ready_by_name(policy, Named(self._scheme, values[number]), question) for number in numbers
        }
        left = list(numbers)
        way: Way | None = None
        while left:
            some, left = left, []
            for start in range(0, len(some), self._gatherer.slice):
                part = some[start : start + self._gatherer.slice]
                questions = [ready[number] for number in part]
                ask = self._asking.ask(self._compiled, self._caller, questions, way)
                found = self._asking.decisions(self._compiled, ask, questions, await self._gatherer.one(ask))
                for number, decision in zip(part, found, strict=True):
                    if decision is None:
                        left.append(number)
                    else:
                        decided.decisions[number] = decision
            way = "chosen"
        decided.others += [
            version[number] for number in numbers if decided.decisions[number].allow for version in entries
        ]


class _Watched:
    """Passes for the facts of somebody of whom there are none, and remembers which kinds were looked at: who
    has others, but not of those kinds, is decided alike.
    """

    def __init__(self) -> None:
        self.kinds = 0

    def __getattr__(self, name: str) -> object:
        self.kinds |= BEHIND[name]
        return getattr(NO_FACTS, name)


_HERE, _ELSEWHERE = UUID(int=1), UUID(int=2)
"""Stand for the address asked about and for another one, where it does not matter which they are."""


def _plain(row: Sequence[Any]) -> list[Any]:
    """The same as a row of the plain statement."""
    point = _HERE if row[st.POINT] is None else row[st.POINT]
    marks = row[st.MARKS]
    found: list[Any] = [None] * len(plain.COLUMNS)
    found[plain.POINT] = point
    found[plain.SUBJECT] = found[plain.GROUP] = row[st.SUBJECT]
    found[plain.TERRITORY], found[plain.CAPACITY] = row[st.TERRITORY], row[st.CAPACITY]
    if row[st.STATE] is not None:
        found[plain.STATE_POINT] = _about(marks, st.HERE, st.EVERYWHERE, point)
        found[plain.STATE], found[plain.PROOF] = row[st.STATE], row[st.PROOF]
        found[plain.NOTICE], found[plain.VERSION] = row[st.NOTICE], row[st.VERSION]
        found[plain.EFFECTIVE] = row[st.EFFECTIVE]
        found[plain.EXPLICIT], found[plain.PARENTAL] = marks & st.EXPLICIT, marks & st.PARENTAL
    if row[st.GROUND] is not None:
        found[plain.OBJECTED_PURPOSE] = row[st.OBJECTED_PURPOSE]
        found[plain.OBJECTED_CHANNEL] = row[st.OBJECTED_CHANNEL]
        found[plain.OBJECTED_POINT] = _about(marks, st.OBJECTED_HERE, st.OBJECTED_EVERYWHERE, point)
        found[plain.GROUND], found[plain.OBJECTED_SINCE] = row[st.GROUND], 0
    # Only that there are some: `case_of` is handed the function that has them.
    found[plain.FACTS] = b""
    return found


def _about(marks: int, here: int, everywhere: int, point: UUID) -> UUID:
    if marks & here:
        return point
    return NOBODY if marks & everywhere else _ELSEWHERE
