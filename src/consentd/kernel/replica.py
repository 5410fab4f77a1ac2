"""What a replica is told: a system's own people, one line each, under numbers that mean nothing elsewhere.

Every number is a keyed hash under a key that one replica alone has, derived from the installation's by the
system's id and the replica's own: a copy that leaks opens no other silo, and cannot be joined to another
system's (docs/replica.md). A line holds what `decide` reads of a person, and nothing that it does not: no
identifier, no name, no event, no evidence.

Shared by the server, which writes lines, and the client, which keeps them.
"""

import hashlib
from typing import TypeAlias
from uuid import UUID

import msgspec

from consentd.kernel.case import Facts
from consentd.kernel.instants import Instant

KEY_BYTES = 32
WHOLE_CHANNEL = 0
"""In place of a contact point's number."""

Number: TypeAlias = int
"""64 bits, signed, as SQLite keeps them; never 0."""


class Numbers:
    """The numbers of identifiers of one scheme under one key, which is taken in once for all of them: lists
    of raw addresses spend a fifth of their time here (bench/replica.py).
    """

    __slots__ = ("_begun",)

    def __init__(self, key: bytes, scheme: str) -> None:
        begun = hashlib.blake2b(digest_size=8, key=key, person=b"identifier")
        begun.update(f"{scheme}\0".encode())
        self._begun = begun.copy

    def of(self, value: str) -> Number:
        """`value`: as it is spelled for looking up (`kernel.normalise`)."""
        digest = self._begun()
        digest.update(value.encode())
        return int.from_bytes(digest.digest(), "big", signed=True) or 1


def number_of_identifier(key: bytes, scheme: str, value: str) -> Number:
    """That of `Numbers`, where there is one."""
    return Numbers(key, scheme).of(value)


def number_of_id(key: bytes, kind: str, id_: UUID) -> Number:
    """Of a random id of the server's: a "person", an "attempt", a "point" that nobody here holds."""
    return _number(key, kind.encode(), id_.bytes)


def _number(key: bytes, use: bytes, content: bytes) -> Number:
    # A keyed BLAKE2b (RFC 7693), which tells its uses apart: half the cost of HMAC.
    digest = hashlib.blake2b(content, digest_size=8, key=key, person=use).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


class HeldTold(msgspec.Struct, frozen=True, array_like=True):
    """An identifier that the person holds."""

    number: Number
    scheme: str
    professional: bool = False
    """Nobody holds it as a consumer, as far as this person's own links say."""
    unreachable: bool = False


class StateTold(msgspec.Struct, frozen=True, array_like=True):
    purpose: str
    channel: str
    point: Number
    state: str
    proof: str
    effective: Instant
    explicit: bool
    parental: bool
    own_act: Instant | None
    notice: str | None
    version: str | None
    slots: tuple[tuple[str, str, str], ...] = ()


class ObjectionTold(msgspec.Struct, frozen=True, array_like=True):
    purpose: str | None
    channel: str | None
    point: Number
    ground: str
    since: Instant


class ListedTold(msgspec.Struct, frozen=True, array_like=True):
    """An entry of the do-not-contact list, by one of the person's identifiers."""

    number: Number
    scheme: str
    since: Instant
    purpose: str | None
    channel: str | None


class AttemptTold(msgspec.Struct, frozen=True, array_like=True):
    number: Number
    """The same for all people that one contact was meant for."""
    own: bool
    """Meant for this person; else only made at one of their contact points."""
    point: Number
    """0: none was told."""
    channel: str
    at: Instant
    refused: bool
    until: Instant | None


class PersonTold(msgspec.Struct, frozen=True, array_like=True, tag="person"):
    """Everything that bears on decisions about one person. It replaces what was told of them before."""

    id: Number
    whole: bool
    """False for one who only shares contact points with this system's people: of their identifiers, those."""
    territory: str | None
    restricted: bool
    held: tuple[HeldTold, ...]
    states: tuple[StateTold, ...]
    objections: tuple[ObjectionTold, ...]
    listed: tuple[ListedTold, ...]
    attempts: tuple[AttemptTold, ...]
    facts: Facts | None
    """Contact points in them are numbers in a UUID's clothes: `point_id`."""


class GoneTold(msgspec.Struct, frozen=True, array_like=True, tag="gone"):
    """Nobody is known by this number any more, or not by this system."""

    id: Number


class HeadTold(msgspec.Struct, frozen=True, array_like=True, tag="head"):
    """The first line of a page."""

    key: str | None
    """On a first page: the replica's key, in base64. It is told to this replica alone."""
    policy: str
    """The hash of the policy in force."""
    schemes: tuple[str, ...]
    """Of whose identifiers all are told."""
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    """What the system is limited to; empty: not limited."""


class PolicyTold(msgspec.Struct, frozen=True, array_like=True, tag="policy"):
    """Where another policy than the one that the replica has is in force. `document` hashes to `hash`."""

    hash: str
    document: str


class EndTold(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    """The last line. A page without it was cut off, and counts for nothing."""

    cursor: str
    more: bool
    """Another page follows; else nothing acknowledged before this page was asked for is missing."""
    count: int
    """Lines about people on this page."""


Line: TypeAlias = PersonTold | GoneTold | HeadTold | PolicyTold | EndTold


def point_id(number: Number) -> UUID:
    """The number of a contact point where the kernel wants an id."""
    return UUID(int=number & 0xFFFF_FFFF_FFFF_FFFF)
