"""When an eligible contact may happen: hours and frequency, and the first instant after both."""

from consentd.kernel import frequency, hours
from consentd.kernel.case import Attempt
from consentd.kernel.fold import Slots
from consentd.kernel.instants import Instant
from consentd.kernel.regime import Regime
from consentd.kernel.trail import Trail


def not_now(attempts: tuple[Attempt, ...], regime: Regime, slots: Slots, trail: Trail) -> Instant | None:
    """Notes what is wrong with the time. Returns the earliest instant at which that may be over.

    None where nothing is wrong, or where no end of it is in sight.
    """
    waits = [*_hours(regime, slots, trail), *_frequency(attempts, regime, trail)]
    if not waits or None in waits:
        return None
    opens = max(wait for wait in waits if wait is not None)
    trail.passed(opens)
    # A new rule may open earlier than the old one would.
    return min(opens, regime.until)


def _hours(regime: Regime, slots: Slots, trail: Trail) -> list[Instant | None]:
    if not regime.hours:
        return []
    shut = hours.closed(regime.hours, slots, trail.at)
    if shut is not None:
        trail.deny(shut, regime.hours[0].rule.cites)
        return [hours.opens_at(regime.hours, slots, trail.at)]
    closing = hours.closes_at(regime.hours, slots, trail.at)
    if closing is not None:
        trail.passed(closing)
    return []


def _frequency(attempts: tuple[Attempt, ...], regime: Regime, trail: Trail) -> list[Instant | None]:
    cap = regime.cap
    if cap is None or not attempts:
        return []
    waits: list[Instant | None] = []
    for code, end in (
        ("attempts_exhausted", frequency.exhausted_until(attempts, cap, trail.at)),
        ("silence_after_refusal", frequency.silent_until(attempts, cap)),
    ):
        if end is not None and not trail.passed(end):
            trail.deny(code, cap.cites)
            waits.append(end)
    return waits
