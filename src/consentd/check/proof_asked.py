"""What a proof of a contact is asked about: one contact detail, and one day of the company's. Pure."""

import datetime as dt
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.errors import wrong
from consentd.kernel.instants import Instant, midnight, to_instant
from consentd.kernel.policy import Policy
from consentd.subjects.requests import Identifier, Territory
from consentd.subjects.spelling import Named

Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-11-03"])]


class ProofAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    contact_point: Identifier
    """The address or number that was written to or called."""
    on: Day
    """The day, in the company's own time zone."""
    territory: Territory | None = None


def channels_of(policy: Policy, point: Named) -> set[str]:
    """The channels that reach somebody there. Raises Unprocessable where none does: a loyalty card's number
    tells who somebody is, and nobody was contacted at it.
    """
    found = {id_ for id_, channel in policy.channels.items() if point.scheme in channel.schemes}
    if not found:
        raise wrong(
            "contact_point_mismatch",
            "/contact_point/scheme",
            "Nobody is contacted at this: name the address or number that was used.",
        )
    return found


class Hours(NamedTuple):
    """Of a local day: its first instant, 12:00, and the first instant of the next."""

    start: Instant
    noon: Instant
    end: Instant


def day_of(text: str, zone: ZoneInfo, now: Instant) -> Hours:
    """Raises Unprocessable for what is no day, or one that has not begun."""
    try:
        day = dt.date.fromisoformat(text)
        # Not the middle: two days a year have another length.
        noon = to_instant(dt.datetime.combine(day, dt.time(12), zone))
        hours = Hours(midnight(day, zone), noon, midnight(day + dt.timedelta(days=1), zone))
        written = day.isoformat()
    except (ValueError, OverflowError):
        written = None
    # Other spellings of ISO 8601 are read too: a day of a week, one without hyphens.
    if written != text:
        raise wrong("invalid_date", "/on", "This is no day of the calendar: write it as 2026-11-03.")
    if hours.start > now:
        raise wrong("future_date", "/on", "That day has not begun yet: nothing can be proven of it.")
    return hours
