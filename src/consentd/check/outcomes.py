"""Decisions already made for the same class of case (DESIGN §5: offered compiled, proven equal).

Most checks ask about a person with one address and one choice, and nothing else on record; millions of people
share a few dozen such classes. What the pure function decided for one of them is decided for all, as long as
the answer depends neither on when the choice was made nor on the hour: only decisions that never change by
themselves are kept. Nothing about a person is: the row that places them in a class is read anew each time.
`tests/check/test_outcomes.py` holds it to `decide`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from consentd.check import plain
from consentd.kernel.case import Decision
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.states import GRANTS

_MOST = 4096
_WHOLE_CHANNEL = (NOBODY, NOBODY.bytes)
"""As either driver returns it."""
GRANTED = frozenset(state.value for state in GRANTS)
"""As the database has them."""


class Outcomes:
    """For one policy. `decide` is asked once per class."""

    def __init__(self, compiled: CompiledPolicy) -> None:
        self.policy = compiled.hash
        self._lapses = Lapses(compiled)
        self._known: dict[tuple[Any, ...], tuple[Instant, Decision]] = {}

    def of(
        self,
        row: Sequence[Any],
        purpose: str,
        channel: str,
        at: Instant,
        decide: Callable[[], Decision],
    ) -> Decision:
        """The decision for a case that is this one row of the plain statement."""
        if (
            row[plain.GROUND] is not None
            or row[plain.SUPPRESSED_SINCE] is not None
            or row[plain.FACTS] is not None
            or row[plain.ATTEMPT] is not None
            or row[plain.SLOTS] is not None
        ):
            return decide()
        state = row[plain.STATE]
        key = (
            purpose,
            channel,
            row[plain.TERRITORY],
            row[plain.RESTRICTED] is None,
            row[plain.CAPACITY],
            row[plain.UNREACHABLE] is None,
            state,
            _about(row),
            row[plain.PROOF],
            row[plain.NOTICE],
            row[plain.VERSION],
            row[plain.EXPLICIT],
            row[plain.PARENTAL],
            # A grant that is still to come does not count yet.
            state is not None and row[plain.EFFECTIVE] <= at,
        )
        known = self._known.get(key)
        if known is not None and at >= known[0]:
            return known[1]
        decision = decide()
        if self._lasting(decision) and not (state in GRANTED and self._lapses.any(purpose, channel)):
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = at, decision
        return decision

    def _lasting(self, decision: Decision) -> bool:
        return decision.valid_until is None and decision.next_allowed_at is None


class Lapses:
    """Whether any law or the company limits how long a consent counts: then its age matters."""

    def __init__(self, compiled: CompiledPolicy) -> None:
        self._compiled = compiled
        self._known: dict[tuple[str, str], bool] = {}

    def any(self, purpose: str, channel: str) -> bool:
        found = self._known.get((purpose, channel))
        if found is None:
            found = self._known[purpose, channel] = self._compiled.limits_age(purpose, channel)
        return found


def _about(row: Sequence[Any]) -> str:
    """What the choice is about: this address, the whole channel, or another address, which is none of it."""
    if row[plain.STATE_POINT] == row[plain.POINT]:
        return "address"
    return "channel" if row[plain.STATE_POINT] in _WHOLE_CHANNEL else "other"
