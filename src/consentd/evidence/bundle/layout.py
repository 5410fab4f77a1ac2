"""What is in an audit bundle, under which names and in which order (docs/bundle.md). Pure.

Upholds promise 9: there is one order and one spelling, so that whatever is more, less or elsewhere shows.
"""

import re
from typing import NamedTuple

import msgspec

from consentd.kernel.canonical import canonical
from consentd.kernel.errors import Tampered

FORMAT = "consentd-audit-bundle/1"
KEY = "log.key"
CHECKPOINT = "checkpoint"
WAITING = "waiting.jsonl"
MANIFEST = "manifest.json"
NAME = re.compile(
    rb"log\.key|checkpoint|checkpoints/[0-9]{12}|entries/[0-9]{12}\.jsonl|waiting\.jsonl|manifest\.json"
)
PART_ENTRIES = 1024
PART_BYTES = 64 * 1024 * 1024
"""A part ends with the entry that reaches either: what reads it needs no more memory than that."""

ENTRY_END = b',"table":"log_entries"}'
"""How an entry's line ends, and no other."""

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding raises of bytes that somebody made up."""

_EARLIER = re.compile(r"checkpoints/([0-9]{12})")
_PART = re.compile(r"entries/([0-9]{12})\.jsonl")


class FileTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sha256` in hexadecimal, `size` in bytes."""

    name: str
    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the bundle says of itself; all of it is compared with what is there."""

    format: str
    origin: str
    size: int
    """Entries in the tree of the newest checkpoint."""
    waiting: int
    """Entries that were recorded and not in the tree yet when the bundle was made."""
    rows: dict[str, int]
    """How many rows of which table there are beside the entries."""
    kept: list[str]
    """The tables whose rows may change: what the last entry that lists one says of it counts."""
    files: list[FileTold]


class Names(NamedTuple):
    """The files that are there in a varying number, with the number in their name."""

    checkpoints: list[tuple[int, str]]
    parts: list[tuple[int, str]]


def checkpoint_name(size: int) -> str:
    return f"checkpoints/{size:012}"


def part_name(first: int) -> str:
    return f"entries/{first:012}.jsonl"


def ends_rightly(content: bytes, entries: int, *, last: bool) -> bool:
    """Whether a part ends with the entry that made it full, and with no later one; the last may be less."""
    newest = content.rfind(b"\n", 0, max(content.rfind(ENTRY_END), 0)) + 1
    full = entries == PART_ENTRIES or len(content) >= PART_BYTES
    return 0 < entries <= PART_ENTRIES and newest < PART_BYTES and (full or last)


def encode(manifest: Manifest) -> bytes:
    return canonical(msgspec.to_builtins(manifest)) + b"\n"


def decode(content: bytes) -> Manifest:
    """Raises Tampered, saying what is wrong with it."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except UNREADABLE:
        raise Tampered("manifest_invalid", "cannot be read as what docs/bundle.md describes") from None
    if manifest.format != FORMAT:
        raise Tampered("manifest_invalid", f"names a format that this version does not read, not {FORMAT}")
    if encode(manifest) != content:
        raise Tampered("manifest_invalid", "is not spelled canonically: sorted names, no white space")
    return manifest


def names_of(names: list[str]) -> Names:
    """Sorts out the names of all files. Raises Tampered where one is unknown, missing or out of order."""
    checkpoints = [(int(found[1]), name) for name in names if (found := _EARLIER.fullmatch(name))]
    parts = [(int(found[1]), name) for name in names if (found := _PART.fullmatch(name))]
    expected = [
        KEY,
        CHECKPOINT,
        *(checkpoint_name(size) for size in sorted({size for size, _ in checkpoints})),
        *(part_name(first) for first in sorted({first for first, _ in parts})),
        WAITING,
        MANIFEST,
    ]
    for place, (name, wanted) in enumerate(zip(names, expected, strict=False)):
        if name != wanted:
            raise Tampered("files_invalid", f"file {place + 1} is {name!r}, where {wanted!r} belongs")
    if len(names) < len(expected):
        raise Tampered("files_invalid", f"{expected[len(names)]!r} is missing")
    if len(names) > len(expected):
        raise Tampered("files_invalid", f"{names[len(expected)]!r} is no file of a bundle, or there twice")
    return Names(checkpoints, parts)
