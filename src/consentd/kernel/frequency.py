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

    Attempts later than `at` (reserved by a permit, or reported by a clock that runs ahead) count too.
    """
    span = rule.days * DAY
    counted = sorted(attempt.at for attempt in attempts if attempt.at > at - span)
    if len(counted) < rule.attempts:
        return None
    return Instant(counted[len(counted) - rule.attempts] + span)
