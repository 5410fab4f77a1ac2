"""What came of a row that was taken, or was refused by the rules of recording."""

import msgspec

from consentd.kernel.ids import GroupId


class Event(msgspec.Struct, frozen=True):
    """A choice as it was recorded."""

    purpose: str
    channel: str
    state: str
    proof: str
    lacks: tuple[str, ...] = ()
    """Of a claim: what a proven yes would have needed; `contact_not_allowed` waits for `consent.won`."""


class Taken(msgspec.Struct, frozen=True):
    """What came of one row."""

    line: int
    group: GroupId | None = None
    """The person; None where all of it was recorded before, and nobody was looked up."""
    created: bool = False
    """A record that was not there before."""
    joined: bool = False
    """It is one person with records that were there before."""
    contested: bool = False
    """It shares an identifier with a record that is not the same person's."""
    events: tuple[Event, ...] = ()
    objections: int = 0
    facts: int = 0
    attempts: int = 0
    repeated: int = 0
    """Statements that were recorded before."""
    returned: bool = False
    """It names somebody who was erased, in an export of after."""


class Late(msgspec.Struct, frozen=True):
    """A row that could be read, but was refused by the rules of recording."""

    line: int
    code: str
    column: str | None
