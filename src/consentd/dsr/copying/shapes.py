"""What is told of a copy, and what is asked to get it. Shapes of the API, exactly."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from consentd.dsr.shapes import Words


class CategoryTold(msgspec.Struct, frozen=True):
    what: str
    """As the silo calls it."""
    records: int
    fields: tuple[str, ...]


class GatheredTold(msgspec.Struct, frozen=True):
    system: str
    """As the policy names it; `(own)` is what consentd itself holds."""
    outcome: Literal["answered", "partial", "silent"]
    categories: tuple[CategoryTold, ...]


class RedactionTold(msgspec.Struct, frozen=True):
    id: UUID
    by: UUID | None
    system: str
    what: str
    record: int
    field: str | None
    reason: str
    lapsed: bool
    """Whether the records of which it spoke were replaced since: it counts no more. Look at them anew."""


class CopyTold(msgspec.Struct, frozen=True, kw_only=True):
    """How far a copy is. `released_at` and what follows: of the one that can be fetched."""

    state: Literal["making", "made", "failed", "released", "gone"]
    code: str | None
    """Why it could not be made."""
    size: int | None
    """Bytes of the zip file."""
    records: int | None
    withheld: int | None
    made_at: str | None
    released_at: str | None
    expires_at: str | None
    gathered: tuple[GatheredTold, ...]
    """While it is looked at: what would go out."""
    redactions: tuple[RedactionTold, ...]


class RecordTold(msgspec.Struct, frozen=True):
    number: int
    """By which a redaction names it."""
    record: dict[str, Any]  # Any: single JSON values
    held: tuple[str, ...]
    """Fields that are held back; all of them where the whole record is."""


class RecordsTold(msgspec.Struct, frozen=True):
    records: tuple[RecordTold, ...]
    next: int | None
    """Pass it as `after` for the next page; null on the last."""


class ProofGiven(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]

    def __repr__(self) -> str:
        return "ProofGiven(…)"


class HandedOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    by: UUID
    """The member of staff who decides."""
    grounds: Words
    """How they know who takes it, now. Kept sealed."""

    def __repr__(self) -> str:
        return "HandedOver(…)"


class LinkMade(msgspec.Struct, frozen=True):
    url: str
    """For the person alone. Told once."""
    expires_at: str

    def __repr__(self) -> str:
        return "LinkMade(…)"
