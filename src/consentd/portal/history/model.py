"""What the pages of the history are told: what happened, newest first, and who looked."""

from typing import Annotated, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from consentd.kernel.instants import Instant

T = TypeVar("T")


class Position(NamedTuple):
    """Behind what a page begins: a time and a random id, which name nobody."""

    at: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
    id: UUID


class NoticeRef(msgspec.Struct, frozen=True):
    """The text that was shown, by its number and what it hashes to."""

    id: str
    version: str
    language: str
    sha256: str


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One choice or objection."""

    kind: Literal["choice", "objection"]
    id: UUID
    receipt: UUID | None
    """The number of its receipt; objections have none."""
    at: Instant
    until: Instant | None
    """Where only the day is known: its last instant."""
    recorded: Instant
    purpose: str | None
    """None: all direct marketing."""
    channel: str | None
    """None: every contact method."""
    point: str | None
    """The contact detail that it is about; None: the whole contact method."""
    state: str | None
    claim: str | None
    """Of an unproven consent: what was claimed."""
    ground: str | None
    """Of an objection: marketing, or the person's own situation."""
    by: str | None
    """The tool that told it; None: the person, or the company by hand."""
    method: str | None
    collector: str | None
    place: str | None
    proof: str | None
    notice: NoticeRef | None
    words: str | None
    """The person's own, where they gave any."""
    parental: bool
    """Whether a holder of parental authority took part; not who."""

    def __repr__(self) -> str:
        return f"Happened({self.kind})"


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody consulted their data (C-579/21)."""

    id: UUID
    at: Instant
    what: str
    """In words."""
    by: str
    """A tool by its name, staff by their role."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    entries: tuple[T, ...]
    after: Position | None
    """Where the next page begins."""
