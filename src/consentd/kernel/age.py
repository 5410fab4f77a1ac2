"""Children: is a person known to be too young to consent alone? (GDPR 8, docs/law.md 6)"""

from consentd.kernel.calendar import add_months
from consentd.kernel.case import Birth
from consentd.kernel.instants import Instant, midnight
from consentd.kernel.places import Place


def of_age_from(births: tuple[Birth, ...], years: int, place: Place) -> Instant | None:
    """From when the person consents alone; None where no birth is known.

    The youngest of several sources counts, and where several clocks do, the last to reach the day. Born on
    29 February counts from 1 March: never too early.
    """
    if not births:
        return None
    day = add_months(max(birth.born_by() for birth in births), 12 * years)
    return max(midnight(day, clock.zone) for clock in place.clocks)
