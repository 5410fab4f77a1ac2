"""What a proof of a contact is asked about: one contact detail, and one day of the company's. Pure."""

import datetime as dt
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.errors import Unprocessable
from consentd.kernel.instants import Instant, day_bounds
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
        raise _wrong(
            "contact_point_mismatch",
            "/contact_point/scheme",
            "Nobody is contacted at this: name the address or number that was used.",
        )
    return found


def day_of(text: str, zone: ZoneInfo, now: Instant) -> tuple[Instant, Instant]:
    """Its first instant, and the first of the next day."""
    try:
        day = dt.date.fromisoformat(text)
        first = day_bounds(day, zone).first
        written = day.isoformat()
    except (ValueError, OverflowError):
        written = None
    # Other spellings of ISO 8601 are read too: a day of a week, one without hyphens.
    if written != text:
        raise _wrong("invalid_date", "/on", "This is no day of the calendar: write it as 2026-11-03.")
    if first > now:
        raise _wrong("future_date", "/on", "That day has not begun yet: nothing can be proven of it.")
    return first, day_bounds(day + dt.timedelta(days=1), zone).first


def _wrong(code: str, pointer: str, detail: str) -> Unprocessable:
    return Unprocessable(code, detail, errors=[{"pointer": pointer, "code": code, "detail": detail}])
