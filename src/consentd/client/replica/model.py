"""What the parts of a replica hand each other."""

from typing import Any

import msgspec

from consentd.kernel.instants import Instant


class NotReady(Exception):  # a signal, never seen outside
    """Nothing may be answered from here; the message is the code of the denial."""


class Round(msgspec.Struct, frozen=True):
    """A page's own part of a round: behind which cursor it was asked for, and when, by both clocks.
    `delivered`: up to which choice the service had everything when the round began.
    """

    before: str | None
    asked_at: Instant
    asked_elapsed: float
    delivered: int


class Taken(msgspec.Struct, frozen=True):
    """A choice as it lies in the queue, sealed."""

    kind: str
    body: dict[str, Any]  # Any: JSON of our own making
    taken_at: Instant
