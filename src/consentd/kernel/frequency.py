"""How often: attempts in rolling days, and silence after a refusal (docs/law.md 18)."""

from consentd.kernel.case import Attempt
from consentd.kernel.instants import DAY, Instant
from consentd.kernel.law import CapRule


def silent_until(attempts: tuple[Attempt, ...], rule: CapRule) -> Instant | None:
    """The end of the silence that the latest refusal asks for; None where nobody refused."""
    refused = [attempt.at for attempt in attempts if attempt.refused]
    if not refused or not rule.silence_days:
        return None
    return Instant(max(refused) + rule.silence_days * DAY)


def exhausted_until(attempts: tuple[Attempt, ...], rule: CapRule, at: Instant) -> Instant | None:
    """When the next attempt is free; None where it is free at `at`.

    Attempts later than `at` (reported by a clock that runs ahead) count too. One that a permit reserves
    counts until the permit ends; used, it is an attempt like any other.
    """
    ends = sorted(end for attempt in attempts if (end := _counts_until(attempt, rule)) > at)
    if len(ends) < rule.attempts:
        return None
    return ends[len(ends) - rule.attempts]


def _counts_until(attempt: Attempt, rule: CapRule) -> Instant:
    end = Instant(attempt.at + rule.days * DAY)
    return end if attempt.until is None else min(end, attempt.until)
