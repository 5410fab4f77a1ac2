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

import msgspec

from consentd.callers.model import Caller
from consentd.check import plain
from consentd.check.asking import Asking, require
from consentd.check.lists import statement as st
from consentd.check.outcomes import Lapses
from consentd.check.questions import Way, ready_by_name
from consentd.check.raw import NOBODY_KNOWN, RawId
from consentd.check.store import AskList, Gatherer, Rows
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
_HERE, _ELSEWHERE, _SOMEBODY = UUID(int=1), UUID(int=2), UUID(int=3)
"""Stand for the address asked about, another one and its holder, where it does not matter which they are."""

_class = msgspec.json.Decoder(st.Class).decode
_control = msgspec.json.Decoder(st.Control).decode
_of_facts = msgspec.json.Decoder(st.OfFacts).decode


class Decided:
    """What came of a slice. `found`: the statement's row of whoever was decided by it alone. `others`:
    look-up entries of more who may be contacted; who they are is still to be found out.
    """

    __slots__ = ("decisions", "found", "others")

    def __init__(self, decisions: list[Decision]) -> None:
        self.decisions = decisions
        self.found: list[Sequence[Any] | None] = [None] * len(decisions)
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
        self._known: dict[str, Decision] = {}
        # Which kinds of facts each class looked at, and all of them together.
        self._looked_at: dict[str, int] = {}
        self._looked = 0
        # The first slice brings all of them: what will be looked at is not known yet.
        self._brought = ALL_KINDS
        self._nobody = decide(compiled, question, NOBODY_KNOWN)
        self._age_matters = Lapses(compiled).any(question.purpose, question.channel)
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
        if self._by_class:
            decided, odd = await self._slice(entries)
        else:
            decided, odd = Decided([self._nobody] * len(values)), list(range(len(values)))
        if odd:
            await self._one_by_one(values, entries, odd, decided)
        return decided

    async def _slice(self, entries: list[list[bytes]]) -> tuple[Decided, list[int]]:
        """Decides on all but those whose numbers it returns."""
        digests = [digest for version in entries for digest in version]
        # In their order, so that neighbours in the index are read one after the other.
        order = sorted(range(len(digests)), key=digests.__getitem__)
        digests = [digests[number] for number in order]
        if len(entries) > 1:
            order = [number % len(entries[0]) for number in order]
        while True:
            decided, again, control, facts = self._sorted(await self._rows(digests), order, len(entries[0]))
            require(self._compiled, live=self._caller is None or control.live, policy=control.policy)
            self._few = control.held <= st.FEW
            if not self._looked & ~self._brought:
                break
            # A class looked at what was not brought: all of it is asked again, with that.
            self._brought |= self._looked
        for row in facts:
            self._with_facts(row, order, decided)
        self._brought = self._looked
        return decided, again

    async def _rows(self, digests: list[bytes]) -> Rows:
        caller, question = self._caller, self._question
        return await self._gatherer.listed(
            AskList(
                digests,
                self._scheme,
                question.purpose,
                question.channel,
                question.at,
                caller.system_id if caller else SystemId(NOBODY),
                caller.secret_id if caller else SecretId(NOBODY),
                self._few,
                self._age_matters,
                self._brought,
            )
        )

    def _sorted(
        self, rows: Rows, order: Sequence[int], size: int
    ) -> tuple[Decided, list[int], st.Control, list[Sequence[Any]]]:
        """Decisions by class alone; who is to be asked about one by one; the control row; rows of facts."""
        decided = Decided([self._nobody] * size)
        known, decisions, found = self._known, decided.decisions, decided.found
        again: set[int] = set()
        apart: list[Sequence[Any]] = []
        for row in rows:
            n, _, about = row
            decision = known.get(about)
            if decision is None:
                if n < 0:
                    apart.append(row)
                    continue
                decision = self._learn(about)
            number = order[n]
            if decision is None:
                again.add(number)
            elif (before := found[number]) is None:
                found[number] = row
                decisions[number] = decision
            elif before[1:] != row[1:]:
                # Two people, two choices, two capacities: not for a class to decide. Else several systems
                # say that the address is this person's.
                again.add(number)
        for number in again:
            found[number] = None
        control = next(row for row in apart if row[st.N] == st.CONTROL)
        facts = [row for row in apart if row[st.N] == st.FACTS]
        return decided, sorted(again), _control(control[st.ABOUT]), facts

    def _learn(self, about: str) -> Decision | None:
        """What is decided for this class; None for those out of the ordinary."""
        case = _class(about)
        if case.marks & st.ODD:
            return None
        if len(self._known) >= _MOST:
            self._known.clear()
            self._looked_at.clear()
        watched = _Watched()
        decision = self._known[about] = self._decide(case, cast(Facts, watched))
        self._looked_at[about] = watched.kinds
        self._looked |= watched.kinds
        return decision

    def _with_facts(self, row: Sequence[Any], order: Sequence[int], decided: Decided) -> None:
        """Decides anew where the class looks at them. Raises UnknownKey where they are sealed under a key
        that another process made.
        """
        has = _of_facts(row[st.ABOUT])
        number = order[has.n]
        found = decided.found[number]
        if found is None:
            return
        about = found[st.ABOUT]
        if about not in self._looked_at:
            self._learn(about)
        if not has.kinds & self._looked_at[about]:
            return
        facts = self._asking.open_facts(
            row[st.SUBJECT],
            UUID(hex=has.key),
            UUID(hex=has.wrapper),
            bytes.fromhex(has.facts),
            bytes.fromhex(has.wrapped),
        )
        if facts != NO_FACTS:
            decided.decisions[number] = self._decide(_class(about), facts, UUID(hex=has.point))

    def _decide(self, about: st.Class, facts: Facts, point: UUID = _HERE) -> Decision:
        question = self._question
        known = _plain(about, point, question.at)
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


def _plain(about: st.Class, point: UUID, at: int) -> list[Any]:
    """The same as a row of the plain statement."""
    marks = about.marks
    found: list[Any] = [None] * len(plain.COLUMNS)
    found[plain.POINT] = point
    found[plain.SUBJECT] = found[plain.GROUP] = _SOMEBODY
    found[plain.TERRITORY], found[plain.CAPACITY] = about.territory, about.capacity
    if about.state is not None:
        found[plain.STATE_POINT] = _about(marks, st.HERE, st.EVERYWHERE, point)
        found[plain.STATE], found[plain.PROOF] = about.state, about.proof
        found[plain.NOTICE], found[plain.VERSION] = about.notice, about.version
        # Where it is not told it has come, and any instant until now decides alike.
        found[plain.EFFECTIVE] = at if about.effective is None else about.effective
        found[plain.EXPLICIT], found[plain.PARENTAL] = marks & st.EXPLICIT, marks & st.PARENTAL
    if about.ground is not None:
        found[plain.OBJECTED_PURPOSE] = about.objected_purpose
        found[plain.OBJECTED_CHANNEL] = about.objected_channel
        found[plain.OBJECTED_POINT] = _about(marks, st.OBJECTED_HERE, st.OBJECTED_EVERYWHERE, point)
        found[plain.GROUND], found[plain.OBJECTED_SINCE] = about.ground, 0
    # Only that there are some: `case_of` is handed the function that has them.
    found[plain.FACTS] = b""
    return found


def _about(marks: int, here: int, everywhere: int, point: UUID) -> UUID:
    if marks & here:
        return point
    return NOBODY if marks & everywhere else _ELSEWHERE
