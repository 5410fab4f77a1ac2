"""Making stop links for a system that is about to send: one look-up for all recipients of a call.

Nothing is recorded, and what is told are random ids. A newsletter to 100,000 people is 100 calls.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from consentd.callers.credentials import assert_live
from consentd.callers.model import Caller
from consentd.consent.stopping.shapes import (
    MessageRecipient,
    StopHeaders,
    StopLinksAsked,
    StopLinksTold,
    StopLinkTold,
)
from consentd.consent.stopping.tokens import StopLink, StopLinks, issued_on, last_day
from consentd.consent.stopping.whom import Whom, whom
from consentd.crypto.keyring import with_fresh_keys
from consentd.kernel.errors import wrong
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy
from consentd.subjects import service as subjects
from consentd.subjects.acts import check_limits
from consentd.subjects.doing import Doing
from consentd.subjects.requests import Identifier
from consentd.subjects.spelling import Named, named


class Linking:
    """All methods raise kernel errors only."""

    def __init__(self, doing: Doing, public_url: str, now: Callable[[], Instant]) -> None:
        self._doing = doing
        self._links = StopLinks(doing.keyring, public_url)
        self._now = now

    async def links(self, caller: Caller, asked: StopLinksAsked) -> StopLinksTold:
        """Raises Unprocessable for a purpose or channel that the policy does not have, Forbidden for one that
        the system was not given.
        """
        check_limits(caller, asked.purpose, asked.channel, "")

        def read(connection: Any) -> StopLinksTold:
            assert_live(connection, caller)
            policy = self._doing.policies.active(connection).policy
            if asked.purpose not in policy.purposes:
                raise wrong("unknown_purpose", "/purpose", "The policy has no such purpose.")
            if asked.channel not in policy.channels:
                raise wrong("unknown_channel", "/channel", "The policy has no such channel.")
            ready = [_spelled(policy, asked.channel, one) for one in asked.recipients]
            wanted = {name for names, point in ready for name in (*names, *([point] if point else ()))}
            holders = subjects.holders_by_name(connection, self._doing.keyring, wanted)
            day = issued_on(self._now())
            told = tuple(self._told(asked, whom(names, point, holders), day) for names, point in ready)
            return StopLinksTold(links=told, last_day=last_day(day).isoformat())

        database = self._doing.database
        return await with_fresh_keys(self._doing.keyring, database, lambda: database.read(read))

    def _told(self, asked: StopLinksAsked, found: Whom | str, day: dt.date) -> StopLinkTold:
        if isinstance(found, str):
            return StopLinkTold(code=found)
        link = StopLink(found.subject, found.identifier, asked.purpose, asked.channel, day)
        url = self._links.address(link)
        return StopLinkTold(url=url, headers=StopHeaders(unsubscribe=f"<{url}>"))


def _spelled(policy: Policy, channel: str, recipient: MessageRecipient) -> tuple[list[Named], Named | None]:
    """Who is named, and where the message goes. What cannot be read is nobody's."""
    given = recipient.subject if isinstance(recipient.subject, tuple) else (recipient.subject,)
    names = [name for one in given if (name := _named(policy, one)) is not None]
    schemes = policy.channels[channel].schemes
    if recipient.contact_point is None:
        return names, next((name for name in names if name.scheme in schemes), None)
    point = _named(policy, recipient.contact_point)
    return names, point if point is not None and point.scheme in schemes else None


def _named(policy: Policy, identifier: Identifier) -> Named | None:
    scheme = policy.identifiers.get(identifier.scheme)
    if scheme is None:
        return None
    try:
        return named(identifier.scheme, scheme, identifier.value, policy.controller.country)
    except ValueError:
        return None
