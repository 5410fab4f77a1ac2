"""What a server and a process that decides lists say to each other, in the frames of `check.pipe`."""

from typing import Literal

import msgspec

from consentd.callers.model import Caller
from consentd.check.lists.asked import ListAsked
from consentd.check.pipe import Told

Form = Literal["ndjson", "csv"]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A list begins."""

    caller: Caller
    language: str
    asked: ListAsked
    taken: Form
    """In which form the list comes."""
    told: Form
    """And in which its answers go."""
    column: str | None = None
    delimiter: str | None = None
    encoding: str | None = None


class Fed(msgspec.Struct, frozen=True):
    """A piece of the list, as it came."""

    content: bytes = b""
    last: bool = False
    gone: bool = False
    """Whoever asked is not there any more, or is told no more: the list is broken off."""


class Said(msgspec.Struct, frozen=True):
    """A piece of the answer, as it goes out."""

    content: bytes = b""
    over: Told | None = None
    """With the last piece: what was counted, or what was raised before anything was told."""
