"""What the page of choices tells: values only, in codes. `words` says them.

A cell is one use by one contact method. Where several contact details of a person stand differently, it has a
part for each; where all stand alike, one part for the whole contact method.
"""

from enum import StrEnum
from uuid import UUID

import msgspec

from consentd.kernel.instants import Instant


class Control(StrEnum):
    """The one thing that can be done in a part."""

    STOP = "stop"
    AGREE = "agree"
    NONE = "none"


class Breadth(StrEnum):
    """How much somebody objected to."""

    ALL = "all"
    """To all marketing."""
    CHANNEL = "channel"
    """To all marketing by this contact method."""
    PURPOSE = "purpose"
    """To this use."""


class Why(msgspec.Struct, frozen=True):
    """Why it is as it is. `code`: one of the reasons of a decision, or "elsewhere" where what stands against
    it is not this person's to see, "examined" where they are frozen because staff examine their objection.
    """

    code: str
    since: Instant | None = None
    """When what it rests on was said."""
    event: UUID | None = None
    """The consent event that it rests on, which says how and where."""
    until: Instant | None = None
    """When a consent ends, or ended."""
    months: int | None = None
    """How long it counts, where something limits it."""
    breadth: Breadth | None = None


class NoticeRef(msgspec.Struct, frozen=True):
    """The exact text that consent is asked for with."""

    id: str
    version: str
    language: str
    title: str
    digest: str
    """SHA-256 of the file, as hexadecimal."""


class Part(msgspec.Struct, frozen=True):
    points: tuple[UUID, ...]
    """The contact details that it is about; empty where there is none, or none is needed."""
    whole: bool
    """Whether these are all that the person has on the contact method."""
    allowed: bool
    why: Why
    control: Control
    opens: Instant | None = None
    """Where a no counts to the end of its day: from when they can agree again."""


class Cell(msgspec.Struct, frozen=True):
    purpose: str
    channel: str
    parts: tuple[Part, ...]
    """Never empty."""


class Grid(msgspec.Struct, frozen=True):
    """Purposes in the policy's order; of each, the contact methods that it uses at all."""

    cells: tuple[Cell, ...]
    near: tuple[str, ...]
    """Contact methods by which the person can be reached, or that carry a choice of theirs."""
    far: tuple[str, ...]
    """The others: we have no contact detail."""

    def cell(self, purpose: str, channel: str) -> Cell | None:
        return next((one for one in self.cells if (one.purpose, one.channel) == (purpose, channel)), None)
