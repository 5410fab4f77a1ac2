"""The shapes of a task as its owner sees it by a link, and answers it."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from consentd.kernel.canonical import Scalar
from consentd.kernel.errors import Unprocessable
from consentd.kernel.tasks import TaskAnswer

MOST_RECORDS = 100_000
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class RecordSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record of a copy: its category, and its fields."""

    what: _Name
    record: Annotated[dict[_Name, Any], msgspec.Meta(min_length=1, max_length=1000)]
    """Texts, whole numbers, true, false or null."""

    def scalars(self) -> dict[str, Scalar]:
        """Raises Unprocessable for a list, an object or a fraction: 12.10 is not 12.1 on an invoice."""
        for value in self.record.values():
            if not isinstance(value, str | int | bool | None):
                raise Unprocessable(
                    "malformed_records", "A record holds a list, an object or a fraction: write it as text."
                )
        return self.record

    def __repr__(self) -> str:
        return f"RecordSent({self.what})"


class LinkAnswer(TaskAnswer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    records: Annotated[tuple[RecordSent, ...], msgspec.Meta(max_length=MOST_RECORDS)] = ()
    """Of a copy: what was found."""


class LinkTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the link is about. Names nobody."""

    id: UUID
    verb: str
    tool: str
    state: Literal["open", "answered", "closed"]
    """closed: the request is not carried out now, there is nothing to do."""
    due_on: str
    steps: dict[str, tuple[str, ...]]
    """By language."""
    categories: tuple[str, ...]
    """Of what the tool holds: what an answer counts by."""
    adds: dict[str, dict[str, str]]
    """To look for somebody: under what else the tool may know them, scheme → its label by language."""


class LinkIdentifier(msgspec.Struct, frozen=True, kw_only=True):
    scheme: str
    value: str
    label: dict[str, str]

    def __repr__(self) -> str:
        return f"LinkIdentifier({self.scheme})"


class LinkChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A use by a channel that the customer ended: both as the policy names them, by language."""

    purpose: dict[str, str]
    channel: dict[str, str]


class LinkCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to look for."""

    identifiers: tuple[LinkIdentifier, ...]
    changes: dict[str, str]
    """To correct: field → what is right."""
    stops: tuple[LinkChoice, ...] = ()
    """To note a choice: what the customer wants no more."""

    def __repr__(self) -> str:
        return "LinkCustomer(…)"
