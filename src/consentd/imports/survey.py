"""Who may be contacted, before and after: each address of a file is asked about, for each marketing purpose.

`eligible` is compared, not `allow`: it is no matter at which hour a file comes in.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from consentd.callers.model import Caller
from consentd.check.questions import CheckAsked
from consentd.check.within import decisions_within
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.imports.stated import Stated
from consentd.kernel.case import Decision
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import Instant
from consentd.kernel.layout import Layout
from consentd.subjects.requests import Identifier

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
        self._before = bytearray()

    def before(self, unit: Unit, rows: Iterable[Stated]) -> None:
        for _, found in self._asked(unit, rows):
            self._before += bytes(found)

    def after(self, unit: Unit, rows: Iterable[Stated]) -> tuple[dict[Pair, Reach], Reach]:
        """For each purpose and channel, and of people at all."""
        counts: Counter[tuple[Pair | None, str]] = Counter()
        place = 0
        for _, found in self._asked(unit, rows):
            known = self._before[place : place + len(found)]
            place += len(found)
            for pair, was, now in zip(self.pairs, known, found, strict=True):
                _count(counts, pair, bool(was), bool(now))
            _count(counts, None, any(known), any(found))

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

    def _asked(self, unit: Unit, rows: Iterable[Stated]) -> Iterable[tuple[Stated, list[bool]]]:
        seen: set[int] = set()
        waiting: list[Stated] = []
        for row in rows:
            own = hash((row.names[0].scheme, row.names[0].value))
            if own in seen:
                continue
            seen.add(own)
            waiting.append(row)
            if len(waiting) == AT_ONCE:
                yield from zip(waiting, self._eligible(unit, waiting), strict=True)
                waiting = []
        yield from zip(waiting, self._eligible(unit, waiting), strict=True)

    def _eligible(self, unit: Unit, rows: Sequence[Stated]) -> list[list[bool]]:
        channels = self._compiled.policy.channels
        asked: list[CheckAsked] = []
        places: list[tuple[int, int]] = []
        for number, row in enumerate(rows):
            for place, (purpose, channel) in enumerate(self.pairs):
                schemes = channels[channel].schemes
                point = next((one for one in row.subject.identifiers if one.scheme in schemes), None)
                if point is not None:
                    asked.append(CheckAsked(point, purpose, channel))
                    places.append((number, place))
        found = [[False] * len(self.pairs) for _ in rows]
        for (number, place), decision in zip(places, self._decided(unit, asked), strict=True):
            found[number][place] = decision.eligible
        return found

    def _decided(self, unit: Unit, asked: Sequence[CheckAsked]) -> list[Decision]:
        return decisions_within(unit, self._keyring, self._compiled, self._caller, asked, self._at)


def _own(row: Stated) -> Identifier:
    return row.subject.identifiers[0]


def _count(counts: Counter[tuple[Pair | None, str]], pair: Pair | None, was: bool, now: bool) -> None:
    counts[pair, "before"] += was
    counts[pair, "after"] += now
    counts[pair, "become"] += now and not was
    counts[pair, "stop"] += was and not now
