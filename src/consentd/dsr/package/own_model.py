"""What the rest of a package needs to know of what consentd itself holds about the person."""

from uuid import UUID

import msgspec

OWN = "(own)"
"""By this name what consentd holds stands among the systems of a package: no silo can be called so."""


class Own(msgspec.Struct, frozen=True):
    """What the letter and the log's proofs need of it."""

    members: tuple[UUID, ...]
    """The ids under which the person is on record."""
    restricted: bool
    professional: bool
    """Whether one of their contact details is one of a profession."""
    purposes: tuple[str, ...]
    """Of which anything is on record."""
    sources: tuple[str, ...]
    """Names of the tools that told something about the person."""
    entries: tuple[UUID, ...]
    """The log's entries that wrote choices, objections and facts, in their order: what `evidence.prove` is
    asked for."""
