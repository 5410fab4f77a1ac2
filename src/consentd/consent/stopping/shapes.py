"""What a system asks when it is about to send messages, and what it is told: random ids alone."""

from typing import Annotated

import msgspec

from consentd.subjects.requests import Identifier, Word

MOST = 1000
"""Recipients of one call."""

Names = Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=10)]


class MessageRecipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to whom a message is about to go, named as for a check."""

    subject: Identifier | Names
    contact_point: Identifier | None = None
    """Where the message goes; without it, the first of the channel's among `subject`."""


class StopLinksAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The messages of one sending."""

    purpose: Word
    channel: Word
    recipients: Annotated[tuple[MessageRecipient, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class StopHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """Two header fields of a message, ready to be put into it (RFC 2369, RFC 8058)."""

    unsubscribe: str = msgspec.field(name="List-Unsubscribe")
    post: str = msgspec.field(name="List-Unsubscribe-Post", default="List-Unsubscribe=One-Click")


class StopLinkTold(msgspec.Struct, frozen=True, kw_only=True):
    """Of one recipient: the link with its headers, or `code`, why there is none."""

    url: str | None = None
    headers: StopHeaders | None = None
    code: str | None = None
    """`unknown_person`: nobody is on record under these identifiers. `ambiguous_subject`: they belong to
    several people, and no contact point says whose messages are meant. `invalid_identifier`: none of them can
    be read.
    """


class StopLinksTold(msgspec.Struct, frozen=True, kw_only=True):
    links: tuple[StopLinkTold, ...]
    """In the order of the recipients."""
    last_day: str
    """The last day, in UTC, on which these links open."""
