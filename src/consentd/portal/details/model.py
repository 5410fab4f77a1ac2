"""What the page of contact details is told, and what it sends."""

from typing import Literal
from uuid import UUID

import msgspec

from consentd.kernel.instants import Instant


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """A contact detail or number under which somebody is on record."""

    id: UUID
    scheme: str
    shown: str
    """Masked, unless the second proof was given."""
    sources: tuple[str, ...]
    """Tools that told it."""
    since: Instant
    unreachable: bool
    """Whether messages to it come back."""

    def __repr__(self) -> str:
        return f"Detail({self.scheme})"


class NameOnRecord(msgspec.Struct, frozen=True, kw_only=True):
    shown: str
    sources: tuple[str, ...]

    def __repr__(self) -> str:
        return "NameOnRecord(…)"


class Details(msgspec.Struct, frozen=True, kw_only=True):
    names: tuple[NameOnRecord, ...]
    details: tuple[Detail, ...]
    masked: bool


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What is put right, as the request `rectification` says it in `changes`."""

    what: Literal["replace", "remove", "name"]
    detail: UUID | None = None
    """Which contact detail; None: the name."""
    right: str = ""
    """What is right; empty where it is removed."""

    def __repr__(self) -> str:
        return f"Correction({self.what})"
