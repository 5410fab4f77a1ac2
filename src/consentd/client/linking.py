"""Links to the customers’ pages: to stop messages that are about to be sent, and for who is logged in."""

from collections.abc import Sequence

from consentd.client import wire
from consentd.client.errors import Unreadable
from consentd.client.flow import Calls, Flow
from consentd.client.model import PortalLink, Recipient, StopLink, Who

MOST = 1000
"""Recipients of one request for stop links."""


def links(calls: Calls, purpose: str, channel: str, to: Sequence[Recipient | Who]) -> Flow[list[StopLink]]:
    """At most MOST, in order. Raises ClientError, and ValueError or TypeError for who names nobody."""
    recipients = [wire.recipient(one) for one in to]
    content = wire.encode({"purpose": purpose, "channel": channel, "recipients": recipients})
    got = yield from calls.call("POST", "/v1/links", content)
    found = wire.read(wire.links, got).links
    if len(found) != len(recipients):
        raise Unreadable("unreadable_answer", "There are not as many links as recipients.")
    return list(found)


def portal_link(calls: Calls, token: str) -> Flow[PortalLink]:
    """Raises ClientError: Refused where the login is none, or opens nothing."""
    got = yield from calls.call("POST", "/v1/portal-links", wire.encode({"token": token}))
    link: PortalLink = wire.read(wire.portal_link, got)
    return link
