"""Deciding from the replica's records: by class where many share one, by the whole case elsewhere.

One pure function decides (`kernel.decide`), as in the service;
`tests/client/test_replica_equals.py` holds the answers to the service's own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from consentd.client.model import Bound, Decision, Reason, denial
from consentd.client.replica.cases import Asked, Gathering, NotDecidable
from consentd.client.replica.codec import Record, Words, decode, use_word
from consentd.client.replica.file import File
from consentd.client.replica.memo import Standing, Uses
from consentd.client.replica.overlay import Overlay
from consentd.kernel import case as kernel
from consentd.kernel.decide import CompiledPolicy, decide_until
from consentd.kernel.instants import MINUTE, Instant, to_datetime
from consentd.kernel.reasons import REASONS
from consentd.kernel.replica import Number

_BUCKET = 15 * MINUTE
"""No clock of any place turns midnight within one: all of it is one local day, everywhere."""


class Terms(msgspec.Struct, frozen=True):
    """What every answer rests on beside the people. `purposes`, `channels`: empty for not limited."""

    compiled: CompiledPolicy
    schemes: frozenset[str]
    purposes: frozenset[str]
    channels: frozenset[str]
    language: str


class Deciding:
    """Not for several threads at once: whoever uses it holds a lock. Raises FileError."""

    def __init__(self, file: File, words: Words, use: Mapping[str, int], terms: Terms) -> None:
        self._file = file
        self._words = words
        self._use = use
        self._terms = terms
        self._uses: dict[tuple[str, str], Uses] = {}
        self._bound: Bound | None = None
        self.overlay: Overlay = Overlay(())

    @property
    def terms(self) -> Terms:
        return self._terms

    def rest_on(self, bound: Bound) -> None:
        """How old answers may be, from now on."""
        if bound != self._bound:
            self._bound = bound
            for uses in self._uses.values():
                uses.reword(bound)

    def forget(self, people: Iterable[int]) -> None:
        changed = list(people)
        for uses in self._uses.values():
            for n in changed:
                uses.forget(n)

    def forget_all(self) -> None:
        self._uses.clear()

    def refused(self, purpose: str, channel: str) -> Decision | None:
        """The no to what this system may not ask."""
        terms = self._terms
        if (terms.purposes and purpose not in terms.purposes) or (
            terms.channels and channel not in terms.channels
        ):
            return denial("forbidden", self._bound)
        return None

    def decide(self, asked: Asked, at: Instant) -> Standing:
        """The whole case, gathered and decided."""
        gathering = Gathering(self._file, self._words, self._use, self.overlay)
        try:
            case = gathering.case(asked)
        except NotDecidable:
            return Standing(denial("ask_service", self._bound), at, at)
        return self._standing(asked.purpose, asked.channel, case, at)

    def by_slots(self, slots: Sequence[int], purpose: str, channel: str, at: Instant) -> list[Decision]:
        """About those who are found by one identifier each, told by its slot. None of them is negative."""
        uses = self._uses.get((purpose, channel))
        if uses is None:
            uses = self._uses[purpose, channel] = Uses()
        uses.at(at)
        known = uses.known(slots)
        if known is not None:
            return known
        found = {slot: uses.one(slot) for slot in slots}
        missing = [slot for slot, decision in found.items() if decision is None]
        filled = self._fill(uses, missing, purpose, channel, at)
        told = {slot: filled[slot] if decision is None else decision for slot, decision in found.items()}
        return [told[slot] for slot in slots]

    def _fill(
        self, uses: Uses, slots: Sequence[int], purpose: str, channel: str, at: Instant
    ) -> dict[int, Decision]:
        unknown = self._standing(purpose, channel, kernel.Case(), at)
        found = dict.fromkeys(slots, unknown.decision)
        wanted: dict[int, list[int]] = {}
        for slot in slots:
            wanted.setdefault(slot >> 6, []).append(slot)
        described = self._terms.compiled.channels.get(channel)
        schemes = described.schemes if described is not None else ()
        use = self._use.get(use_word(purpose, channel), -1)
        aged = self._terms.compiled.limits_age(purpose, channel)
        records = {n: decode(content) for n, content in self._file.records(list(wanted))}
        numbers = {
            number: slot
            for n, record in records.items()
            for slot in wanted[n]
            if (number := _number(record, slot)) is not None
        }
        shared = self._shared(numbers)
        for number, slot in numbers.items():
            record = records[slot >> 6]
            key = None
            if number not in shared and not self._waits(record):
                key = self._class(record, number, use, schemes, at, aged=aged)
            if key is not None and (code := uses.of_class(key)) is not None:
                uses.assign((slot,), code)
                decision = uses.answers[code]
                assert decision is not None
                found[slot] = decision
                continue
            scheme = self._words.held(record.held[2 * (slot & 63) + 1])[0]
            points = (number,) if scheme in schemes else None
            standing = self.decide(Asked(purpose, channel, (number,), points, schemes), at)
            if standing.until > at:
                uses.keep((slot,), standing, key)
            found[slot] = standing.decision
        return found

    def _waits(self, record: Record) -> bool:
        """Whether a choice that waits names them by any of their identifiers."""
        return bool(self.overlay.acts) and any(number in self.overlay for number in record.numbers)

    def _shared(self, numbers: Collection[Number]) -> set[Number]:
        once: set[Number] = set()
        twice: set[Number] = set()
        for number, _, _ in self._file.holders(list(numbers)):
            (twice if number in once else once).add(number)
        return twice

    def _class(
        self,
        record: Record,
        number: Number,
        use: int,
        schemes: Collection[str],
        at: Instant,
        *,
        aged: bool,
    ) -> tuple[object, ...] | None:
        """What everybody shares for whom `decide` says the same; None for who is one of a kind.

        Only somebody named by the contact point that would be used, of whom nothing but choices is known, and
        no two choices that would be held against each other.
        """
        if record.rest is not None:
            return None
        flat, held = record.states, record.held
        place = held[::2].index(number)
        scheme, professional, unreachable = self._words.held(held[2 * place + 1])
        if scheme not in schemes:
            return None
        state: tuple[object, ...] = ()
        for start in range(0, len(flat), 5):
            if flat[start] != use:
                continue
            where = flat[start + 1]
            if where not in (0, place + 1):
                continue
            effective = flat[start + 3]
            if state or effective // _BUCKET >= at // _BUCKET:
                return None
            kind = flat[start + 2]
            if self._words.kind(kind).slots:
                return None
            state = (where == 0, kind, effective // _BUCKET if aged else 0)
        return (record.territory, record.restricted, professional, unreachable, state)

    def _standing(self, purpose: str, channel: str, case: kernel.Case, at: Instant) -> Standing:
        question = kernel.Question(purpose, channel, at)
        decision, until = decide_until(self._terms.compiled, question, case)
        return Standing(self._told(decision), at, until)

    def _told(self, decision: kernel.Decision) -> Decision:
        reasons = decision.reasons
        return Decision(
            decision.allow,
            decision.eligible,
            tuple(Reason(one.code, _words(one.code, self._terms.language)) for one in reasons),
            tuple(dict.fromkeys(cite for one in reasons for cite in one.cites)),
            decision.basis,
            None if decision.next_allowed_at is None else to_datetime(decision.next_allowed_at),
            None if decision.valid_until is None else to_datetime(decision.valid_until),
            decision.policy,
            decision.packs,
            bound=self._bound,
        )


def _number(record: Record, slot: int) -> Number | None:
    at = 2 * (slot & 63)
    return record.held[at] or None if at < len(record.held) else None


def _words(code: str, language: str) -> str:
    entry = REASONS[code]
    return entry.fr if language == "fr" else entry.en
