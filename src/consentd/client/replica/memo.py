"""Decisions that stand: kept per use beside the people they are about, for as long as nothing changes.

Most people share a few dozen classes of cases; what `decide` said of one is said of all, until the instant at
which it says itself that something changes (DESIGN §5: offered compiled, proven equal by a property test).
What is kept is dropped when anything is told anew about the person, by the policy, or by choices made here.
"""

from array import array
from collections.abc import Hashable, Iterable, Sequence
from typing import cast

import msgspec

from consentd.client.model import Decision
from consentd.kernel.instants import Instant
from consentd.kernel.regime import ALWAYS, NEVER

PLACES = 64
"""An identifier is told by its person's number times this, plus its place among theirs."""
_BEGUN = 1024
_MOST = 1 << 20


class Standing(msgspec.Struct, frozen=True):
    """A decision, and from when until when it is the same to the letter."""

    decision: Decision
    since: Instant
    until: Instant


class Uses:
    """Of one purpose and channel. `codes[place][n]` is 0 where nothing is known."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._codes: list[array[int]] = [array("i") for _ in range(PLACES)]
        self._classes: dict[Hashable, int] = {}
        self.answers: list[Decision | None] = [None]
        self._standing: list[Standing | None] = [None]
        self._from, self._until = ALWAYS, NEVER

    def at(self, instant: Instant) -> None:
        """Forgets what does not hold at this instant."""
        if self._from <= instant < self._until:
            return
        self._from, self._until = ALWAYS, NEVER
        for code, standing in enumerate(self._standing):
            if standing is None:
                continue
            if standing.since <= instant < standing.until:
                self._from = max(self._from, standing.since)
                self._until = min(self._until, standing.until)
            else:
                self.answers[code] = self._standing[code] = None
        self._classes = {key: code for key, code in self._classes.items() if self._standing[code] is not None}

    def known(self, slots: Sequence[int]) -> list[Decision] | None:
        """The fast path: under half a microsecond each (bench/replica.py). None where one is not known. No
        slot is negative.
        """
        by_place, answers = self._codes, self.answers
        try:
            codes = [by_place[slot & 63][slot >> 6] for slot in slots]
        except IndexError:
            return None
        if any(answers[code] is None for code in set(codes)):
            return None
        return cast("list[Decision]", [answers[code] for code in codes])

    def one(self, slot: int) -> Decision | None:
        codes = self._codes[slot & 63]
        n = slot >> 6
        return self.answers[codes[n]] if n < len(codes) else None

    def of_class(self, key: Hashable) -> int | None:
        return self._classes.get(key)

    def keep(self, slots: Iterable[int], standing: Standing, key: Hashable | None = None) -> None:
        """`key`: of the class that it was decided for; None: for these alone."""
        if len(self.answers) >= _MOST:
            self.clear()
        code = len(self.answers)
        self.answers.append(standing.decision)
        self._standing.append(standing)
        self._from = max(self._from, standing.since)
        self._until = min(self._until, standing.until)
        if key is not None:
            self._classes[key] = code
        self.assign(slots, code)

    def assign(self, slots: Iterable[int], code: int) -> None:
        for slot in slots:
            codes = self._codes[slot & 63]
            n = slot >> 6
            if n >= len(codes):
                codes.extend([0] * (max(_BEGUN, n + n // 8 + 1) - len(codes)))
            codes[n] = code

    def forget(self, n: int) -> None:
        """Whatever is known of one person."""
        for codes in self._codes:
            if n < len(codes):
                codes[n] = 0

    def reword(self, bound: object) -> None:
        """Says in every answer that stands how old it may be."""
        for code, answer in enumerate(self.answers):
            if answer is not None:
                self.answers[code] = msgspec.structs.replace(answer, bound=bound)
