"""What a silo that takes its tasks by itself is told, and what it answers, as both ends of the wire know it.

The service reads answers by these shapes, strictly; the client library makes them, and reads orders by them.
Everything that comes from a silo is bounded: it is kept, and shown to staff.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from consentd.kernel.connection import Verb

MOST_DETAIL = 500


class Verdict(StrEnum):
    DONE = "done"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Detail = Annotated[str, msgspec.Meta(max_length=MOST_DETAIL)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class TaskIdentifier(_Strict, frozen=True, kw_only=True):
    scheme: _Word
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]

    def __repr__(self) -> str:
        return f"TaskIdentifier({self.scheme})"


class TaskPreference(_Strict, frozen=True, kw_only=True):
    purpose: _Word
    channel: _Word
    state: _Word


class TaskKept(_Strict, frozen=True, kw_only=True):
    """What a silo may not, or need not, erase."""

    count: _Count
    because: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    """The article, and in words what it orders: "Code de commerce L.123-22: invoices"."""
    until: _Day | None = None
    """The date from which it need not be kept; null: not known."""


class TaskPart(_Strict, frozen=True, kw_only=True):
    """What was found and done in one category of the silo's data (one table, one list)."""

    what: _Word
    found: _Count = 0
    deleted: _Count = 0
    changed: _Count = 0
    """Rows that stay and no longer name the person, or were rectified, frozen, released."""
    kept: Annotated[tuple[TaskKept, ...], msgspec.Meta(max_length=50)] = ()


class TaskAnswer(_Strict, frozen=True, kw_only=True):
    """Counts, categories and articles; no content of the silo."""

    verdict: Verdict
    code: Code | None = None
    """Why not *done*, for programs: stable, lower case."""
    detail: Detail | None = None
    """The same for people, without any content of the silo."""
    parts: Annotated[tuple[TaskPart, ...], msgspec.Meta(max_length=200)] = ()
    identifiers: Annotated[tuple[TaskIdentifier, ...], msgspec.Meta(max_length=100)] = ()
    """Of `locate`: under what else the silo knows this person."""
    preferences: Annotated[tuple[TaskPreference, ...], msgspec.Meta(max_length=500)] = ()


class TaskOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One task that was handed out: what to do, about whom, and until when it is this holder's."""

    id: UUID
    """The same however often it is tried: done twice, it must leave the same."""
    lease: UUID
    """Shows that the task is this holder's; goes into every call about it."""
    verb: Verb
    identifiers: tuple[TaskIdentifier, ...]
    """All that is known of the person and that this silo knows people by."""
    changes: dict[str, str] = {}
    """To rectify: field → what is right."""
    lift: bool = False
    """To restrict: whether a restriction ends."""
    preferences: tuple[TaskPreference, ...] = ()
    """To write: what the person chose, each for one use by one channel."""
    attempt: int = 1
    due_at: str
    """When an answer is missed; a later one still counts."""
    lease_until: str
    """Then another may take it, unless a heartbeat came."""

    def __repr__(self) -> str:
        return f"TaskOrder({self.verb.value}, {self.id})"
