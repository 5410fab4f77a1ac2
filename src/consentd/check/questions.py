"""Questions as they come in, and made ready: identifiers spelled, hashed, and told which is to be used."""

from collections.abc import Sequence
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.kernel.case import Question
from consentd.kernel.errors import wrong
from consentd.kernel.instants import DAY, MINUTE, Instant, parse_moment
from consentd.kernel.policy import Policy
from consentd.subjects.requests import Identifier, Time, Word
from consentd.subjects.spelling import Named, named

AHEAD = 31 * DAY
_SKEW = 5 * MINUTE
_UTC = ZoneInfo("UTC")

WIDTH = 16
"""Identifiers are numbered from the question's index times this: there are at most eleven of them each."""

Subjects = Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=10)]


class CheckAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """May this person be contacted for `purpose` through `channel`, now or at a planned instant?"""

    subject: Identifier | Subjects
    purpose: Word
    channel: Word
    contact_point: Identifier | None = None
    """The address or number that would be used; without it, one of the channel's among `subject` is."""
    at: Time | None = None
    """A planned instant, up to 31 days ahead."""
    permit: bool = False
    """Asks for a signed permit with an answer that allows: it reserves an attempt. Neither with `at` nor in a
    batch.
    """


Way = Literal["plain", "chosen", "any"]
"""By one address, which is the one to be used; by several names and a given address; by whatever there is."""


class Ready(msgspec.Struct, frozen=True):
    """One question with everything that looking it up needs. `names` is empty where nobody can be meant."""

    question: Question
    names: tuple[Named, ...]
    points: tuple[Named, ...]
    """The contact points to be used; empty: whichever the person has on the channel."""
    naming: int
    """How many of `names` name the person; a contact point behind them only says what would be used."""
    digest: bytes | None = None
    """The look-up entry of the one name, where it is all that is known of it: see `ready_by_entry`."""

    @property
    def way(self) -> Way:
        """Which statement answers it; questions of one way can share one."""
        if len(self.names) == 1 == len(self.points) == self.naming:
            return "plain"
        return "chosen" if self.points else "any"


def instant_of(text: str | None, now: Instant) -> Instant:
    """Raises Unprocessable for what is no time, in the past, or more than 31 days ahead."""
    if text is None:
        return now
    try:
        at = parse_moment(text, _UTC).first if len(text) > 10 else None
    except ValueError as reason:
        raise wrong("invalid_time", "/at", str(reason)) from None
    if at is None:
        raise wrong("invalid_time", "/at", "A planned instant needs a time and an offset, not only a day.")
    if at < now - _SKEW or at > now + AHEAD:
        raise wrong(
            "at_out_of_range",
            "/at",
            "A planned instant lies between now and 31 days ahead; ask again closer to it.",
        )
    return at


def make_ready(policy: Policy, asked: CheckAsked, at: Instant) -> Ready:
    """Never raises: an identifier that cannot be read belongs to nobody, which denies (docs/law.md 10)."""
    subjects = asked.subject if isinstance(asked.subject, tuple) else (asked.subject,)
    names = [name for identifier in subjects if (name := spelled(policy, identifier)) is not None]
    naming = len(names)
    channel = policy.channels.get(asked.channel)
    schemes = channel.schemes if channel is not None else ()
    question = Question(asked.purpose, asked.channel, at)
    if asked.contact_point is None:
        return Ready(question, tuple(names), tuple(name for name in names if name.scheme in schemes), naming)
    point = spelled(policy, asked.contact_point)
    if point is None or point.scheme not in schemes:
        # Not a contact detail of this channel: nothing there may be used, so nobody is asked about.
        return Ready(question, (), (), 0)
    return Ready(question, (*names, point), (point,), naming)


def ready_by_entry(policy: Policy, scheme: str, digest: bytes, question: Question) -> Ready:
    """The question about whoever is known by an identifier of which only the look-up entry is at hand: so a
    whole population is asked about without opening anybody's identifier.
    """
    return msgspec.structs.replace(ready_by_name(policy, Named(scheme, ""), question), digest=digest)


def ready_by_name(policy: Policy, name: Named, question: Question) -> Ready:
    """The question about whoever is known by one spelled identifier."""
    channel = policy.channels.get(question.channel)
    reached = channel is not None and name.scheme in channel.schemes
    return Ready(question, (name,), (name,) if reached else (), 1)


def spelled(policy: Policy, identifier: Identifier) -> Named | None:
    """As every check spells it; None for what cannot be read."""
    scheme = policy.identifiers.get(identifier.scheme)
    if scheme is None:
        return None
    try:
        return named(identifier.scheme, scheme, identifier.value, policy.controller.country)
    except ValueError:
        return None


Lookup = tuple[int, bytes, str, int]
"""(n, digest, scheme, whether it is a contact point to be used)."""


def lookups_of(keyring: Keyring, ready: Sequence[Ready]) -> list[Lookup]:
    """Numbers the identifiers of question i from i × WIDTH; under each live look-up key once."""
    return [
        (index * WIDTH + offset, digest, name.scheme, int(name in one.points))
        for index, one in enumerate(ready)
        for offset, name in enumerate(one.names)
        for digest in _digests(keyring, one, name)
    ]


def _digests(keyring: Keyring, one: Ready, name: Named) -> list[bytes]:
    if one.digest is not None:
        return [one.digest]
    return [digest for _version, digest in keyring.blind_index(name.scheme, name.value)]
