"""Answering questions out of a replica: never raising, and never with more than it can know."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from consentd.client import clock, wire
from consentd.client.model import Decision, Identifier, Named, Question, When, denial
from consentd.client.replica.cases import Asked, NotDecidable
from consentd.client.replica.deciding import Deciding
from consentd.client.replica.file import FileError
from consentd.client.replica.keeping import Keeping
from consentd.client.replica.memo import PLACES
from consentd.client.replica.model import NotReady
from consentd.client.replica.opening import ReplicaError
from consentd.client.replica.sealing import Damaged
from consentd.client.replica.spelling import Spelling
from consentd.kernel.instants import DAY, MINUTE, Instant, parse_moment, to_instant

MOST_AHEAD = 31 * DAY
_SKEW = 5 * MINUTE


class Answering:
    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    def resolve(self, subjects: list[Named]) -> list[int]:
        """A slot for each address, 0 for one that is not here."""
        with self._keeping.lock:
            try:
                ready = self._keeping.ready()
            except NotReady:
                return [0] * len(subjects)
            return [max(0, slot) for slot in self.slots(*ready, subjects)]

    def answered(self, work: Callable[[], Sequence[Decision]], count: int = 1) -> list[Decision]:
        try:
            return list(work())
        except NotReady as reason:
            code = str(reason)
        except (Damaged, ReplicaError):
            code = "damaged_replica"
        except (ValueError, TypeError, AttributeError, OverflowError):
            code = "invalid_question"
        except Exception:
            code = "failed"
        with contextlib.suppress(FileError):
            return [denial(code, self._keeping.bound())] * count
        return [denial(code)] * count

    def careful(self, asked: Question) -> Decision:
        return self.answered(lambda: [self.one(asked)])[0]

    def people(self, listed: list[Any], purpose: str, channel: str, at: When | None) -> list[Decision]:
        """Any: addresses, or what `resolve` made of them."""
        return self.answered(lambda: self.many(listed, purpose, channel, at), len(listed))

    def one(self, asked: Question) -> Decision:
        with self._keeping.lock:
            deciding, spelling = self._keeping.ready()
            refused = deciding.refused(asked.purpose, asked.channel)
            if refused is not None:
                return refused
            at = _instant(asked.at)
            try:
                named = self._named(deciding, spelling, asked)
            except NotDecidable:
                return denial("ask_service", self._keeping.bound())
            if asked.at is None and len(named.names) == 1 and named.points in (None, named.names):
                slots = self._slots_of(deciding, named.names)
                if slots[0] > 0:
                    return deciding.by_slots(slots, asked.purpose, asked.channel, at)[0]
            return deciding.decide(named, at).decision

    def _named(self, deciding: Deciding, spelling: Spelling, asked: Question) -> Asked:
        channel = deciding.terms.compiled.channels.get(asked.channel)
        schemes = channel.schemes if channel is not None else ()
        subject = asked.subject
        listed = [subject] if isinstance(subject, str | Identifier) else list(subject)
        if not 1 <= len(listed) <= 10:
            raise ValueError("a person is named by one to ten identifiers")
        names = [found for one in listed if (found := spelling.number(one)) is not None]
        numbers = tuple(number for _, number in names)
        if asked.contact_point is None:
            points = tuple(number for scheme, number in names if scheme in schemes)
            return Asked(asked.purpose, asked.channel, numbers, points or None, schemes)
        point = spelling.number(asked.contact_point)
        if point is None or point[0] not in schemes:
            # Not a contact detail of this channel: nothing there may be used, so nobody is asked about.
            return Asked(asked.purpose, asked.channel, (), (), schemes)
        return Asked(asked.purpose, asked.channel, numbers, (point[1],), schemes)

    def many(self, listed: list[Any], purpose: str, channel: str, at: When | None) -> list[Decision]:
        with self._keeping.lock:
            deciding, spelling = self._keeping.ready()
            refused = deciding.refused(purpose, channel)
            if refused is not None:
                return [refused] * len(listed)
            if at is not None or not isinstance(listed[0], int | str | Identifier):
                return [self.careful(Question(one, purpose, channel, None, at)) for one in listed]
            if isinstance(listed[0], int):
                if min(listed) < 0:
                    raise ValueError("what resolve made is never below 0")
                return deciding.by_slots(listed, purpose, channel, _instant(None))
            slots = self.slots(deciding, spelling, listed)
            if min(slots) >= 0:
                return deciding.by_slots(slots, purpose, channel, _instant(None))
            found = iter(deciding.by_slots([s for s in slots if s >= 0], purpose, channel, _instant(None)))
            return [
                next(found) if slot >= 0 else self.careful(Question(one, purpose, channel))
                for slot, one in zip(slots, listed, strict=True)
            ]

    def slots(self, deciding: Deciding, spelling: Spelling, listed: list[Named]) -> list[int]:
        """0 for who is not here, -1 for what has no slot and is to be asked about by itself."""
        numbers = spelling.numbers(listed)
        slots = self._slots_of(deciding, [number or 0 for number in numbers])
        return [-1 if number is None else slot for number, slot in zip(numbers, slots, strict=True)]

    def _slots_of(self, deciding: Deciding, numbers: Sequence[int]) -> list[int]:
        found: dict[int, int] = {}
        for number, n, place in self._keeping.file.holders(numbers):
            # Of several holders any will do: the answer is about all of them.
            found[number] = n * PLACES + place if place < PLACES else -1
        waits = deciding.overlay
        if not waits.acts:
            return [found.get(number, 0) for number in numbers]
        return [found.get(number, -1 if number in waits else 0) for number in numbers]


def _instant(at: When | None) -> Instant:
    """Raises ValueError for what is no time, in the past, or more than 31 days ahead."""
    now = clock.now()
    if at is None:
        return now
    if isinstance(at, str):
        if len(at) == 10:
            raise ValueError("a planned instant needs a time and an offset, not only a day")
        found = parse_moment(at, wire.UTC).first
    else:
        found = to_instant(at)
    if not now - _SKEW <= found <= now + MOST_AHEAD:
        raise ValueError("a planned instant lies between now and 31 days ahead")
    return found
