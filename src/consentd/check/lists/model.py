"""What comes of a list: rows that may be told, and its summary."""

from uuid import UUID

import msgspec

from consentd.check.lists.told import Form


class Block(msgspec.Struct, frozen=True):
    """Rows that may be told now. `first`: the number of the first one; the list's first row is 1."""

    first: int
    forms: list[Form]
    leaves: list[bytes]


class Ending(msgspec.Struct, frozen=True):
    """The summary of a list, and where the log holds its digest."""

    list_id: UUID
    complete: bool
    rows: int
    allowed: int
    eligible: int
    reasons: dict[str, int]
    """How many rows were told what, by the code of the reason that decided."""
    at: str
    purpose: str
    channel: str
    scheme: str
    for_sending: bool
    policy: str
    root: str
    """SHA-256 in hexadecimal: the root of the Merkle tree (RFC 9162) over the rows' leaves."""
    entry_id: UUID
    """The entry of the log that has the digest: `consentd audit list-proof` leads from a row to it."""
