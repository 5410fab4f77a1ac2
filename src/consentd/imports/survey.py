"""Who may be contacted, before and after: each address of a file is asked about, for each marketing purpose.

`eligible` is compared, not `allow`: it is no matter at which hour a file comes in.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple
from uuid import UUID

from consentd.callers.model import Caller
from consentd.check.questions import CheckAsked, Ready, ready_by_name, spelled
from consentd.check.within import decisions_within, ready_within
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.imports.stated import Stated
from consentd.kernel.case import Decision, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import Instant
from consentd.kernel.layout import Layout
from consentd.subjects import service as subjects
from consentd.subjects.requests import Identifier
from consentd.subjects.spelling import Named

AT_ONCE = 256
"""Rows whose questions are asked together."""

Pair = tuple[str, str]


class Reach(NamedTuple):
    """Contact details for one purpose and channel, or people for any."""

    before: int
    after: int
    become: int
    stop: int


class ToAsk(NamedTuple):
    """Somebody with a claim. `about`: what is claimed and not allowed by anything else either. `by`: the
    permitted channels, with the contact detail that the row has for each; none where nobody may ask them.
    """

    row: Stated
    about: tuple[Pair, ...]
    by: dict[str, str | None]


class Survey:
    """Asks twice about the same rows, in the same order: `before`, then `after`.

    A row is told apart by its first identifier, which is asked about once. Costs one byte for each question.
    Nobody is asked about by an address that is not on record, nor twice where nothing happened to anybody who
    holds it: for a new file, or one that is imported again, that is half of all questions.
    """

    def __init__(
        self, keyring: Keyring, compiled: CompiledPolicy, caller: Caller, layout: Layout, at: Instant
    ) -> None:
        self._keyring = keyring
        self._compiled = compiled
        self._caller = caller
        self._at = at
        policy = compiled.policy
        read = {source.scheme for source in layout.identifiers}
        marketing = [one for one in policy.purposes.values() if one.kind == "direct_marketing"]
        self.pairs: list[Pair] = sorted(
            (purpose.id, channel)
            for purpose in marketing
            for channel in purpose.bases
            if read & set(policy.channels[channel].schemes)
        )
        self.ways: list[Pair] = sorted(
            (purpose.id, channel) for purpose in marketing for channel in purpose.bases if channel != "phone"
        )
        """By which somebody may be asked to confirm: never by telephone (docs/law.md 9)."""
        self._reaching = {scheme for _, channel in self.pairs for scheme in policy.channels[channel].schemes}
        self._before = bytearray()

    def before(self, unit: Unit, rows: Iterable[Stated]) -> None:
        for slice_ in self._slices(rows):
            for found in self._eligible(unit, slice_):
                self._before += bytes(found)

    def after(
        self, unit: Unit, rows: Iterable[Stated], touched: Set[UUID] | None
    ) -> tuple[dict[Pair, Reach], Reach]:
        """For each purpose and channel, and of people at all. `touched`: the people about whom something was
        recorded meanwhile; None where that is not known.
        """
        counts: Counter[tuple[Pair | None, str]] = Counter()
        place, width = 0, len(self.pairs)
        for slice_ in self._slices(rows):
            known = [
                [bool(one) for one in self._before[start : start + width]]
                for start in range(place, place + width * len(slice_), width)
            ]
            place += width * len(slice_)
            found_now = self._eligible(unit, slice_, known, touched)
            for before, found in zip(known, found_now, strict=True):
                for pair, was, now in zip(self.pairs, before, found, strict=True):
                    _count(counts, pair, was, now)
                _count(counts, None, any(before), any(found))

        def reach(pair: Pair | None) -> Reach:
            return Reach(*(counts[pair, word] for word in Reach._fields))

        return {pair: reach(pair) for pair in self.pairs}, reach(None)

    def to_ask(self, unit: Unit, rows: Sequence[tuple[Stated, Sequence[Pair]]]) -> list[ToAsk]:
        """Who of these may lawfully be asked to confirm what they are said to have agreed to: by the channels
        through which some marketing may reach them already.
        """
        asked = [
            CheckAsked(_own(row), purpose, channel)
            for row, claims in rows
            for purpose, channel in (*claims, *self.ways)
        ]
        decided = iter(self._decided(unit, asked))
        found = []
        for row, claims in rows:
            about = tuple(claim for claim in claims if not next(decided).eligible)
            may = [channel for _, channel in self.ways if next(decided).eligible]
            by = {channel: self._point(row, channel) for channel in dict.fromkeys(may)}
            found.append(ToAsk(row, about, by))
        return found

    def _point(self, row: Stated, channel: str) -> str | None:
        schemes = self._compiled.policy.channels[channel].schemes
        return next((one.value for one in row.subject.identifiers if one.scheme in schemes), None)

    def _slices(self, rows: Iterable[Stated]) -> Iterator[list[Stated]]:
        seen: set[int] = set()
        waiting: list[Stated] = []
        for row in rows:
            own = hash((row.names[0].scheme, row.names[0].value))
            if own in seen:
                continue
            seen.add(own)
            waiting.append(row)
            if len(waiting) == AT_ONCE:
                yield waiting
                waiting = []
        yield waiting

    def _eligible(
        self,
        unit: Unit,
        rows: Sequence[Stated],
        known: Sequence[list[bool]] | None = None,
        touched: Set[UUID] | None = None,
    ) -> list[list[bool]]:
        """`known`: what was found before, which stands where nobody who holds an address is `touched`."""
        points = [self._points(row) for row in rows]
        holders = subjects.holders_of(
            unit.connection, self._keyring, {name for its in points for name in its if name is not None}
        )
        asked: list[Ready] = []
        places: list[tuple[int, int]] = []
        found = [[False] * len(self.pairs) for _ in rows]
        for number, its in enumerate(points):
            for place, name in enumerate(its):
                if name is None or name not in holders:
                    continue
                if known is not None and touched is not None and touched.isdisjoint(holders[name]):
                    found[number][place] = known[number][place]
                    continue
                question = Question(*self.pairs[place], self._at)
                asked.append(ready_by_name(self._compiled.policy, name, question))
                places.append((number, place))
        decided = ready_within(unit, self._keyring, self._compiled, self._caller, asked)
        for (number, place), decision in zip(places, decided, strict=True):
            found[number][place] = decision.eligible
        return found

    def _points(self, row: Stated) -> list[Named | None]:
        """By what a row's person would be reached, for each purpose and channel."""
        first: dict[str, Identifier] = {}
        for one in row.subject.identifiers:
            first.setdefault(one.scheme, one)
        policy = self._compiled.policy
        names = {scheme: spelled(policy, one) for scheme, one in first.items() if scheme in self._reaching}
        order = list(first)
        return [
            next((names[scheme] for scheme in order if scheme in policy.channels[channel].schemes), None)
            for _, channel in self.pairs
        ]

    def _decided(self, unit: Unit, asked: Sequence[CheckAsked]) -> list[Decision]:
        return decisions_within(unit, self._keyring, self._compiled, self._caller, asked, self._at)


def _own(row: Stated) -> Identifier:
    return row.subject.identifiers[0]


def _count(counts: Counter[tuple[Pair | None, str]], pair: Pair | None, was: bool, now: bool) -> None:
    counts[pair, "before"] += was
    counts[pair, "after"] += now
    counts[pair, "become"] += now and not was
    counts[pair, "stop"] += was and not now
